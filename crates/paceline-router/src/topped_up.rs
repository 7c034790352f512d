use paceline_core::{Denied, Limiter, Timestamp};

/// A limiter, and cells bought on top of it that never expire.
///
/// A charge takes first what the limiter has, which comes back by itself, and then what was bought.
/// Beyond both it is a debt of the limiter. As it is a limiter itself, it can be held by dimension, and
/// settled by replay, which gives back what was bought too.
///
/// # Examples
///
/// ```
/// use paceline_core::{Limiter, Quota, Timestamp};
/// use paceline_gcra::Gcra;
/// use paceline_router::ToppedUp;
///
/// let now = Timestamp::EPOCH;
/// let mut requests = ToppedUp::new(Gcra::new(Quota::per_day(50)));
/// requests.top_up(1_000);
/// assert!(requests.try_acquire(now, 60).is_ok());
/// assert_eq!((requests.credit(), requests.available(now)), (990, 990));
/// ```
#[derive(Clone, Debug)]
pub struct ToppedUp<L> {
    limiter: L,
    credit: u64,
}

impl<L: Limiter> ToppedUp<L> {
    /// Wraps a limiter, with nothing bought yet.
    pub const fn new(limiter: L) -> Self {
        Self { limiter, credit: 0 }
    }

    /// Adds cells that were bought; saturates at [`u64::MAX`].
    pub const fn top_up(&mut self, cells: u64) {
        self.credit = self.credit.saturating_add(cells);
    }

    /// What is left of the cells that were bought.
    pub const fn credit(&self) -> u64 {
        self.credit
    }

    /// The limiter without what was bought.
    pub const fn limiter(&self) -> &L {
        &self.limiter
    }

    /// The limiter without what was bought, to observe or change it.
    pub const fn limiter_mut(&mut self) -> &mut L {
        &mut self.limiter
    }
}

impl<L: Limiter> Limiter for ToppedUp<L> {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        let rest = cost.saturating_sub(self.credit);
        self.limiter
            .check(now, rest)
            .map_err(|denied| match denied {
                Denied::Until(at) => Denied::Until(at),
                Denied::TooLarge { max } => Denied::TooLarge {
                    max: max.saturating_add(self.credit),
                },
            })
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        let beyond = cost.saturating_sub(self.limiter.available(now));
        let bought = beyond.min(self.credit);
        self.credit -= bought;
        self.limiter.charge(now, cost - bought);
    }

    fn available(&self, now: Timestamp) -> u64 {
        self.limiter.available(now).saturating_add(self.credit)
    }
}
