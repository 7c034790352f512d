use core::{error, fmt, time::Duration};

use paceline_core::Rng;

use crate::draw;

/// How long refusals without a stated end exclude: doubling with each in a row, up to a most.
///
/// The while is drawn from half of that to all of it, so that clients which were refused together
/// do not return together.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Growth {
    first: Duration,
    most: Duration,
}

/// The growth is out of range: expected `0 < first <= most`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GrowthError;

impl Growth {
    /// Begins at `first` and ends at `most`.
    ///
    /// # Errors
    ///
    /// Fails unless `0 < first <= most`.
    pub const fn new(first: Duration, most: Duration) -> Result<Self, GrowthError> {
        if first.is_zero() || first.as_nanos() > most.as_nanos() {
            return Err(GrowthError);
        }
        Ok(Self { first, most })
    }

    /// The longest that the refusal after `streak` others can exclude.
    pub fn longest(self, streak: u32) -> Duration {
        let doubled = 1_u32.checked_shl(streak).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.most)
    }

    pub(crate) fn draw(self, streak: u32, rng: &mut (impl Rng + ?Sized)) -> Duration {
        draw::upper_half(self.longest(streak), rng)
    }
}

impl Default for Growth {
    /// From one second to one minute, reached with the seventh refusal in a row.
    ///
    /// An overload is over in seconds or lasts for minutes; a minute between two attempts costs the
    /// provider nothing and finds the end soon enough.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(60),
        }
    }
}

impl fmt::Display for GrowthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 0 < first cooldown <= longest cooldown")
    }
}

impl error::Error for GrowthError {}
