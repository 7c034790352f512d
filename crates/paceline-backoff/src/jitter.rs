use core::time::Duration;

use paceline_core::Rng;

use crate::{BackoffError, delay::nanos};

/// How a delay `d` is spread, so that clients which failed together do not return together.
///
/// The result never exceeds the cap. At the cap it is still spread, over what is left below it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Jitter(Kind);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Kind {
    #[default]
    None,
    Full,
    Equal,
    Proportional(u32),
    Down(u32),
    Add(u64),
}

impl Jitter {
    /// Exactly `d`.
    pub const NONE: Self = Self(Kind::None);
    /// Between 0 and `d`: the widest spread, and the fewest calls under contention.
    pub const FULL: Self = Self(Kind::Full);
    /// Between `d / 2` and `d`: never almost at once.
    pub const EQUAL: Self = Self(Kind::Equal);

    /// Up to `percent` less or more than `d`, cut at the cap.
    ///
    /// # Errors
    ///
    /// Fails if `percent` exceeds 100.
    pub const fn proportional(percent: u32) -> Result<Self, BackoffError> {
        match percent {
            0..=100 => Ok(Self(Kind::Proportional(percent))),
            _ => Err(BackoffError::Percentage),
        }
    }

    /// Up to `percent` less than `d`.
    ///
    /// # Errors
    ///
    /// Fails if `percent` exceeds 100.
    pub const fn down(percent: u32) -> Result<Self, BackoffError> {
        match percent {
            0..=100 => Ok(Self(Kind::Down(percent))),
            _ => Err(BackoffError::Percentage),
        }
    }

    /// Up to `most` more than `d`; where that would exceed the cap, up to `most` less than the cap.
    pub const fn add(most: Duration) -> Self {
        Self(Kind::Add(nanos(most)))
    }

    /// Spreads a delay, all in nanoseconds.
    pub(crate) fn spread(self, delay: u64, cap: u64, rng: &mut (impl Rng + ?Sized)) -> u64 {
        let (least, most) = self.bounds(delay, cap);
        if least == most {
            return least;
        }
        uniform(least, most, rng)
    }

    /// The least and the most that a delay becomes, all in nanoseconds.
    pub(crate) fn bounds(self, delay: u64, cap: u64) -> (u64, u64) {
        let delay = delay.min(cap);
        match self.0 {
            Kind::None => (delay, delay),
            Kind::Full => (0, delay),
            Kind::Equal => (delay - delay / 2, delay),
            Kind::Proportional(percent) => {
                let part = share(delay, percent);
                (delay - part, delay.saturating_add(part).min(cap))
            }
            Kind::Down(percent) => (delay - share(delay, percent), delay),
            Kind::Add(most) => {
                let top = delay.saturating_add(most).min(cap);
                (delay.min(top.saturating_sub(most)), top)
            }
        }
    }
}

/// `percent` of `delay`, rounded down; at most `delay`.
fn share(delay: u64, percent: u32) -> u64 {
    let part = u128::from(delay) * u128::from(percent) / 100;
    u64::try_from(part).unwrap_or(delay)
}

/// A whole number from `least` to `most`, both included.
///
/// Multiplying 64 random bits by the width favours no value by more than one part in 2^64 / width:
/// for delays of a minute, one part in 300 million.
pub(crate) fn uniform(least: u64, most: u64, rng: &mut (impl Rng + ?Sized)) -> u64 {
    let width = u128::from(most.saturating_sub(least)) + 1;
    let offset = (u128::from(rng.next_u64()) * width) >> 64;
    least.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
}
