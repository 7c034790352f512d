use alloc::{string::String, vec::Vec};
use core::{error, fmt};

use paceline_core::{Dimension, Quota, Timestamp};

/// One step of a ladder: the limits that apply from some spending on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tier {
    /// What the provider calls it.
    pub name: String,
    /// The spending that reaches it, in micro-dollars, all of it since the account began.
    pub from_micros: u64,
    /// The limits that it grants; [`Quota::UNLIMITED`] for none, a limit of 0 for a model withheld.
    pub limits: Vec<(Dimension, Quota)>,
}

/// Limits that rise as spending adds up.
///
/// Providers grant higher limits to accounts that have paid more. The ladder adds up what it is told
/// was spent, in whole micro-dollars, and says when a tier was reached and which limits it grants; the
/// caller sets them. Between thresholds nothing changes, and no tier is ever lost.
///
/// A one-time purchase is spending like any other where the provider counts it so, as OpenRouter does
/// with the first ten dollars; a tier that was agreed upon is reached by [`lift`](Self::lift).
///
/// # Examples
///
/// ```
/// use paceline_core::{Dimension, Quota, Timestamp};
/// use paceline_router::{Tier, TierLadder};
///
/// let tier = |name: &str, from_micros, per_day| Tier {
///     name: name.into(),
///     from_micros,
///     limits: vec![(Dimension::Requests, Quota::per_day(per_day))],
/// };
/// let mut ladder = TierLadder::new(vec![tier("free", 0, 50), tier("paid", 10_000_000, 1_000)])?;
///
/// let now = Timestamp::EPOCH;
/// assert_eq!(ladder.spend(now, 9_999_999), None);
/// assert_eq!(ladder.tier().name, "free");
/// let upgrade = ladder.spend(now, 1).expect("ten dollars");
/// assert_eq!(upgrade.tier.limits, [(Dimension::Requests, Quota::per_day(1_000))]);
/// # Ok::<(), paceline_router::TierError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TierLadder {
    /// Never empty; thresholds rise, and the first is zero.
    tiers: Vec<Tier>,
    spent_micros: u64,
    current: usize,
}

/// A tier that was reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Upgrade<'a> {
    /// When: its limits apply from this time on.
    pub at: Timestamp,
    /// The tier.
    pub tier: &'a Tier,
}

/// Why a ladder could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TierError {
    /// No tier applies from the beginning.
    NothingAtZero,
    /// A threshold does not exceed that of the tier before.
    NotRising,
}

impl TierLadder {
    /// Makes a ladder of which nothing is spent.
    ///
    /// # Errors
    ///
    /// Fails unless the first tier is from zero and every other one from more than the one before.
    pub fn new(tiers: Vec<Tier>) -> Result<Self, TierError> {
        if tiers.first().is_none_or(|tier| tier.from_micros != 0) {
            return Err(TierError::NothingAtZero);
        }
        if !tiers.is_sorted_by(|a, b| a.from_micros < b.from_micros) {
            return Err(TierError::NotRising);
        }
        Ok(Self {
            tiers,
            spent_micros: 0,
            current: 0,
        })
    }

    /// The tier that applies.
    pub fn tier(&self) -> &Tier {
        &self.tiers[self.current]
    }

    /// All that was spent, in micro-dollars.
    pub const fn spent_micros(&self) -> u64 {
        self.spent_micros
    }

    /// What is missing to the next tier, in micro-dollars; `None` at the top.
    pub fn missing_micros(&self) -> Option<u64> {
        let next = self.tiers.get(self.current + 1)?;
        Some(next.from_micros.saturating_sub(self.spent_micros))
    }

    /// Adds what was spent, and tells the highest tier that this reached, if any.
    ///
    /// To carry on after a restart, spend at once what had been spent.
    pub fn spend(&mut self, now: Timestamp, micros: u64) -> Option<Upgrade<'_>> {
        self.spent_micros = self.spent_micros.saturating_add(micros);
        let spent = self.spent_micros;
        let reached = self.tiers.partition_point(|tier| tier.from_micros <= spent);
        self.lift(now, reached.saturating_sub(1))
    }

    /// Lifts to the tier at this place of the ladder, whatever was spent, if it is above the present
    /// one.
    ///
    /// Beyond the top is the top.
    pub fn lift(&mut self, now: Timestamp, place: usize) -> Option<Upgrade<'_>> {
        let place = place.min(self.tiers.len() - 1);
        if place <= self.current {
            return None;
        }
        self.current = place;
        let tier = self.tier();
        Some(Upgrade { at: now, tier })
    }
}

impl fmt::Display for TierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingAtZero => "the first tier must apply from a spending of zero",
            Self::NotRising => "thresholds of tiers must rise",
        })
    }
}

impl error::Error for TierError {}
