//! Rates that follow the clock.

use serde::Deserialize;

use super::units::NonNegative;

/// How the rate follows the clock: a factor for each hour of the day and each day of the week.
///
/// Both apply at once, and are used as they are: factors with a mean of 1 leave the mean rate as it is.
/// The process runs faster or slower by the factor, which is exact and keeps its bursts.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawProfile")]
pub struct Profile {
    /// The factor for each hour of the day, from midnight on.
    pub hourly: [f64; 24],
    /// The factor for each day of the week, from Monday on.
    pub weekly: [f64; 7],
    /// How far its clock is ahead of UTC, in hours.
    pub utc_offset_h: f64,
}

/// The fields of a profile as they stand in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    hourly: Option<Vec<NonNegative>>,
    weekly: Option<Vec<NonNegative>>,
    #[serde(default)]
    utc_offset_h: f64,
}

impl TryFrom<RawProfile> for Profile {
    type Error = String;

    fn try_from(raw: RawProfile) -> Result<Self, String> {
        if raw.hourly.is_none() && raw.weekly.is_none() {
            return Err("expected `hourly` or `weekly`".to_owned());
        }
        let hours = raw.utc_offset_h;
        let minutes = hours * 60.0;
        if !(hours.abs() < 24.0 && (minutes - minutes.round()).abs() < 1e-6) {
            return Err(format!(
                "utc_offset_h: expected hours in whole minutes, below 24, found {hours}"
            ));
        }
        Ok(Self {
            hourly: factors("hourly", raw.hourly)?,
            weekly: factors("weekly", raw.weekly)?,
            utc_offset_h: hours,
        })
    }
}

/// So many factors, not all of them 0; all 1, if there are none.
fn factors<const N: usize>(
    field: &str,
    factors: Option<Vec<NonNegative>>,
) -> Result<[f64; N], String> {
    let Some(factors) = factors else {
        return Ok([1.0; N]);
    };
    let factors: Vec<f64> = factors.into_iter().map(NonNegative::get).collect();
    let factors: [f64; N] = factors.try_into().map_err(|found: Vec<f64>| {
        format!("{field}: expected {N} factors, found {}", found.len())
    })?;
    match factors.iter().copied().fold(0.0, f64::max) {
        0.0 => Err(format!("{field}: expected a factor above 0")),
        most if most > 1e6 => Err(format!(
            "{field}: expected factors of at most 1e6, found {most}"
        )),
        _ => Ok(factors),
    }
}

impl Profile {
    /// The largest factor of any hour of the week.
    pub(super) fn most(&self) -> f64 {
        let most = |factors: &[f64]| factors.iter().copied().fold(0.0, f64::max);
        most(&self.hourly) * most(&self.weekly)
    }
}
