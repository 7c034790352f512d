use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::Rng;

use crate::{BackoffError, jitter::uniform};

/// How long to wait before each retry, before jitter.
///
/// Delays are whole nanoseconds, saturate at 584 years, and never exceed the cap. Retries are
/// counted from 0.
///
/// # Examples
///
/// ```
/// use paceline_backoff::Delay;
/// use std::time::Duration;
///
/// let delay = Delay::exponential(Duration::from_millis(500), (2, 1), Duration::from_secs(8))?;
/// let seconds = [0, 1, 4, 5, u32::MAX].map(|retry| delay.nominal(retry).as_secs_f64());
/// assert_eq!(seconds, [0.5, 1.0, 8.0, 8.0, 8.0]);
/// # Ok::<(), paceline_backoff::BackoffError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delay {
    shape: Shape,
    /// In nanoseconds.
    cap: u64,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Shape {
    Linear { first: u64, step: u64 },
    Exponential { first: u64, factor: (u32, u32) },
    Fibonacci { unit: u64 },
    Decorrelated { base: u64 },
    Schedule(Vec<Duration>),
}

/// The largest denominator of a growth factor, which bounds the work of one decision.
const LARGEST_DENOMINATOR: u32 = 1_000;
/// A decorrelated walk forgets its start long before this many steps.
const LONGEST_WALK: u32 = 64;

impl Delay {
    /// The same delay each time, without a cap.
    pub fn constant(delay: Duration) -> Self {
        Self {
            shape: Shape::Linear {
                first: nanos(delay),
                step: 0,
            },
            cap: u64::MAX,
        }
    }

    /// `first`, `first + step`, `first + 2 * step` and so on.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `first`.
    pub fn linear(first: Duration, step: Duration, cap: Duration) -> Result<Self, BackoffError> {
        let shape = Shape::Linear {
            first: nanos(first),
            step: nanos(step),
        };
        Self::capped(shape, first, cap)
    }

    /// `first`, multiplied by `factor.0 / factor.1` for each retry.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `first`, if the factor is below 1, and if its denominator is not from
    /// 1 to 1000.
    pub fn exponential(
        first: Duration,
        factor: (u32, u32),
        cap: Duration,
    ) -> Result<Self, BackoffError> {
        let (numerator, denominator) = factor;
        if !(1..=LARGEST_DENOMINATOR).contains(&denominator) || numerator < denominator {
            return Err(BackoffError::Factor);
        }
        let shape = Shape::Exponential {
            first: nanos(first),
            factor,
        };
        Self::capped(shape, first, cap)
    }

    /// `unit`, times 1, 1, 2, 3, 5, 8 and so on.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `unit`.
    pub fn fibonacci(unit: Duration, cap: Duration) -> Result<Self, BackoffError> {
        let shape = Shape::Fibonacci { unit: nanos(unit) };
        Self::capped(shape, unit, cap)
    }

    /// Each delay is drawn between `base` and three times the previous one.
    ///
    /// Where the usual form cuts a draw off at the cap, so that up to 43 % of all delays are exactly
    /// the cap, this one draws uniformly up to the cap. The walk is drawn anew for each decision, as
    /// long as the retry's number says, so no state is kept between retries and each delay has the
    /// distribution that it has in a walk.
    ///
    /// Source: M. Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015.
    ///
    /// # Errors
    ///
    /// Fails if `cap` is below `base`.
    pub fn decorrelated(base: Duration, cap: Duration) -> Result<Self, BackoffError> {
        let shape = Shape::Decorrelated { base: nanos(base) };
        Self::capped(shape, base, cap)
    }

    /// The delays of a list, of which the last repeats; without a cap.
    ///
    /// # Errors
    ///
    /// Fails if the list is empty.
    pub fn schedule(delays: impl Into<Vec<Duration>>) -> Result<Self, BackoffError> {
        let delays = delays.into();
        if delays.is_empty() {
            return Err(BackoffError::EmptySchedule);
        }
        Ok(Self {
            shape: Shape::Schedule(delays),
            cap: u64::MAX,
        })
    }

    /// The longest that a delay can be, jitter included.
    pub const fn cap(&self) -> Duration {
        Duration::from_nanos(self.cap)
    }

    /// The delay before this retry, without chance; of a decorrelated walk, its upper bound.
    pub fn nominal(&self, retry: u32) -> Duration {
        Duration::from_nanos(self.nominal_nanos(retry))
    }

    /// The delay before this retry, drawn if the shape calls for it.
    pub(crate) fn draw(&self, retry: u32, rng: &mut (impl Rng + ?Sized)) -> u64 {
        let Shape::Decorrelated { base } = self.shape else {
            return self.nominal_nanos(retry);
        };
        (0..=retry.min(LONGEST_WALK)).fold(base, |previous, _| {
            let most = previous.saturating_mul(3).min(self.cap);
            uniform(base, most, rng)
        })
    }

    /// The shortest that [`draw`](Self::draw) can give.
    pub(crate) fn shortest(&self, retry: u32) -> u64 {
        match self.shape {
            Shape::Decorrelated { base } => base,
            _ => self.nominal_nanos(retry),
        }
    }

    fn nominal_nanos(&self, retry: u32) -> u64 {
        let nominal = match &self.shape {
            Shape::Linear { first, step } => {
                first.saturating_add(step.saturating_mul(u64::from(retry)))
            }
            Shape::Exponential { first, factor } => exponential(*first, *factor, retry, self.cap),
            Shape::Fibonacci { unit } => fibonacci(*unit, retry, self.cap),
            Shape::Decorrelated { base } => {
                exponential(*base, (3, 1), retry.saturating_add(1), self.cap)
            }
            Shape::Schedule(delays) => {
                let index = usize::try_from(retry).unwrap_or(usize::MAX);
                let delay = delays.get(index).or_else(|| delays.last());
                delay.map_or(0, |&delay| nanos(delay))
            }
        };
        nominal.min(self.cap)
    }

    fn capped(shape: Shape, first: Duration, cap: Duration) -> Result<Self, BackoffError> {
        if cap < first {
            return Err(BackoffError::CapBelowFirst);
        }
        Ok(Self {
            shape,
            cap: nanos(cap),
        })
    }
}

/// `first * factor ^ retry`, at most `cap`.
///
/// 32 bits below the nanosecond keep a slow growth from being rounded away.
fn exponential(first: u64, (numerator, denominator): (u32, u32), retry: u32, cap: u64) -> u64 {
    if numerator == denominator || first == 0 {
        return first;
    }
    let cap_parts = u128::from(cap) << 32;
    let mut parts = u128::from(first) << 32;
    for _ in 0..retry {
        // Below 2^96 times below 2^32 cannot overflow.
        parts = parts * u128::from(numerator) / u128::from(denominator);
        if parts >= cap_parts {
            return cap;
        }
    }
    u64::try_from(parts >> 32).unwrap_or(cap)
}

fn fibonacci(unit: u64, retry: u32, cap: u64) -> u64 {
    let (mut current, mut next) = (unit, unit);
    for _ in 0..retry {
        if current >= cap || unit == 0 {
            break;
        }
        (current, next) = (next, current.saturating_add(next));
    }
    current
}

/// The nanoseconds of a duration, saturated at 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
