use core::time::Duration;

use paceline_core::{Rng, Timestamp};

use crate::{BackoffError, recent::Recent};

/// Holds back calls by lot while a server accepts too small a share of them.
///
/// Of `requests` that wanted to go in the window, held back or not, and `accepts` that the server accepted, a
/// call is held back with the probability `max(0, (requests - K * accepts) / (requests + 1))`. So a server that
/// accepts `c` a second is sent about `K * c` a second at most, however many there are. Other than a retry
/// budget it also holds back first calls; a call that is held back has failed, without costing the server
/// anything.
///
/// The lot is drawn in whole numbers: no rounding lets a call pass that should not.
///
/// Source: *Site Reliability Engineering*, Google 2016, chapter 21, "Client-Side Throttling".
///
/// # Examples
///
/// ```
/// use paceline_backoff::AdaptiveThrottle;
/// use paceline_core::{SplitMix64, Timestamp};
///
/// let (mut throttle, mut rng) = (AdaptiveThrottle::google(), SplitMix64::new(7));
/// let now = Timestamp::EPOCH;
/// // The first call always goes, and so does everything while all is accepted.
/// for _ in 0..100 {
///     assert!(throttle.try_call(now, &mut rng));
///     throttle.accepted(now);
/// }
/// // Then the server refuses all: a hundred more go, and of the others fewer and fewer, 442 on average.
/// let sent = (0..1_000).filter(|_| throttle.try_call(now, &mut rng)).count();
/// assert!((390..490).contains(&sent));
/// ```
#[derive(Clone, Debug)]
pub struct AdaptiveThrottle {
    /// K, as a fraction.
    multiple: (u32, u32),
    requests: Recent,
    accepts: Recent,
    /// The first time seen.
    started_at: Option<Timestamp>,
}

impl AdaptiveThrottle {
    /// Makes one that sends up to `multiple` of what was accepted in the window, or in nine tenths of it.
    ///
    /// # Errors
    ///
    /// Fails if `multiple` is below 1 or its denominator is zero.
    pub const fn new(multiple: (u32, u32), window: Duration) -> Result<Self, BackoffError> {
        if multiple.1 == 0 || multiple.0 < multiple.1 {
            return Err(BackoffError::Multiple);
        }
        Ok(Self::of(multiple, window))
    }

    /// Google's: twice what was accepted in two minutes.
    pub const fn google() -> Self {
        Self::of((2, 1), Duration::from_secs(120))
    }

    const fn of(multiple: (u32, u32), window: Duration) -> Self {
        Self {
            multiple,
            requests: Recent::new().expiring_after(window),
            accepts: Recent::new().expiring_after(window),
            started_at: None,
        }
    }

    /// Whether a call may go; counts it either way.
    pub fn try_call(&mut self, now: Timestamp, rng: &mut (impl Rng + ?Sized)) -> bool {
        self.advance(now);
        let (times, of) = (u128::from(self.multiple.0), u128::from(self.multiple.1));
        let requests = u128::from(self.requests.sum());
        let too_many = (requests * of).saturating_sub(u128::from(self.accepts.sum()) * times);
        self.requests.add(1, u64::from(u32::MAX));
        // lot / 2^64 < too_many / ((requests + 1) * of), without dividing. Requests are fewer than 2^32.
        let lot = u128::from(rng.next_u64());
        lot * ((requests + 1) * of) >= too_many << 64
    }

    /// Takes note that the server accepted a call, whatever became of it then.
    pub fn accepted(&mut self, now: Timestamp) {
        self.advance(now);
        self.accepts.add(1, u64::from(u32::MAX));
    }

    fn advance(&mut self, now: Timestamp) {
        let started_at = *self.started_at.get_or_insert(now);
        self.requests.expire(started_at, now);
        self.accepts.expire(started_at, now);
    }
}
