use alloc::collections::BTreeMap;
use core::mem;

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
    /// Who is served next, if anybody waits. A line is empty or of one most of the time, and so takes no memory.
    first: Option<(Place, T)>,
    /// All others.
    others: BTreeMap<Place, T>,
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
            first: None,
            others: BTreeMap::new(),
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
        if self.len() >= self.most {
            return Err(waiter);
        }
        let place = self.place(now, priority);
        self.latest = self.latest.max(now);
        self.next_serial += 1;
        self.insert(place, waiter);
        Ok(place)
    }

    /// Takes a place again that was left, such as for a request that was sent and refused.
    ///
    /// # Errors
    ///
    /// Gives the waiter back if the line is full, or if somebody has taken this place again already.
    pub fn rejoin(&mut self, place: Place, waiter: T) -> Result<(), T> {
        let taken = self.first.as_ref().is_some_and(|first| first.0 == place);
        if self.len() >= self.most || taken || self.others.contains_key(&place) {
            return Err(waiter);
        }
        self.insert(place, waiter);
        Ok(())
    }

    fn insert(&mut self, place: Place, waiter: T) {
        match &mut self.first {
            None => self.first = Some((place, waiter)),
            Some(first) if place < first.0 => {
                let (next, passed) = mem::replace(first, (place, waiter));
                self.others.insert(next, passed);
            }
            Some(_) => {
                self.others.insert(place, waiter);
            }
        }
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
        let (place, waiter) = self.first.as_ref()?;
        Some((*place, waiter))
    }

    /// Who waits at this place, for change.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        match &mut self.first {
            Some((first, waiter)) if *first == place => Some(waiter),
            _ => self.others.get_mut(&place),
        }
    }

    /// Gives up a place; nobody else moves back.
    pub fn leave(&mut self, place: Place) -> Option<T> {
        if self.first.as_ref().is_some_and(|first| first.0 == place) {
            let next = self.others.pop_first();
            let left = mem::replace(&mut self.first, next);
            return left.map(|(_, waiter)| waiter);
        }
        self.others.remove(&place)
    }

    /// Those who wait, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let first = self.first.iter().map(|(_, waiter)| waiter);
        first.chain(self.others.values())
    }

    /// Those who are served before this place, in order.
    pub fn before(&self, place: Place) -> impl Iterator<Item = &T> {
        let first = self.first.iter().filter(move |(first, _)| *first < place);
        let others = self.others.range(..place).map(|(_, waiter)| waiter);
        first.map(|(_, waiter)| waiter).chain(others)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
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
