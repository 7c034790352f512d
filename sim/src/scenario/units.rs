//! Numbers that a scenario may contain, checked where they are read.
//!
//! Each type refuses what has no meaning, so that the error points at the line of the file.

use std::time::Duration;

use serde::Deserialize;

/// A span of time in seconds: finite, not negative, at most 100 years.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
pub struct Seconds(Duration);

/// A span of time in seconds: finite, above zero, at most 100 years.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
pub struct PositiveSeconds(Duration);

/// A finite number above zero.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
pub struct Positive(f64);

/// A finite number, zero or above.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
pub struct NonNegative(f64);

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
pub struct Share(f64);

/// A number from -1 to 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, PartialOrd)]
#[serde(try_from = "f64")]
pub struct Correlation(f64);

/// Durations beyond this would not fit a timeline of 584 years together with a start date.
const LONGEST_S: f64 = 100.0 * 365.25 * 86_400.0;

impl Seconds {
    /// The span.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl PositiveSeconds {
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
