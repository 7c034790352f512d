use paceline_core::{Denied, Quota, Timestamp};

/// Words count in this fraction of a nanosecond.
const PER_NANO: u64 = 16;
/// The word that no limiter comes back from.
const NEVER: u64 = u64::MAX;

/// GCRA whose state is one 64-bit word, kept by the caller.
///
/// It holds a quota and no state: each decision takes the word from before and gives the word from
/// after. [`AtomicGcra`](crate::AtomicGcra) keeps one such word, and a keyed store keeps many. The
/// word is the theoretical arrival time, in sixteenths of a nanosecond since an origin; 0 is
/// *fresh*, with the whole burst unspent.
///
/// # Exactness
///
/// How long `cost` cells last is rounded up to a sixteenth of a nanosecond; whether they conform is
/// then decided exactly. So it never admits what [`Gcra`](crate::Gcra) would refuse, and after `n`
/// calls in a row admits by `n / 16` nanoseconds later at most. At 450 million a minute, one cell a
/// call, that is 0.03 % of the rate; at less than a million a second, below 0.01 %.
///
/// # Range
///
/// A word ends 2^60 ns, about 36.5 years, after its origin. What would end later is refused until
/// [`Timestamp::MAX`]: after 36 years, and if its cells take that long to replenish. The limiter's
/// laws hold for answers before that. A `now` before the origin counts as the origin.
///
/// # Examples
///
/// ```
/// use paceline_core::{Denied, Quota, Timestamp};
/// use paceline_gcra::WordGcra;
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let gcra = WordGcra::new(Quota::per_second(2), now);
/// let word = gcra.decide(WordGcra::FRESH, now, 2)?;
/// assert_eq!(gcra.available(word, now), 0);
/// assert!(gcra.decide(word, now, 1).is_err());
/// # Ok::<(), Denied>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WordGcra {
    quota: Quota,
    origin: Timestamp,
    /// How long one cell lasts, which spares the usual call a division.
    cell: u64,
}

impl WordGcra {
    /// The word of a limiter whose burst is unspent.
    pub const FRESH: u64 = 0;

    /// Makes the arithmetic of this quota for words that count from `origin`.
    ///
    /// The time of the first call is a good origin, [`Timestamp::EPOCH`] only for virtual time.
    /// Words of different origins must not be mixed.
    pub const fn new(quota: Quota, origin: Timestamp) -> Self {
        let cell = span(quota, 1);
        Self {
            quota,
            origin,
            cell,
        }
    }

    /// The quota that it enforces.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// What words count from.
    pub const fn origin(&self) -> Timestamp {
        self.origin
    }

    /// The word after `cost` cells are spent at `now`, if they conform.
    ///
    /// The word stays as it was if the cost is zero or the quota unlimited, and grows otherwise.
    ///
    /// # Errors
    ///
    /// Says when the cost conforms, as [`Limiter::check`](paceline_core::Limiter::check) does; the
    /// word is then to be kept as it was.
    #[inline]
    pub fn decide(&self, word: u64, now: Timestamp, cost: u64) -> Result<u64, Denied> {
        let max = self.quota.burst();
        if cost > max {
            return Err(Denied::TooLarge { max });
        }
        if self.spends_nothing(cost) {
            return Ok(word);
        }
        let Some(at) = self.word_at(now) else {
            return Err(Denied::Until(Timestamp::MAX));
        };
        let room = self.quota.parts(max - cost);
        let spent = self.spent(word, at);
        if spent > room {
            return Err(self.denied(word, now, cost, spent - room));
        }
        let next = self.add(word.max(at), cost);
        next.ok_or(Denied::Until(Timestamp::MAX))
    }

    /// The word after `cost` cells are spent at `now`, whether or not they conform.
    #[must_use]
    pub fn charge(&self, word: u64, now: Timestamp, cost: u64) -> u64 {
        if self.spends_nothing(cost) {
            return word;
        }
        let at = self.word_at(now).unwrap_or(NEVER);
        self.add(word.max(at), cost).unwrap_or(NEVER)
    }

    /// The largest cost that conforms at `now`.
    pub fn available(&self, word: u64, now: Timestamp) -> u64 {
        if self.quota.is_unlimited() {
            return u64::MAX;
        }
        let Some(at) = self.word_at(now) else {
            return 0;
        };
        let cell = self.quota.parts(1);
        let left = self.quota.parts(self.quota.burst());
        let left = left.saturating_sub(self.spent(word, at)) / cell;
        // What replenishes before the last word.
        let before_end = (NEVER - 1).saturating_sub(word.max(at));
        let before_end = u128::from(before_end) * u128::from(self.quota.limit());
        let before_end = before_end / (cell * u128::from(PER_NANO));
        u64::try_from(left.min(before_end)).unwrap_or(u64::MAX)
    }

    /// `now` as a word, or `None` if it is out of range.
    ///
    /// A limiter whose word is not above it is fresh.
    #[inline]
    pub fn word_at(&self, now: Timestamp) -> Option<u64> {
        let since = now.as_nanos().saturating_sub(self.origin.as_nanos());
        since.checked_mul(PER_NANO)
    }

    /// The first time at which a limiter with this word is fresh again.
    pub fn fresh_at(&self, word: u64) -> Timestamp {
        let since = word.div_ceil(PER_NANO);
        Timestamp::from_nanos(self.origin.as_nanos().saturating_add(since))
    }

    /// The word that is reached by spending `cost` cells after `base`.
    #[inline]
    pub(crate) fn add(&self, base: u64, cost: u64) -> Option<u64> {
        let span = if cost == 1 {
            self.cell
        } else {
            span(self.quota, cost)
        };
        base.checked_add(span).filter(|&next| next < NEVER)
    }

    #[inline]
    fn spends_nothing(&self, cost: u64) -> bool {
        cost == 0 || self.quota.is_unlimited()
    }

    /// What is spent and not yet replenished at the word `at`, in parts of the quota, rounded up.
    #[inline]
    fn spent(&self, word: u64, at: u64) -> u128 {
        let ahead = u128::from(word.saturating_sub(at)) * u128::from(self.quota.limit());
        ahead.div_ceil(u128::from(PER_NANO))
    }

    /// The refusal of `cost` cells that lack `missing` parts.
    #[inline]
    fn denied(&self, word: u64, now: Timestamp, cost: u64, missing: u128) -> Denied {
        let wait = self.quota.replenishes_in(missing);
        let from = now.max(self.origin).as_nanos();
        let retry_at = Timestamp::from_nanos(from.saturating_add(wait));
        let conforms = self
            .word_at(retry_at)
            .and_then(|at| self.add(word.max(at), cost));
        Denied::Until(conforms.map_or(Timestamp::MAX, |_| retry_at))
    }
}

/// How long `cost` cells last, in sixteenths of a nanosecond, rounded up.
const fn span(quota: Quota, cost: u64) -> u64 {
    // A product that saturates lasts longer than a word does, and so does what comes of it.
    quota.replenishes_in(quota.parts(cost).saturating_mul(PER_NANO as u128))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: u64 = 31_557_600_000_000_000;

    #[test]
    fn spans_round_up_and_saturate() {
        let third = Quota::per_second(3);
        assert_eq!(span(third, 1), 5_333_333_334);
        assert_eq!(span(third, 3), 16_000_000_000);
        assert_eq!(span(third, 0), 0);
        assert_eq!(span(Quota::per_hour(1), u64::MAX), u64::MAX);
        assert_eq!(span(Quota::per_second(u64::MAX), u64::MAX), 16_000_000_000);
        assert_eq!(span(Quota::per_second(u64::MAX), 1), 1);
    }

    #[test]
    fn the_end_of_the_range_fails_closed() {
        let gcra = WordGcra::new(Quota::per_second(5), Timestamp::from_nanos(7));
        let never = Err(Denied::Until(Timestamp::MAX));
        let last = Timestamp::from_nanos(7 + (1 << 60) - 1);
        assert!(gcra.decide(0, Timestamp::from_nanos(36 * YEAR), 5).is_ok());
        for now in [last, Timestamp::from_nanos(37 * YEAR), Timestamp::MAX] {
            assert_eq!(gcra.decide(0, now, 1), never);
            assert_eq!(gcra.decide(NEVER, now, 1), never);
            assert_eq!(gcra.available(0, now), 0);
            assert_eq!(gcra.charge(0, now, 1), NEVER);
        }
        assert_eq!(gcra.word_at(last), Some(u64::MAX - 15));
    }

    #[test]
    fn a_refusal_never_names_a_time_that_is_out_of_range() {
        let gcra = WordGcra::new(Quota::per_hour(2), Timestamp::EPOCH);
        let word = NEVER - 20_000_000_000;
        let now = Timestamp::from_nanos((1 << 60) - 3_600_000_000_000);
        assert_eq!(
            gcra.decide(word, now, 2),
            Err(Denied::Until(Timestamp::MAX))
        );
    }

    #[test]
    fn a_cell_that_lasts_longer_than_a_word_never_conforms() {
        let century = core::time::Duration::from_nanos(100 * YEAR);
        let quota = Quota::new(1, century).expect("a century is a period");
        let gcra = WordGcra::new(quota, Timestamp::EPOCH);
        assert_eq!(gcra.available(0, Timestamp::EPOCH), 0);
        assert_eq!(
            gcra.decide(0, Timestamp::EPOCH, 1),
            Err(Denied::Until(Timestamp::MAX))
        );
    }

    #[test]
    fn fresh_is_the_first_time_that_frees_the_whole_burst() {
        let gcra = WordGcra::new(Quota::per_second(3), Timestamp::from_nanos(100));
        let word = gcra.charge(0, Timestamp::from_nanos(100), 1);
        let at = gcra.fresh_at(word);
        assert_eq!(at, Timestamp::from_nanos(333_333_434));
        assert_eq!(gcra.available(word, at), 3);
        let before = Timestamp::from_nanos(at.as_nanos() - 1);
        assert_eq!(gcra.available(word, before), 2);
    }
}
