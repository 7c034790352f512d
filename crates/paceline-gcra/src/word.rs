use paceline_core::{Denied, Quota, Timestamp};

use crate::length::{Lengths, PER_NANO, Ticks};

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
    /// The lengths for a cost of one, which spare the usual call a division.
    one: Lengths,
    burst: Ticks,
}

impl WordGcra {
    /// The word of a limiter whose burst is unspent.
    pub const FRESH: u64 = 0;

    /// Makes the arithmetic of this quota for words that count from `origin`.
    ///
    /// The time of the first call is a good origin, [`Timestamp::EPOCH`] only for virtual time.
    /// Words of different origins must not be mixed.
    pub const fn new(quota: Quota, origin: Timestamp) -> Self {
        let burst = Ticks::new(quota, quota.burst());
        Self {
            quota,
            origin,
            one: Ticks::new(quota, 1).within(burst),
            burst,
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
        let Lengths { span, room } = self.lengths(cost);
        if word.saturating_sub(at) > room {
            return Err(self.denied(word, span, room));
        }
        after(word.max(at), span).ok_or(Denied::Until(Timestamp::MAX))
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
        // In parts of a sixteenth.
        let replenish = |words: u64| u128::from(words) * u128::from(self.quota.limit());
        let cell = self.quota.parts(1) * u128::from(PER_NANO);
        let spent = replenish(word.saturating_sub(at)).div_ceil(cell);
        let left = u128::from(self.quota.burst()).saturating_sub(spent);
        // What replenishes before the last word.
        let before_end = replenish((NEVER - 1).saturating_sub(word.max(at))) / cell;
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

    /// The word that is reached by spending `cost` cells after `base`, if it is in range.
    pub(crate) fn add(&self, base: u64, cost: u64) -> Option<u64> {
        after(base, self.lengths(cost).span)
    }

    #[inline]
    fn spends_nothing(&self, cost: u64) -> bool {
        cost == 0 || self.quota.is_unlimited()
    }

    #[inline]
    fn lengths(&self, cost: u64) -> Lengths {
        if cost == 1 {
            return self.one;
        }
        Ticks::new(self.quota, cost).within(self.burst)
    }

    /// The refusal of a cost for which the word is too far ahead.
    #[inline]
    fn denied(&self, word: u64, span: u64, room: u64) -> Denied {
        let retry_at = self.fresh_at(word - room);
        let at = self.word_at(retry_at);
        // What would end out of range never conforms.
        let conforms = at.and_then(|at| after(word.max(at), span));
        Denied::Until(conforms.map_or(Timestamp::MAX, |_| retry_at))
    }
}

/// The word that comes `span` after `base`, if it is in range.
#[inline]
fn after(base: u64, span: u64) -> Option<u64> {
    base.checked_add(span).filter(|&next| next < NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: u64 = 31_557_600_000_000_000;

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
        assert_eq!(gcra.word_at(Timestamp::from_nanos(7 + (1 << 60))), None);
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
