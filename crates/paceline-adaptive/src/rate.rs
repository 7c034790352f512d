use core::fmt;

use paceline_core::Quota;

/// Cells per second, in steps of 10^-12.
///
/// Learned rates are multiplied and divided all the time, so they are kept finer than anybody sees and
/// rounded down. The largest is ten million a second, several times what the largest published limit on tokens
/// amounts to.
///
/// # Examples
///
/// ```
/// use paceline_adaptive::Rate;
///
/// assert_eq!(Rate::per_minute(90).as_picos(), 1_500_000_000_000);
/// assert_eq!(Rate::per_second(u64::MAX), Rate::MAX);
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Rate(u64);

impl Rate {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);
    /// Ten million cells a second.
    pub const MAX: Self = Self(10_000_000 * PICOS);

    /// So many cells a second, at most [`MAX`](Self::MAX).
    pub const fn per_second(cells: u64) -> Self {
        Self::of(cells as u128 * PICOS as u128)
    }

    /// So many cells a minute, rounded down, at most [`MAX`](Self::MAX).
    pub const fn per_minute(cells: u64) -> Self {
        Self::of(cells as u128 * PICOS as u128 / 60)
    }

    /// So many 10^-12 cells a second, at most [`MAX`](Self::MAX).
    pub const fn from_picos(picos: u64) -> Self {
        Self::of(picos as u128)
    }

    /// In 10^-12 cells a second.
    pub const fn as_picos(self) -> u64 {
        self.0
    }

    /// So many 10^-12 cells a second, held within the range.
    pub(crate) const fn of(picos: u128) -> Self {
        if picos > Self::MAX.0 as u128 {
            return Self::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
        Self(picos as u64)
    }

    /// This rate times a fraction, rounded down.
    pub(crate) const fn times(self, numerator: u64, denominator: u64) -> Self {
        Self::of(self.0 as u128 * numerator as u128 / denominator as u128)
    }

    /// As a quota that counts millionths of a cell.
    pub(crate) fn micro_quota(self, burst: u64) -> Quota {
        // Picocells a second are microcells per million seconds, exactly.
        quota(self.0, 1_000_000, burst)
    }

    /// As a quota that counts cells; a rate is rounded down to 10^-9 cells a second.
    pub(crate) fn quota(self, burst: u64) -> Quota {
        quota(self.0 / 1_000, 1_000_000_000, burst)
    }
}

fn quota(limit: u64, period_s: u64, burst: u64) -> Quota {
    let period = core::time::Duration::from_secs(period_s);
    let quota = Quota::new(limit, period).and_then(|quota| quota.with_burst(burst.max(1)));
    // Neither the period nor the burst is zero.
    quota.unwrap_or(Quota::per_second(0))
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({}.{:012}/s)", self.0 / PICOS, self.0 % PICOS)
    }
}

const PICOS: u64 = 1_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_the_same_as_either_quota() {
        let rate = Rate::from_picos(1_500_000_000_000);
        let (micro, cells) = (rate.micro_quota(7), rate.quota(7));
        assert_eq!((micro.limit(), micro.burst()), (1_500_000_000_000, 7));
        assert_eq!(micro.period().as_secs(), 1_000_000);
        assert_eq!(
            (cells.limit(), cells.period().as_secs()),
            (1_500_000_000, 1_000_000_000)
        );
        assert!(Rate::ZERO.quota(0).is_disabled());
    }
}
