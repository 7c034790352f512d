use paceline_core::Quota;

/// Words count in this fraction of a nanosecond.
pub(crate) const PER_NANO: u64 = 16;

/// How long some cells last, exactly: `whole + rest / limit` sixteenths of a nanosecond.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ticks {
    whole: u128,
    rest: u64,
}

/// What decides about a cost, in sixteenths of a nanosecond.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lengths {
    /// How long the cost lasts, rounded up.
    pub(crate) span: u64,
    /// How far the word may be ahead, rounded down, which is exact for whole words.
    pub(crate) room: u64,
}

impl Ticks {
    /// How long `cells` last; for ever, if none replenish.
    #[inline]
    pub(crate) const fn new(quota: Quota, cells: u64) -> Self {
        let (parts, limit) = (quota.parts(cells), quota.limit());
        if limit == 0 {
            return Self {
                whole: u128::MAX,
                rest: 0,
            };
        }
        if parts <= (u64::MAX / PER_NANO) as u128 {
            // Hardware divides 64 bits several times faster than 128, and they nearly always suffice.
            #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
            let ticks = parts as u64 * PER_NANO;
            return Self {
                whole: (ticks / limit) as u128,
                rest: ticks % limit,
            };
        }
        // In two steps, as sixteen times the parts may exceed 128 bits.
        let limit = limit as u128;
        let rest = parts % limit * PER_NANO as u128;
        #[expect(clippy::cast_possible_truncation, reason = "less than the limit")]
        return Self {
            whole: (parts / limit).saturating_mul(PER_NANO as u128) + rest / limit,
            rest: (rest % limit) as u64,
        };
    }

    /// The lengths for a cost that lasts so long, of a burst that lasts at least as long.
    #[inline]
    pub(crate) const fn within(self, burst: Self) -> Lengths {
        let span = self.whole.saturating_add((self.rest > 0) as u128);
        let room = burst.whole.saturating_sub(self.whole);
        Lengths {
            span: saturated(span),
            room: saturated(room.saturating_sub((self.rest > burst.rest) as u128)),
        }
    }
}

/// `ticks`, or the largest number of them that fits a word.
#[inline]
const fn saturated(ticks: u128) -> u64 {
    if ticks > u64::MAX as u128 {
        return u64::MAX;
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared just above")]
    return ticks as u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(quota: Quota, cost: u64) -> (u64, u64) {
        let Lengths { span, room } =
            Ticks::new(quota, cost).within(Ticks::new(quota, quota.burst()));
        (span, room)
    }

    #[test]
    fn spans_round_up_and_rooms_down() {
        let third = Quota::per_second(3);
        assert_eq!(lengths(third, 1), (5_333_333_334, 10_666_666_666));
        assert_eq!(lengths(third, 2), (10_666_666_667, 5_333_333_333));
        assert_eq!(lengths(third, 3), (16_000_000_000, 0));
        let fifth = third.with_burst(5).expect("not zero");
        // 26.67 less 5.33 is 21.33, though both fractions are rounded away.
        assert_eq!(lengths(fifth, 1), (5_333_333_334, 21_333_333_333));
        assert_eq!(lengths(fifth, 2), (10_666_666_667, 16_000_000_000));
    }

    #[test]
    fn lengths_saturate() {
        let hourly = Quota::per_hour(1).with_burst(u64::MAX).expect("not zero");
        assert_eq!(lengths(hourly, u64::MAX), (u64::MAX, 0));
        assert_eq!(lengths(hourly, 1), (57_600_000_000_000, u64::MAX));
        let fast = Quota::per_second(u64::MAX);
        assert_eq!(lengths(fast, u64::MAX), (16_000_000_000, 0));
        assert_eq!(lengths(fast, 1), (1, 15_999_999_999));
        // Sixteen times the parts of this burst exceed 128 bits.
        let slow = Quota::new(u64::MAX, core::time::Duration::from_nanos(u64::MAX));
        let slow = slow.expect("584 years are a period");
        assert_eq!(lengths(slow, 1), (16, u64::MAX));
        assert_eq!(lengths(slow, u64::MAX - 1), (u64::MAX, 16));
    }
}
