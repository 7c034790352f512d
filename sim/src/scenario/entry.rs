//! What a client does with a request before it waits for anything: answer it from a cache, hold it back
//! until off-peak hours, and send several as one.

use std::num::NonZeroUsize;

use jiff::civil::Time;
use paceline_router::{DayOffset, OffPeak as Plan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::units::{Seconds, Share};

/// Answers that are at hand.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The share of requests that it answers. Which ones is drawn for each request, the same for all strategies.
    pub hit_ratio: Share,
}

/// Several requests of one workload in one call.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// At most so many requests in one call, at least 1. They count as one request.
    pub items: NonZeroUsize,
    /// How long the first request waits for others, in seconds.
    pub wait_s: Seconds,
}

/// The hours in which patient requests are sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawOffPeak")]
#[schemars(with = "RawOffPeak")]
pub struct OffPeak {
    /// The windows as in the file, for people.
    pub windows: Vec<(String, String)>,
    /// How far the clock is ahead of UTC, in hours.
    pub utc_offset_h: f64,
    /// The same, for limiters.
    pub plan: Plan,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawOffPeak {
    /// From when to when they are sent each day, as pairs such as `["22:00", "06:00"]`. A window may go past
    /// midnight, and end at `"24:00"`.
    #[schemars(length(min = 1), extend("items" = window()))]
    windows: Vec<(String, String)>,
    /// How far the clock is ahead of UTC, in hours; whole minutes, above -24 and below 24.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = -24, "exclusiveMaximum" = 24))]
    utc_offset_h: f64,
}

impl TryFrom<RawOffPeak> for OffPeak {
    type Error = String;

    fn try_from(raw: RawOffPeak) -> Result<Self, String> {
        let windows = raw.windows.iter();
        let windows: Vec<_> = windows
            .map(|(from, to)| {
                let to = if to == "24:00" { 1_440 } else { minute(to)? };
                // A window that ends at midnight ends with the day.
                Ok((minute(from)?, if to == 0 { 1_440 } else { to }))
            })
            .collect::<Result<_, String>>()?;
        if windows.is_empty() {
            return Err(
                "windows: expected at least one, such as [\"22:00\", \"06:00\"]".to_owned(),
            );
        }
        let offset = offset(raw.utc_offset_h)?;
        let plan = Plan::new(offset, &windows).map_err(|err| format!("windows: {err}"))?;
        Ok(Self {
            windows: raw.windows,
            utc_offset_h: raw.utc_offset_h,
            plan,
        })
    }
}

/// The shape of a window, for the schema.
fn window() -> serde_json::Value {
    let time = json!({ "type": "string", "pattern": "^[0-9]{1,2}:[0-9]{1,2}$" });
    json!({ "type": "array", "items": [time, time], "minItems": 2, "maxItems": 2 })
}

/// The minute of the day of a time such as `22:00`.
fn minute(text: &str) -> Result<u16, String> {
    let time = Time::strptime("%H:%M", text)
        .map_err(|_| format!("windows: expected a time such as \"22:00\", found `{text}`"))?;
    let (hour, minute) = (time.hour().unsigned_abs(), time.minute().unsigned_abs());
    Ok(u16::from(hour) * 60 + u16::from(minute))
}

fn offset(hours: f64) -> Result<DayOffset, String> {
    let expected =
        || format!("utc_offset_h: expected hours in whole minutes, below 24, found {hours}");
    let minutes = (hours * 60.0).round();
    if (hours * 60.0 - minutes).abs() > 1e-6 {
        return Err(expected());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and is checked below"
    )]
    let minutes = minutes as i16;
    DayOffset::new(minutes).map_err(|_| expected())
}
