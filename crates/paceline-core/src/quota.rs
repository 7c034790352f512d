use core::{error, fmt, time::Duration};

/// How much may pass: `limit` cells per `period`, of which `burst` at once.
///
/// The rate is kept as a fraction and never rounded to an emission interval in whole nanoseconds;
/// 450 000 000 cells a minute and 1 cell a month stay exactly that.
///
/// The burst is what a limiter that has been idle admits at one instant. A bucket with burst `b`
/// admits up to `b + limit` cells in some window of `period`: with the default burst, twice the
/// limit. [`window_safe`](Self::window_safe) gives the shape that never does.
///
/// A limit of zero is legal and means *disabled*: every cost above zero is
/// [`TooLarge`](crate::Denied::TooLarge). [`UNLIMITED`](Self::UNLIMITED) admits everything.
///
/// # Examples
///
/// ```
/// use paceline_core::Quota;
/// use std::time::Duration;
///
/// let quota = Quota::new(5_000, Duration::from_secs(86_400))?.with_burst(100)?;
/// assert_eq!((quota.limit(), quota.burst()), (5_000, 100));
/// # Ok::<(), paceline_core::QuotaError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Quota {
    limit: u64,
    /// In nanoseconds; zero only if the quota is unlimited.
    period: u64,
    /// Zero only if the limit is.
    burst: u64,
}

impl Quota {
    /// No limit at all: [`u64::MAX`] cells replenish in no time.
    pub const UNLIMITED: Self = Self {
        limit: u64::MAX,
        period: 0,
        burst: u64::MAX,
    };

    /// Makes a quota whose burst equals its limit.
    ///
    /// # Errors
    ///
    /// Fails if `period` is zero or exceeds 584 years.
    pub const fn new(limit: u64, period: Duration) -> Result<Self, QuotaError> {
        let nanos = period.as_nanos();
        if nanos == 0 {
            return Err(QuotaError::ZeroPeriod);
        }
        if nanos > u64::MAX as u128 {
            return Err(QuotaError::PeriodTooLong);
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
        Ok(Self::of(limit, nanos as u64))
    }

    /// `limit` cells a second, all of them at once if need be.
    pub const fn per_second(limit: u64) -> Self {
        Self::of(limit, 1_000_000_000)
    }

    /// `limit` cells a minute, all of them at once if need be.
    pub const fn per_minute(limit: u64) -> Self {
        Self::of(limit, 60_000_000_000)
    }

    /// `limit` cells an hour, all of them at once if need be.
    pub const fn per_hour(limit: u64) -> Self {
        Self::of(limit, 3_600_000_000_000)
    }

    /// `limit` cells per 24 hours, all of them at once if need be.
    pub const fn per_day(limit: u64) -> Self {
        Self::of(limit, 86_400_000_000_000)
    }

    /// Makes the quota with this burst that admits at most `limit` cells in *any* window of
    /// `period`.
    ///
    /// A window is half open: it contains one of two instants that lie `period` apart. The burst
    /// is paid for with rate, so the quota that comes back replenishes `limit - burst + 1` cells
    /// per period: within a window less than one period passes, hence less than
    /// `limit - burst + 1` cells replenish, and with the burst that makes at most `limit`. A burst
    /// of 1 keeps the full rate and spaces cells evenly; a burst equal to the limit leaves one cell
    /// per period.
    ///
    /// A disabled limit gives a disabled quota. The promise is about when calls are made; a
    /// network that delays them unevenly can still bunch them up.
    ///
    /// # Errors
    ///
    /// Fails as [`new`](Self::new) does, if `burst` is zero, and if it exceeds `limit`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paceline_core::Quota;
    /// use std::time::Duration;
    ///
    /// let quota = Quota::window_safe(100, Duration::from_secs(60), 10)?;
    /// assert_eq!((quota.limit(), quota.burst()), (91, 10));
    /// # Ok::<(), paceline_core::QuotaError>(())
    /// ```
    pub const fn window_safe(limit: u64, period: Duration, burst: u64) -> Result<Self, QuotaError> {
        let quota = match Self::new(limit, period) {
            Ok(quota) => quota,
            Err(err) => return Err(err),
        };
        if quota.is_disabled() {
            return Ok(quota);
        }
        if burst > limit {
            return Err(QuotaError::BurstAboveLimit);
        }
        match quota.with_burst(burst) {
            Ok(Self { period, burst, .. }) => Ok(Self {
                limit: limit - burst + 1,
                period,
                burst,
            }),
            Err(err) => Err(err),
        }
    }

    /// Sets how many cells may pass at once; a disabled quota stays disabled.
    ///
    /// # Errors
    ///
    /// Fails if `burst` is zero.
    pub const fn with_burst(self, burst: u64) -> Result<Self, QuotaError> {
        if burst == 0 {
            return Err(QuotaError::ZeroBurst);
        }
        if self.is_disabled() {
            return Ok(self);
        }
        Ok(Self { burst, ..self })
    }

    /// Cells per [`period`](Self::period).
    pub const fn limit(self) -> u64 {
        self.limit
    }

    /// The time over which [`limit`](Self::limit) cells replenish; zero if unlimited.
    pub const fn period(self) -> Duration {
        Duration::from_nanos(self.period)
    }

    /// The [`period`](Self::period) in nanoseconds.
    pub const fn period_nanos(self) -> u64 {
        self.period
    }

    /// The largest number of cells that can pass at once; zero if disabled.
    pub const fn burst(self) -> u64 {
        self.burst
    }

    /// Whether nothing may pass.
    pub const fn is_disabled(self) -> bool {
        self.limit == 0
    }

    /// Whether everything may pass.
    pub const fn is_unlimited(self) -> bool {
        self.period == 0
    }

    const fn of(limit: u64, period: u64) -> Self {
        Self {
            limit,
            period,
            burst: limit,
        }
    }
}

/// Why a quota could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum QuotaError {
    /// The period is zero, so everything would pass.
    ZeroPeriod,
    /// The period is longer than 584 years.
    PeriodTooLong,
    /// The burst is zero, so nothing could ever pass.
    ZeroBurst,
    /// The burst exceeds the limit, so some window would hold more than the limit.
    BurstAboveLimit,
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZeroPeriod => "quota period is zero",
            Self::PeriodTooLong => "quota period exceeds 584 years",
            Self::ZeroBurst => "quota burst is zero; use a limit of zero to disable a quota",
            Self::BurstAboveLimit => "quota burst exceeds its limit, so no window can be safe",
        })
    }
}

impl error::Error for QuotaError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_has_no_meaning() {
        let minute = Duration::from_secs(60);
        assert_eq!(Quota::new(1, Duration::ZERO), Err(QuotaError::ZeroPeriod));
        assert_eq!(Quota::new(1, Duration::MAX), Err(QuotaError::PeriodTooLong));
        assert_eq!(
            Quota::per_minute(1).with_burst(0),
            Err(QuotaError::ZeroBurst)
        );
        assert_eq!(
            Quota::window_safe(10, minute, 11),
            Err(QuotaError::BurstAboveLimit)
        );
        assert_eq!(
            Quota::window_safe(10, minute, 0),
            Err(QuotaError::ZeroBurst)
        );
    }

    #[test]
    fn zero_stays_disabled_whatever_the_burst() {
        let off = Quota::per_minute(0);
        assert!(off.is_disabled());
        assert_eq!(off.with_burst(5), Ok(off));
        assert_eq!(Quota::window_safe(0, Duration::from_secs(60), 5), Ok(off));
    }

    #[test]
    fn window_safe_trades_rate_for_burst() {
        let minute = Duration::from_secs(60);
        let shape = |burst| Quota::window_safe(10, minute, burst).map(|q| (q.limit(), q.burst()));
        assert_eq!(shape(1), Ok((10, 1)));
        assert_eq!(shape(4), Ok((7, 4)));
        assert_eq!(shape(10), Ok((1, 10)));
    }
}
