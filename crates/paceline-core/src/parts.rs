use crate::Quota;

/// Exact arithmetic for limiters.
///
/// A limiter that counts in *parts*, of which [`period_nanos`](Quota::period_nanos) make a cell, never
/// has to round: `limit` parts replenish every nanosecond.
impl Quota {
    /// `cells` in parts.
    #[inline]
    pub const fn parts(self, cells: u64) -> u128 {
        cells as u128 * self.period_nanos() as u128
    }

    /// The nanoseconds in which so many parts replenish, rounded up.
    ///
    /// Saturates at [`u64::MAX`], which is also how long a disabled quota takes.
    #[inline]
    pub const fn replenishes_in(self, parts: u128) -> u64 {
        let limit = self.limit();
        if limit == 0 {
            return u64::MAX;
        }
        if parts <= u64::MAX as u128 {
            // Hardware divides 64 bits several times faster than 128, and they nearly always suffice.
            #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
            return (parts as u64).div_ceil(limit);
        }
        let nanos = parts.div_ceil(limit as u128);
        if nanos > u64::MAX as u128 {
            return u64::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
        return nanos as u64;
    }

    /// Converts parts of this quota to parts of another, rounded down.
    ///
    /// Limiters carry over what they hold when their quota changes.
    /// The result saturates at [`u128::MAX`]; a quota that is unlimited has no parts, so from it
    /// and to it the result is zero.
    pub const fn rescale(self, parts: u128, other: Self) -> u128 {
        if self.is_unlimited() {
            return 0;
        }
        let (from, to) = (self.period_nanos() as u128, other.period_nanos() as u128);
        // Neither product of the rest overflows: both factors are below 2^64.
        let (whole, rest) = (parts / from, parts % from);
        whole.saturating_mul(to).saturating_add(rest * to / from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_cell_survive_a_change_of_period() {
        let (second, minute) = (Quota::per_second(1), Quota::per_minute(1));
        let half = 500_000_000;
        assert_eq!(second.rescale(half, minute), 60 * half);
        assert_eq!(minute.rescale(60 * half + 59, second), half);
        assert_eq!(second.rescale(half, Quota::UNLIMITED), 0);
        assert_eq!(Quota::UNLIMITED.rescale(half, second), 0);
        assert_eq!(second.rescale(u128::MAX, minute), u128::MAX);
    }

    #[test]
    fn replenishing_takes_whole_nanoseconds_rounded_up() {
        let quota = Quota::per_second(3);
        assert_eq!(quota.replenishes_in(0), 0);
        assert_eq!(quota.replenishes_in(quota.parts(1)), 333_333_334);
        assert_eq!(quota.replenishes_in(quota.parts(3)), 1_000_000_000);
        assert_eq!(Quota::per_second(0).replenishes_in(1), u64::MAX);
        assert_eq!(quota.replenishes_in(u128::MAX), u64::MAX);
        // Beyond 64 bits of parts, but not of nanoseconds.
        let many = u128::from(u64::MAX) + 2;
        assert_eq!(quota.replenishes_in(many), u64::MAX / 3 + 1);
    }
}
