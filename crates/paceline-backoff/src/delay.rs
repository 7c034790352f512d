mod decorrelated;
mod exponential;
mod fibonacci;
mod linear;
mod schedule;

use core::time::Duration;

use paceline_core::Rng;

use crate::BackoffError;
use decorrelated::Decorrelated;
use exponential::Exponential;
use fibonacci::Fibonacci;
use linear::Linear;
use schedule::Schedule;

/// How long to wait before each retry, before jitter.
///
/// Delays are whole nanoseconds, saturate at 584 years, and never exceed the cap. Retries are
/// counted from 0. Nothing is kept between retries: a delay depends on the number of its retry, and
/// for a [decorrelated](Self::decorrelated) walk on chance.
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
///
/// A delay can be a constant, and what cannot be is then refused while compiling:
///
/// ```
/// # use paceline_backoff::Delay;
/// # use std::time::Duration;
/// const fn or_panic(delay: Result<Delay, paceline_backoff::BackoffError>) -> Delay {
///     match delay {
///         Ok(delay) => delay,
///         Err(_) => panic!("not a delay"),
///     }
/// }
/// const GENTLE: Delay = or_panic(Delay::fibonacci(Duration::from_secs(1), Duration::from_secs(60)));
/// assert_eq!(GENTLE.nominal(4), Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delay {
    shape: Shape,
    /// In nanoseconds.
    cap: u64,
}

/// One variant for each family; all of them count in nanoseconds.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Shape {
    Linear(Linear),
    Exponential(Exponential),
    Fibonacci(Fibonacci),
    Decorrelated(Decorrelated),
    Schedule(Schedule),
}

impl Delay {
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
        match &self.shape {
            Shape::Decorrelated(walk) => walk.draw(retry, self.cap, rng),
            _ => self.nominal_nanos(retry),
        }
    }

    /// The shortest that [`draw`](Self::draw) can give.
    pub(crate) fn shortest(&self, retry: u32) -> u64 {
        match &self.shape {
            Shape::Decorrelated(walk) => walk.shortest(),
            _ => self.nominal_nanos(retry),
        }
    }

    /// Whether there is no delay for this retry, so that it must not happen.
    pub(crate) fn ends_before(&self, retry: u32) -> bool {
        match &self.shape {
            Shape::Schedule(schedule) => schedule.ends_before(retry),
            _ => false,
        }
    }

    fn nominal_nanos(&self, retry: u32) -> u64 {
        let nominal = match &self.shape {
            Shape::Linear(linear) => linear.nominal(retry),
            Shape::Exponential(exponential) => exponential.nominal(retry, self.cap),
            Shape::Fibonacci(fibonacci) => fibonacci.nominal(retry, self.cap),
            Shape::Decorrelated(walk) => walk.longest(retry),
            Shape::Schedule(schedule) => schedule.nominal(retry),
        };
        nominal.min(self.cap)
    }

    /// Makes a delay with this cap, unless the cap is below `first`.
    const fn capped(shape: Shape, first: Duration, cap: Duration) -> Result<Self, BackoffError> {
        if cap.as_nanos() < first.as_nanos() {
            return Err(BackoffError::CapBelowFirst);
        }
        Ok(Self {
            shape,
            cap: nanos(cap),
        })
    }

    /// Makes a delay that nothing caps.
    const fn uncapped(shape: Shape) -> Self {
        Self {
            shape,
            cap: u64::MAX,
        }
    }
}

/// The nanoseconds of a duration, saturated at 584 years.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 {
        return u64::MAX;
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
    let nanos = nanos as u64;
    nanos
}
