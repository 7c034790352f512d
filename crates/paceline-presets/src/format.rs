//! The fields of a preset as they stand in its text.

use std::{num::NonZeroU64, time::Duration};

use paceline_core::{Dimension, LimitWindow};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Charge, Enforcement, PresetLimit, ProviderPreset, RateLimit, limit::MONTH};

pub(crate) fn read(name: &str, text: &str) -> Result<ProviderPreset, String> {
    let first = text.lines().next().unwrap_or_default();
    let summary = first.strip_prefix('#').map(str::trim).unwrap_or_default();
    if summary.is_empty() {
        return Err("expected a first line `# …` that says what it is".to_owned());
    }
    let raw: RawPreset = toml::from_str(text).map_err(|err| err.to_string())?;
    if raw.source.is_empty() {
        return Err("source: expected where the figures come from".to_owned());
    }
    if !is_date(&raw.as_of) {
        let found = raw.as_of;
        return Err(format!(
            "as_of: expected a date such as `2026-07-18`, `2026-07` or `2026`, found `{found}`"
        ));
    }
    Ok(ProviderPreset {
        name: name.to_owned(),
        summary: summary.to_owned(),
        source: raw.source,
        as_of: raw.as_of,
        charge: match raw.charge {
            RawCharge::Input => Charge::Input,
            RawCharge::InputAndMaxTokens => Charge::InputAndMaxTokens,
            RawCharge::Actual => Charge::Actual,
        },
        refused_calls_count: raw.refused_calls_count,
        limits: raw.limits.into_iter().map(|entry| entry.0).collect(),
    })
}

/// A year, or with a month, or with a month and a day of it.
fn is_date(text: &str) -> bool {
    let within = |part: &str, width, first, last| {
        let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        digits
            && part
                .parse::<u16>()
                .is_ok_and(|n| (first..=last).contains(&n))
    };
    let mut parts = text.split('-');
    parts.next().is_some_and(|year| within(year, 4, 2000, 9999))
        && parts.next().is_none_or(|month| within(month, 2, 1, 12))
        && parts.next().is_none_or(|day| within(day, 2, 1, 31))
        && parts.next().is_none()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPreset {
    source: String,
    as_of: String,
    #[serde(default)]
    charge: RawCharge,
    #[serde(default)]
    refused_calls_count: bool,
    #[serde(default, rename = "limit")]
    limits: Vec<LimitEntry>,
    // What only the simulator reads.
    #[serde(default, rename = "dialect")]
    _dialect: IgnoredAny,
    #[serde(default, rename = "retry_after")]
    _retry_after: IgnoredAny,
    #[serde(default, rename = "first_token")]
    _first_token: IgnoredAny,
    #[serde(default, rename = "per_output_token")]
    _per_output_token: IgnoredAny,
    #[serde(default, rename = "refusal_s")]
    _refusal_s: IgnoredAny,
    #[serde(default, rename = "error_rate")]
    _error_rate: IgnoredAny,
    #[serde(default, rename = "outage")]
    _outages: IgnoredAny,
}

#[derive(Default, Deserialize)]
enum RawCharge {
    #[serde(rename = "input")]
    Input,
    #[serde(rename = "input+max_tokens")]
    InputAndMaxTokens,
    #[default]
    #[serde(rename = "actual")]
    Actual,
}

/// Converted while it is read, so that an error knows its line.
#[derive(Deserialize)]
#[serde(try_from = "RawLimit")]
struct LimitEntry(PresetLimit);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    counts: Counts,
    limit: u64,
    per: Option<Period>,
    period_s: Option<NonZeroU64>,
    kind: Option<Kind>,
    burst: Option<u64>,
    zone: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Counts {
    Requests,
    InputTokens,
    OutputTokens,
    Tokens,
    Concurrency,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Period {
    Second,
    Minute,
    Hour,
    Day,
    Month,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Gcra,
    TokenBucket,
    SlidingLog,
    FixedWindow,
    Calendar,
}

impl TryFrom<RawLimit> for LimitEntry {
    type Error = String;

    fn try_from(raw: RawLimit) -> Result<Self, String> {
        let counts = match raw.counts {
            Counts::Requests => Dimension::Requests,
            Counts::InputTokens => Dimension::InputTokens,
            Counts::OutputTokens => Dimension::OutputTokens,
            Counts::Tokens => Dimension::Tokens,
            Counts::Concurrency => return raw.concurrency(),
        };
        let kind = raw.kind.ok_or(
            "expected `kind`, one of `gcra`, `token-bucket`, `sliding-log`, `fixed-window`, \
             `calendar`",
        )?;
        let rate = RateLimit {
            counts,
            limit: raw.limit,
            window: raw.window(kind)?,
            enforcement: raw.enforcement(kind)?,
        };
        rate.quota().map_err(|err| err.to_string())?;
        Ok(Self(PresetLimit::Rate(rate)))
    }
}

impl RawLimit {
    fn concurrency(self) -> Result<LimitEntry, String> {
        let alone = self.per.is_none()
            && self.period_s.is_none()
            && self.kind.is_none()
            && self.burst.is_none()
            && self.zone.is_none();
        if !alone {
            return Err(
                "a limit that counts `concurrency` has `limit` and nothing else".to_owned(),
            );
        }
        Ok(LimitEntry(PresetLimit::Concurrency(self.limit)))
    }

    fn window(&self, kind: Kind) -> Result<LimitWindow, String> {
        let calendar = kind == Kind::Calendar;
        match (self.per, self.period_s) {
            (Some(Period::Minute), None) => Ok(LimitWindow::MINUTE),
            (Some(Period::Hour), None) => Ok(LimitWindow::HOUR),
            (Some(Period::Day), None) => Ok(LimitWindow::DAY),
            (Some(Period::Month), None) if calendar => Ok(LimitWindow::Month),
            _ if calendar => {
                Err("a calendar limit is per `minute`, `hour`, `day` or `month`".to_owned())
            }
            (Some(Period::Second), None) => Ok(LimitWindow::SECOND),
            (Some(Period::Month), None) => Ok(LimitWindow::Span(MONTH)),
            (None, Some(seconds)) => Ok(LimitWindow::Span(Duration::from_secs(seconds.get()))),
            _ => Err(
                "expected either `per` (`second`, `minute`, `hour`, `day` or `month`, which is \
                 30 days unless it is a calendar month) or `period_s`"
                    .to_owned(),
            ),
        }
    }

    fn enforcement(self, kind: Kind) -> Result<Enforcement, String> {
        let burst = self.burst.unwrap_or(self.limit);
        let bucket = matches!(kind, Kind::Gcra | Kind::TokenBucket);
        if !bucket && self.burst.is_some() {
            return Err("`burst` belongs to `gcra` and `token-bucket`".to_owned());
        }
        if bucket && self.burst == Some(0) {
            return Err("burst: expected at least 1; a limit of 0 disables".to_owned());
        }
        if kind != Kind::Calendar && self.zone.is_some() {
            return Err("`zone` belongs to `kind = \"calendar\"`".to_owned());
        }
        Ok(match kind {
            Kind::Gcra => Enforcement::Gcra { burst },
            Kind::TokenBucket => Enforcement::TokenBucket { burst },
            Kind::SlidingLog => Enforcement::SlidingLog,
            Kind::FixedWindow => Enforcement::FixedWindow,
            Kind::Calendar => Enforcement::Calendar {
                zone: self.zone.unwrap_or_else(|| "UTC".to_owned()),
            },
        })
    }
}
