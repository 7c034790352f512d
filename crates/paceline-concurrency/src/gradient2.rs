use core::ops::RangeInclusive;

use crate::{
    Limit, LimitError, Sample,
    average::{Average, BILLION, scaled},
    bounds::Bounds,
};

/// A limit that learns from latency: it falls when calls take longer than they used to.
///
/// Each call's duration is compared with a long-term average. Unless fewer than half of the limit
/// were in flight when the call started, the limit moves a part of the way, the *smoothing*, to
/// `limit * gradient + queue`, where `gradient = tolerance * average / duration`, held between 1/2
/// and 1. The *queue* is how many calls more than needed are wanted in flight. An average more than
/// twice as long as the call loses a twentieth, to forget an overload that is over.
///
/// # What to expect
///
/// Take a server that serves `n` calls at once in a time `t` and lets others wait, and a client that
/// always has a call to make. With an average of `t` the limit settles at `tolerance * n + queue`.
///
/// The limit swings about that point: every call moves it, but shows only how things were when the call
/// started, a round trip ago. Where many calls finish in the time that one takes, a smaller smoothing
/// swings less, and learns more slowly.
///
/// The average follows, however: under an overload without end the limit grows, by a factor of about
/// e in `(window + 1) / (2 * (tolerance - 1))` calls, until it is at its maximum. Choose a maximum
/// that the server can bear, and a window longer than overloads last.
///
/// A drop counts by its duration alone. Quick refusals look like a fast server: finish them as
/// [`Ignored`](crate::Outcome::Ignored), or use [`Aimd`](crate::Aimd).
///
/// # Arithmetic
///
/// Limit and average are kept in billionths and rounded down. Over a thousand calls the limit stays
/// within a millionth of what floating point gives. A call that took no time counts as a nanosecond.
///
/// Source: Netflix concurrency-limits, `Gradient2Limit`; its constants, and its calculation for every
/// call. There it can also be fed averages of windows of calls, by `WindowedLimit`; here it is not.
///
/// # Examples
///
/// ```
/// use paceline_concurrency::{Gradient2, Limit, LimitError};
///
/// let policy = Gradient2::netflix().with_limits(10, 1..=50)?.with_long_window(6_000)?;
/// assert_eq!(policy.limit(), 10);
/// # Ok::<(), LimitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gradient2 {
    /// In billionths of a call.
    estimate: u64,
    bounds: Bounds,
    smoothing: (u32, u32),
    queue: u32,
    tolerance: (u32, u32),
    average: Average,
}

impl Gradient2 {
    /// Makes Netflix's policy: initially 20 calls, from 20 to 200; a smoothing of 1/5, a queue of 4,
    /// a tolerance of 3/2, and a window of 600 calls.
    pub const fn netflix() -> Self {
        Self {
            estimate: 20 * BILLION,
            bounds: Bounds::NETFLIX,
            smoothing: (1, 5),
            queue: 4,
            tolerance: (3, 2),
            average: Average::new(600),
        }
    }

    /// Starts from `initial` calls in flight, and stays in `range`.
    ///
    /// # Errors
    ///
    /// Fails if `range` is empty or begins with 0, and if `initial` is outside of it.
    pub const fn with_limits(
        self,
        initial: u32,
        range: RangeInclusive<u32>,
    ) -> Result<Self, LimitError> {
        match Bounds::new(initial, &range) {
            Ok(bounds) => Ok(Self {
                estimate: initial as u64 * BILLION,
                bounds,
                ..self
            }),
            Err(err) => Err(err),
        }
    }

    /// Sets which part of the way to its new value the limit goes at each call, as a fraction.
    ///
    /// # Errors
    ///
    /// Fails if it is zero or above 1.
    pub const fn with_smoothing(self, smoothing: (u32, u32)) -> Result<Self, LimitError> {
        if smoothing.0 == 0 || smoothing.0 > smoothing.1 {
            return Err(LimitError::Smoothing);
        }
        Ok(Self { smoothing, ..self })
    }

    /// Sets how many calls more than needed are wanted in flight.
    ///
    /// With 0 the limit never grows.
    #[must_use]
    pub const fn with_queue(self, queue: u32) -> Self {
        Self { queue, ..self }
    }

    /// Sets how many times the average a call may take before the limit falls, as a fraction.
    ///
    /// # Errors
    ///
    /// Fails if it is below 1, or its denominator is zero.
    pub const fn with_tolerance(self, tolerance: (u32, u32)) -> Result<Self, LimitError> {
        if tolerance.1 == 0 || tolerance.0 < tolerance.1 {
            return Err(LimitError::Tolerance);
        }
        Ok(Self { tolerance, ..self })
    }

    /// Sets the length of the long-term average in calls, and starts it afresh.
    ///
    /// # Errors
    ///
    /// Fails if it is zero.
    pub const fn with_long_window(self, calls: u32) -> Result<Self, LimitError> {
        if calls == 0 {
            return Err(LimitError::ZeroWindow);
        }
        Ok(Self {
            average: Average::new(calls),
            ..self
        })
    }

    /// What the limit is multiplied by, in billionths: the tolerance times `long / short`, held
    /// between 1/2 and 1.
    ///
    /// `long` is in billionths of a nanosecond, `short` in nanoseconds and not zero.
    fn gradient(&self, long: u128, short: u64) -> u128 {
        let (numerator, denominator) = (u128::from(self.tolerance.0), u128::from(self.tolerance.1));
        // Below 2^94 times 2^32.
        let gradient = numerator * long / (denominator * u128::from(short));
        let one = u128::from(BILLION);
        gradient.clamp(one / 2, one)
    }
}

impl Limit for Gradient2 {
    fn limit(&self) -> u32 {
        // The bounds are 32 bits wide.
        u32::try_from(self.estimate / BILLION).unwrap_or(u32::MAX)
    }

    fn observe(&mut self, sample: Sample) {
        let started_at = sample.started_at.as_nanos();
        let short = sample.finished_at.as_nanos().saturating_sub(started_at);
        let short = short.max(1);
        let long = self.average.add(short);
        if long > 2 * scaled(short) {
            // The gradient of this call still uses the average as it was.
            self.average.shrink();
        }
        if 2 * u64::from(sample.in_flight) * BILLION < self.estimate {
            return;
        }
        let (part, whole) = (u128::from(self.smoothing.0), u128::from(self.smoothing.1));
        let estimate = u128::from(self.estimate);
        let kept = estimate * self.gradient(long, short) / u128::from(BILLION);
        let target = kept + u128::from(self.queue) * u128::from(BILLION);
        let next = (estimate * (whole - part) + target * part) / whole;
        let (min, max) = (self.bounds.min, self.bounds.max);
        let (min, max) = (u64::from(min) * BILLION, u64::from(max) * BILLION);
        self.estimate = u64::try_from(next).unwrap_or(max).clamp(min, max);
    }
}

#[cfg(test)]
mod tests;
