use core::{error, fmt, time::Duration};

use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};

use crate::{QuotaTracker, Window};

/// The limit of a virtual key: so many requests or tokens per minute, hour or day.
///
/// A virtual key is what a gateway hands out in place of a provider's, so that a team has a limit of
/// its own. The interval begins with the first use after the last one ended, and when it ends
/// everything is available again. A limit of 0 disables the key; [`u64::MAX`] is no limit.
///
/// It never changes: another limit is another key. What it counts is shared by all who use the key,
/// so there is one of it per key; a clone counts for itself.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Dimension, Limiter, Timestamp};
/// use paceline_quota::{KeyInterval, VirtualKey};
///
/// let minute = |n: u64| Timestamp::from_nanos(n * 60_000_000_000);
/// let mut key = VirtualKey::new(Dimension::Requests, 1_000, KeyInterval::Hour)?;
/// key.charge(minute(5), 1_000);
/// assert_eq!(key.check(minute(64), 1), Err(Denied::Until(minute(65))));
/// assert_eq!(key.available(minute(65)), 1_000);
///
/// assert!(VirtualKey::new(Dimension::OutputTokens, 1_000, KeyInterval::Hour).is_err());
/// # Ok::<(), paceline_quota::KeyDimensionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct VirtualKey {
    counts: Dimension,
    per: KeyInterval,
    quota: QuotaTracker,
}

/// How long a virtual key's limit counts before it starts anew.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyInterval {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

/// A virtual key counts requests or tokens, and this is neither.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyDimensionError(
    /// What it was to count.
    pub Dimension,
);

impl VirtualKey {
    /// Makes a key of which nothing is used.
    ///
    /// # Errors
    ///
    /// Fails if it is to count anything but requests or tokens.
    pub fn new(counts: Dimension, limit: u64, per: KeyInterval) -> Result<Self, KeyDimensionError> {
        if !matches!(counts, Dimension::Requests | Dimension::Tokens) {
            return Err(KeyDimensionError(counts));
        }
        let quota = QuotaTracker::new(limit, Window::fixed(per.span()));
        Ok(Self { counts, per, quota })
    }

    /// What it counts.
    pub const fn counts(&self) -> Dimension {
        self.counts
    }

    /// Cells per interval; zero if it is disabled.
    pub const fn limit(&self) -> u64 {
        self.quota.limit()
    }

    /// The interval.
    pub const fn per(&self) -> KeyInterval {
        self.per
    }

    /// Cells used in the interval at `now`, saturated.
    pub fn used(&self, now: Timestamp) -> u64 {
        self.quota.used(now)
    }

    /// When the open interval ends, or `None` if none is open.
    pub fn resets_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.quota.resets_at(now)
    }

    /// Asks for a request; unlike [`check`](Limiter::check), it refuses a disabled key whatever
    /// is asked.
    pub(crate) fn admit(&self, now: Timestamp, demand: Demand) -> Result<(), Denied> {
        if self.limit() == 0 {
            return Err(Denied::TooLarge { max: 0 });
        }
        self.check(now, self.counts.cost(demand))
    }
}

/// Costs are in what the key counts.
impl Limiter for VirtualKey {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.quota.check(now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.quota.charge(now, cost);
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.quota.available(now)
    }
}

impl KeyInterval {
    /// Its length.
    pub const fn span(self) -> Duration {
        Duration::from_secs(match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        })
    }
}

impl fmt::Display for KeyInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        })
    }
}

impl fmt::Display for KeyDimensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a virtual key counts requests or tokens, not {}", self.0)
    }
}

impl error::Error for KeyDimensionError {}
