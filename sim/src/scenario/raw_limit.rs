use std::time::Duration;

use jiff::tz::TimeZone;
use paceline_core::Dimension;
use paceline_quota::CalendarUnit;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use super::{
    limit::{Kind, Limit, RateLimit, quota},
    units::PositiveSeconds,
};

/// The fields of a limit as they stand in the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules)]
pub(super) struct RawLimit {
    /// What is limited. A limit that counts `"concurrency"` has `limit` and nothing else.
    counts: Counts,
    /// So many per period, or at a time. 0 admits nothing.
    limit: u64,
    /// The period. A month is 30 days except by the calendar. Either this or `period_s`.
    per: Option<Period>,
    /// The period in seconds, if it has no name.
    period_s: Option<PositiveSeconds>,
    /// By which algorithm; required unless `counts` is `"concurrency"`.
    kind: Option<RawKind>,
    /// So many at once, at least 1. If absent, `limit`, or 1 with `window_safe`. For `"gcra"`,
    /// `"token-bucket"` and `"stepped-bucket"`.
    #[schemars(range(min = 1))]
    burst: Option<u64>,
    /// Gives up rate for the burst, so that no window of a period holds more than `limit`. For `"gcra"`,
    /// `"token-bucket"` and `"stepped-bucket"`.
    #[serde(default)]
    window_safe: bool,
    /// The IANA time zone in which a `"calendar"` limit begins and ends.
    #[schemars(extend("default" = "UTC"))]
    zone: Option<String>,
}

/// Which fields belong together, for the schema.
fn rules(schema: &mut Schema) {
    let counts = |what| json!({ "properties": { "counts": { "const": what } } });
    let kinds = |kinds: &[&str]| json!({ "properties": { "kind": { "enum": kinds } } });
    let none = |fields: &[&str]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|it| json!({ "required": [it] }))
            .collect();
        json!({ "not": { "anyOf": fields } })
    };
    let no_burst = json!({
        "properties": { "window_safe": { "const": false } },
        "not": { "required": ["burst"] },
    });
    let dated = json!({
        "required": ["per"],
        "properties": { "per": { "enum": ["minute", "hour", "day", "month"] } },
    });
    schema.insert("if".to_owned(), counts("concurrency"));
    let mut alone = none(&["per", "period_s", "kind", "burst", "zone"]);
    alone["properties"] = json!({ "window_safe": { "const": false } });
    schema.insert("then".to_owned(), alone);
    schema.insert(
        "else".to_owned(),
        json!({
            "required": ["kind"],
            "oneOf": [{ "required": ["per"] }, { "required": ["period_s"] }],
            "allOf": [
                {
                    "if": kinds(&["gcra", "token-bucket", "stepped-bucket"]),
                    "else": no_burst,
                },
                { "if": kinds(&["calendar"]), "then": dated, "else": none(&["zone"]) },
            ],
        }),
    );
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Counts {
    /// Calls.
    Requests,
    /// Tokens that were sent.
    InputTokens,
    /// Tokens that came back, or the declared cap on them; see `charge` and `estimate`.
    OutputTokens,
    /// Tokens of both directions.
    Tokens,
    /// Calls under way at a time.
    Concurrency,
}

/// A period that has a name.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Period {
    /// 1 s; not for `"calendar"`.
    Second,
    /// 60 s, or a minute of the clock.
    Minute,
    /// 3,600 s, or an hour of the clock.
    Hour,
    /// 86,400 s, or a calendar day.
    Day,
    /// 30 days, or a calendar month.
    Month,
}

/// The algorithm of a limit.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Kind")]
enum RawKind {
    /// The generic cell rate algorithm: a burst, and a steady rate.
    Gcra,
    /// A token bucket with continuous refill: a burst, and a steady rate.
    TokenBucket,
    /// A burst, refilled once per period.
    SteppedBucket,
    /// The limit in any window, exactly.
    SlidingLog,
    /// About the limit in any window, from two numbers.
    SlidingCounter,
    /// At most the limit in any window, from two numbers.
    StrictCounter,
    /// The limit in a window that opens with the first request after the last one closed.
    FixedWindow,
    /// The limit per calendar minute, hour, day or month, in a time zone.
    Calendar,
}

impl TryFrom<RawLimit> for Limit {
    type Error = String;

    fn try_from(raw: RawLimit) -> Result<Self, String> {
        let counts = match raw.counts {
            Counts::Requests => Dimension::Requests,
            Counts::InputTokens => Dimension::InputTokens,
            Counts::OutputTokens => Dimension::OutputTokens,
            Counts::Tokens => Dimension::Tokens,
            Counts::Concurrency => return concurrency(&raw),
        };
        let (period, per) = raw.period()?;
        let kind = raw.kind.ok_or(
            "expected `kind`, one of `gcra`, `token-bucket`, `stepped-bucket`, `sliding-log`, \
             `sliding-counter`, `strict-counter`, `fixed-window`, `calendar`",
        )?;
        let bursts = matches!(
            kind,
            RawKind::Gcra | RawKind::TokenBucket | RawKind::SteppedBucket
        );
        if !bursts && (raw.burst.is_some() || raw.window_safe) {
            return Err(
                "`burst` and `window_safe` belong to `gcra`, `token-bucket` and `stepped-bucket`"
                    .to_owned(),
            );
        }
        Ok(Self::Rate(RateLimit {
            counts,
            quota: quota(raw.limit, period, raw.burst, raw.window_safe)?,
            window_safe: raw.window_safe,
            per,
            kind: raw.kind(kind)?,
        }))
    }
}

fn concurrency(raw: &RawLimit) -> Result<Limit, String> {
    let others = raw.per.is_some()
        || raw.period_s.is_some()
        || raw.kind.is_some()
        || raw.burst.is_some()
        || raw.window_safe
        || raw.zone.is_some();
    if others {
        return Err("a limit that counts `concurrency` has `limit` and nothing else".to_owned());
    }
    Ok(Limit::Concurrency(raw.limit))
}

impl RawLimit {
    fn period(&self) -> Result<(Duration, String), String> {
        let named = |seconds, name: &str| Ok((Duration::from_secs(seconds), name.to_owned()));
        match (self.per, self.period_s) {
            (Some(Period::Second), None) => named(1, "s"),
            (Some(Period::Minute), None) => named(60, "min"),
            (Some(Period::Hour), None) => named(3_600, "h"),
            (Some(Period::Day), None) => named(86_400, "day"),
            (Some(Period::Month), None) => named(30 * 86_400, "month"),
            (None, Some(period)) => {
                let period = period.get();
                Ok((period, format!("{} s", period.as_secs_f64())))
            }
            _ => Err(
                "expected either `per` (`second`, `minute`, `hour`, `day` or `month`, \
                      which is 30 days unless it is a calendar month) or `period_s`"
                    .to_owned(),
            ),
        }
    }

    fn kind(&self, kind: RawKind) -> Result<Kind, String> {
        if self.zone.is_some() && kind != RawKind::Calendar {
            return Err("`zone` belongs to `kind = \"calendar\"`".to_owned());
        }
        Ok(match kind {
            RawKind::Gcra => Kind::Gcra,
            RawKind::TokenBucket => Kind::TokenBucket,
            RawKind::SteppedBucket => Kind::SteppedBucket,
            RawKind::SlidingLog => Kind::SlidingLog,
            RawKind::SlidingCounter => Kind::SlidingCounter,
            RawKind::StrictCounter => Kind::StrictCounter,
            RawKind::FixedWindow => Kind::FixedWindow,
            RawKind::Calendar => {
                let unit = match self.per {
                    Some(Period::Minute) => CalendarUnit::Minute,
                    Some(Period::Hour) => CalendarUnit::Hour,
                    Some(Period::Day) => CalendarUnit::Day,
                    Some(Period::Month) => CalendarUnit::Month,
                    Some(Period::Second) | None => {
                        let expected = "a calendar limit is per `minute`, `hour`, `day` or `month`";
                        return Err(expected.to_owned());
                    }
                };
                let zone = self.zone.as_deref().unwrap_or("UTC");
                let zone = TimeZone::get(zone).map_err(|err| {
                    format!("expected an IANA time zone such as `America/Los_Angeles`: {err}")
                })?;
                Kind::Calendar { unit, zone }
            }
        })
    }
}
