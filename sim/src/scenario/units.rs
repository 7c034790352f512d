//! Numbers that a scenario may contain, checked where they are read.
//!
//! Each type refuses what has no meaning, so that the error points at the line of the file.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// A span of time in seconds: finite, not negative, at most 100 years.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
#[schemars(title = "seconds from 0", extend("minimum" = 0, "maximum" = LONGEST_S))]
pub struct Seconds(Duration);

/// A span of time in seconds: finite, at least a nanosecond, at most 100 years.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
#[schemars(title = "seconds above 0", extend("exclusiveMinimum" = 0, "maximum" = LONGEST_S))]
pub struct PositiveSeconds(Duration);

/// A finite number above zero.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
#[schemars(title = "number above 0", extend("exclusiveMinimum" = 0))]
pub struct Positive(f64);

/// A finite number, zero or above.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
#[schemars(title = "number from 0", extend("minimum" = 0))]
pub struct NonNegative(f64);

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
#[schemars(title = "number from 0 to 1", extend("minimum" = 0, "maximum" = 1))]
pub struct Share(f64);

/// A number from -1 to 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
#[schemars(title = "number from -1 to 1", extend("minimum" = -1, "maximum" = 1))]
pub struct Correlation(f64);

/// Durations beyond this would not fit a timeline of 584 years together with a start date.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);
const LONGEST_S: f64 = LONGEST.as_secs_f64();

impl Seconds {
    /// Ten seconds.
    pub(super) const TEN: Self = Self(Duration::from_secs(10));

    /// The span.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl PositiveSeconds {
    /// A tenth of a second.
    pub(super) const TENTH: Self = Self(Duration::from_millis(100));
    /// 100 years.
    pub(crate) const LONGEST: Self = Self(LONGEST);

    /// The span.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Positive {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl NonNegative {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Share {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Correlation {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        if !(0.0..=LONGEST_S).contains(&seconds) {
            return Err(format!(
                "expected seconds from 0 to 100 years ({LONGEST_S}), found {seconds}"
            ));
        }
        Ok(Self(Duration::from_secs_f64(seconds)))
    }
}

impl TryFrom<f64> for PositiveSeconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        let span = Seconds::try_from(seconds)?.get();
        if span.is_zero() {
            return Err(format!("expected at least a nanosecond, found {seconds} s"));
        }
        Ok(Self(span))
    }
}

impl TryFrom<f64> for Positive {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if number.is_finite() && number > 0.0 {
            Ok(Self(number))
        } else {
            Err(format!("expected a number above 0, found {number}"))
        }
    }
}

impl TryFrom<f64> for NonNegative {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if number.is_finite() && number >= 0.0 {
            Ok(Self(number))
        } else {
            Err(format!("expected a number of 0 or above, found {number}"))
        }
    }
}

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("expected a number from 0 to 1, found {number}"))
        }
    }
}

impl TryFrom<f64> for Correlation {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if (-1.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("expected a number from -1 to 1, found {number}"))
        }
    }
}
