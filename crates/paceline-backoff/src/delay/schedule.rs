use core::time::Duration;

use super::{Delay, Shape, nanos};
use crate::BackoffError;

/// A list of delays, held in place so that the crate needs no allocator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Schedule {
    /// Filled up with the last delay of the list.
    delays: [u64; LONGEST_SCHEDULE],
    /// How many retries there are, unless the last delay repeats.
    retries: Option<u32>,
}

const LONGEST_SCHEDULE: usize = 16;

impl Delay {
    /// The delays of a list, of which the last repeats; without a cap.
    ///
    /// # Errors
    ///
    /// Fails if the list is empty, and if it holds more than 16 delays.
    pub fn schedule(delays: impl AsRef<[Duration]>) -> Result<Self, BackoffError> {
        Schedule::new(delays.as_ref(), Then::Repeat).map(Self::of_schedule)
    }

    /// The delays of a list, and no retry after its last; without a cap.
    ///
    /// All failures of a request count, whatever their kind. Where the list ends, a
    /// [`RetryPolicy`](crate::RetryPolicy) gives up with [`Reason::Attempts`](crate::Reason::Attempts).
    ///
    /// # Errors
    ///
    /// Fails if the list is empty, and if it holds more than 16 delays.
    pub fn schedule_once(delays: impl AsRef<[Duration]>) -> Result<Self, BackoffError> {
        Schedule::new(delays.as_ref(), Then::End).map(Self::of_schedule)
    }

    const fn of_schedule(schedule: Schedule) -> Self {
        Self::uncapped(Shape::Schedule(schedule))
    }
}

/// What follows upon the last delay.
#[derive(Clone, Copy)]
enum Then {
    Repeat,
    End,
}

impl Schedule {
    fn new(list: &[Duration], then: Then) -> Result<Self, BackoffError> {
        let Some(&last) = list.last() else {
            return Err(BackoffError::EmptySchedule);
        };
        if list.len() > LONGEST_SCHEDULE {
            return Err(BackoffError::ScheduleTooLong);
        }
        let mut delays = [nanos(last); LONGEST_SCHEDULE];
        for (slot, &delay) in delays.iter_mut().zip(list) {
            *slot = nanos(delay);
        }
        let retries = match then {
            Then::Repeat => None,
            Then::End => u32::try_from(list.len()).ok(),
        };
        Ok(Self { delays, retries })
    }

    pub(super) fn nominal(&self, retry: u32) -> u64 {
        let last = LONGEST_SCHEDULE - 1;
        let index = usize::try_from(retry).map_or(last, |index| index.min(last));
        self.delays[index]
    }

    pub(super) fn ends_before(&self, retry: u32) -> bool {
        self.retries.is_some_and(|retries| retry >= retries)
    }
}
