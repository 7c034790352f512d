use alloc::vec::Vec;

use paceline_core::{Denied, Limiter, Timestamp};

use crate::Binding;

/// Limiters that admit together or not at all, such as ten a second *and* three hundred a minute.
///
/// Each is charged the same cost. For limits that count different things, see
/// [`ByDimension`](crate::ByDimension).
///
/// # Examples
///
/// ```
/// use paceline_composite::All;
/// use paceline_core::{Denied, Limiter, Quota, Timestamp};
/// use paceline_gcra::Gcra;
///
/// let second = Gcra::new(Quota::per_second(10));
/// let day = Gcra::new(Quota::per_day(15));
/// let mut limits = All((second, day));
///
/// let now = Timestamp::EPOCH;
/// assert!(limits.try_acquire(now, 10).is_ok());
/// // The second has nothing left, and the day has 5: both refuse 6, and the day binds.
/// let binding = limits.binding(now, 6).unwrap_err();
/// assert_eq!(binding.index, 1);
/// assert_eq!(limits.check(now, 6), Err(binding.denied));
/// ```
#[derive(Clone, Debug)]
pub struct All<T>(pub T);

/// Some limiters, of one type or of several.
///
/// Implemented for tuples of two to six limiters, for arrays, and for `Vec`.
pub trait Members {
    /// Shows every member, in order.
    fn each(&self, visit: impl FnMut(&dyn Limiter));

    /// Shows every member for change, in order.
    fn each_mut(&mut self, visit: impl FnMut(&mut dyn Limiter));
}

impl<T: Members> All<T> {
    /// Asks all members whether `cost` cells conform at `now`, and says which one binds.
    ///
    /// # Errors
    ///
    /// The member that makes the caller wait longest. A refusal that no wait cures comes before all
    /// others.
    #[inline]
    pub fn binding(&self, now: Timestamp, cost: u64) -> Result<(), Binding> {
        let (mut index, mut strictest) = (0, None::<Binding>);
        self.0.each(|member| {
            if let Err(denied) = member.check(now, cost) {
                let binding = Binding { index, denied };
                strictest = Some(strictest.map_or(binding, |other| other.stricter(binding)));
            }
            index += 1;
        });
        strictest.map_or(Ok(()), Err)
    }
}

impl<T: Members> Limiter for All<T> {
    #[inline]
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.binding(now, cost).map_err(|binding| binding.denied)
    }

    #[inline]
    fn charge(&mut self, now: Timestamp, cost: u64) {
        self.0.each_mut(|member| member.charge(now, cost));
    }

    /// The least that any member has available; [`u64::MAX`] if there is none.
    fn available(&self, now: Timestamp) -> u64 {
        let mut least = u64::MAX;
        self.0
            .each(|member| least = least.min(member.available(now)));
        least
    }
}

impl<L: Limiter> Members for Vec<L> {
    fn each(&self, mut visit: impl FnMut(&dyn Limiter)) {
        self.iter().for_each(|member| visit(member));
    }

    fn each_mut(&mut self, mut visit: impl FnMut(&mut dyn Limiter)) {
        self.iter_mut().for_each(|member| visit(member));
    }
}

impl<L: Limiter, const N: usize> Members for [L; N] {
    fn each(&self, mut visit: impl FnMut(&dyn Limiter)) {
        self.iter().for_each(|member| visit(member));
    }

    fn each_mut(&mut self, mut visit: impl FnMut(&mut dyn Limiter)) {
        self.iter_mut().for_each(|member| visit(member));
    }
}

macro_rules! tuple {
    ($($name:ident $place:tt),+) => {
        impl<$($name: Limiter),+> Members for ($($name,)+) {
            #[inline]
            fn each(&self, mut visit: impl FnMut(&dyn Limiter)) {
                $(visit(&self.$place);)+
            }

            #[inline]
            fn each_mut(&mut self, mut visit: impl FnMut(&mut dyn Limiter)) {
                $(visit(&mut self.$place);)+
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
