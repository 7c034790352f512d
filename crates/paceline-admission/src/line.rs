use paceline_core::Timestamp;

use crate::{Priority, waiters::Waiters};

/// A line of those who wait, in the order in which they are served.
///
/// A request stands in line as if it had arrived later by what its [`Priority`] yields. Among equal
/// priorities it is first come, first served, even if the clock runs back. Joining and leaving take
/// no more than logarithmic time, spread over many calls.
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
    waiters: Waiters<T>,
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
            waiters: Waiters::new(),
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
        self.waiters.insert(place, waiter);
        Ok(place)
    }

    /// Takes a place again that was left, such as for a request that was sent and refused.
    ///
    /// # Errors
    ///
    /// Gives the waiter back if the line is full, or if somebody has taken this place again already.
    pub fn rejoin(&mut self, place: Place, waiter: T) -> Result<(), T> {
        if self.len() >= self.most || self.waiters.contains(place) {
            return Err(waiter);
        }
        self.waiters.insert(place, waiter);
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
        self.waiters.first()
    }

    /// Who waits at this place, for change.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.waiters.get_mut(place)
    }

    /// Gives up a place; nobody else moves back.
    pub fn leave(&mut self, place: Place) -> Option<T> {
        self.waiters.remove(place)
    }

    /// Those who wait, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiters.iter().map(|(_, waiter)| waiter)
    }

    /// Those who are served before this place, in order.
    pub fn before(&self, place: Place) -> impl Iterator<Item = &T> {
        let before = self.waiters.iter().take_while(move |(it, _)| *it < place);
        before.map(|(_, waiter)| waiter)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
