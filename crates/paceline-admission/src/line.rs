use alloc::collections::BTreeMap;

use paceline_core::Timestamp;

use crate::Priority;

/// A line of those who wait, in the order in which they are served.
///
/// A request stands in line as if it had arrived later by what its [`Priority`] yields. Among equal
/// priorities it is first come, first served, even if the clock runs back. Joining and leaving take
/// logarithmic time.
///
/// # Examples
///
/// ```
/// use paceline_admission::{Priority, WaitLine};
/// use paceline_core::Timestamp;
/// use std::time::Duration;
///
/// let mut line = WaitLine::new(100);
/// let at = |s| Timestamp::EPOCH.saturating_add(Duration::from_secs(s));
/// line.join(at(0), Priority::BATCH, "batch")?;
/// line.join(at(3_599), Priority::INTERACTIVE, "soon")?;
/// // The batch has waited for an hour: nobody passes it any more.
/// line.join(at(3_600), Priority::INTERACTIVE, "late")?;
/// assert_eq!(line.iter().copied().collect::<Vec<_>>(), ["soon", "batch", "late"]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct WaitLine<T> {
    waiting: BTreeMap<Place, T>,
    most: usize,
    next_serial: u64,
    /// The latest arrival, which those who follow never precede.
    latest: Timestamp,
}

/// A place in a [`WaitLine`]; the lower one is served first. It means nothing in another line.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    due_at: Timestamp,
    serial: u64,
}

impl<T> WaitLine<T> {
    /// Makes an empty line for at most `most` waiters; with 0, nobody can wait.
    pub const fn new(most: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            most,
            next_serial: 0,
            latest: Timestamp::EPOCH,
        }
    }

    /// Takes a place in line.
    ///
    /// # Errors
    ///
    /// Gives the waiter back if the line is full.
    pub fn join(&mut self, now: Timestamp, priority: Priority, waiter: T) -> Result<Place, T> {
        if self.waiting.len() >= self.most {
            return Err(waiter);
        }
        let place = self.place(now, priority);
        self.latest = self.latest.max(now);
        self.next_serial += 1;
        self.waiting.insert(place, waiter);
        Ok(place)
    }

    /// Takes a place again that was left, such as for a request that was sent and refused.
    ///
    /// # Errors
    ///
    /// Gives the waiter back if the line is full, or if somebody has taken this place again already.
    pub fn rejoin(&mut self, place: Place, waiter: T) -> Result<(), T> {
        if self.waiting.len() >= self.most || self.waiting.contains_key(&place) {
            return Err(waiter);
        }
        self.waiting.insert(place, waiter);
        Ok(())
    }

    /// The place that a waiter would take who joined now; whoever joins next may take it.
    pub fn place(&self, now: Timestamp, priority: Priority) -> Place {
        Place {
            due_at: self.latest.max(now).saturating_add(priority.yields_for()),
            serial: self.next_serial,
        }
    }

    /// Who is served next.
    pub fn head(&self) -> Option<(Place, &T)> {
        let (&place, waiter) = self.waiting.first_key_value()?;
        Some((place, waiter))
    }

    /// Who waits at this place, for change.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.waiting.get_mut(&place)
    }

    /// Gives up a place; nobody else moves back.
    pub fn leave(&mut self, place: Place) -> Option<T> {
        self.waiting.remove(&place)
    }

    /// Those who wait, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.values()
    }

    /// Those who are served before this place, in order.
    pub fn before(&self, place: Place) -> impl Iterator<Item = &T> {
        self.waiting.range(..place).map(|(_, waiter)| waiter)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many may wait.
    pub const fn most(&self) -> usize {
        self.most
    }

    /// Changes how many may wait; nobody who waits is sent away.
    pub const fn set_most(&mut self, most: usize) {
        self.most = most;
    }
}
