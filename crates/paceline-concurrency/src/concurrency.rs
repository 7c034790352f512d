use core::{error, fmt};

use paceline_core::Timestamp;

use crate::{Fixed, Limit, Sample};

/// Counts the calls in flight and lets no more start than its policy allows.
///
/// The state is the policy's and one counter. When the limit falls, calls in flight go on; none
/// starts until enough of them have finished.
///
/// # Examples
///
/// ```
/// use paceline_concurrency::{Concurrency, Fixed, Full, Outcome};
/// use paceline_core::Timestamp;
///
/// let now = Timestamp::EPOCH;
/// let mut calls = Concurrency::new(Fixed::new(1));
/// let ticket = calls.try_start(now)?;
/// assert_eq!(calls.try_start(now).err(), Some(Full { limit: 1 }));
///
/// calls.finish(ticket, now, Outcome::Success);
/// assert!(calls.try_start(now).is_ok());
/// # Ok::<(), Full>(())
/// ```
#[derive(Clone, Debug)]
pub struct Concurrency<L> {
    policy: L,
    in_flight: u32,
}

impl<L: Limit> Concurrency<L> {
    /// Makes a counter with nothing in flight.
    pub const fn new(policy: L) -> Self {
        Self {
            policy,
            in_flight: 0,
        }
    }

    /// The most calls that may be in flight now.
    pub fn limit(&self) -> u32 {
        self.policy.limit()
    }

    /// The policy, to be read.
    pub const fn policy(&self) -> &L {
        &self.policy
    }

    /// The calls that started and have not finished.
    ///
    /// It exceeds [`limit`](Self::limit) for a while after the limit fell.
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// How many calls may start now.
    pub fn available(&self) -> u32 {
        self.limit().saturating_sub(self.in_flight)
    }

    /// Starts a call if the limit allows.
    ///
    /// The ticket must be given to [`finish`](Self::finish): a ticket that is lost occupies its place
    /// for good.
    ///
    /// # Errors
    ///
    /// Fails if as many calls are in flight as may be; a refused call changes nothing.
    pub fn try_start(&mut self, now: Timestamp) -> Result<Ticket, Full> {
        let limit = self.limit();
        if self.in_flight >= limit {
            return Err(Full { limit });
        }
        // Below the limit, so it cannot overflow.
        self.in_flight += 1;
        Ok(Ticket {
            started_at: now,
            in_flight: self.in_flight,
        })
    }

    /// Ends a call, and lets the policy learn from it unless it is [`Ignored`](Outcome::Ignored).
    ///
    /// A ticket belongs to the counter that gave it. One of another counter ends a call here, if any
    /// is in flight.
    pub fn finish(&mut self, ticket: Ticket, now: Timestamp, outcome: Outcome) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let dropped = match outcome {
            Outcome::Success => false,
            Outcome::Dropped => true,
            Outcome::Ignored => return,
        };
        self.policy.observe(Sample {
            started_at: ticket.started_at,
            finished_at: now,
            in_flight: ticket.in_flight,
            dropped,
        });
    }
}

impl Concurrency<Fixed> {
    /// Allows another number of calls from now on; calls in flight go on.
    pub const fn set_limit(&mut self, limit: u32) {
        self.policy = Fixed::new(limit);
    }
}

/// A call in flight, to be given back when it ends.
///
/// It cannot be copied, so no call ends twice.
#[derive(Debug, Eq, PartialEq)]
#[must_use = "a ticket that is not given to `finish` occupies its place for good"]
pub struct Ticket {
    started_at: Timestamp,
    /// At the start, this call included.
    in_flight: u32,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// It was served.
    Success,
    /// It was refused, shed or timed out for lack of capacity.
    Dropped,
    /// It says nothing about capacity, such as a bad request, and policies do not hear of it.
    Ignored,
}

/// As many calls are in flight as may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Full {
    /// The most that may be; zero if none may ever start.
    pub limit: u32,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no permit free of {}", self.limit)
    }
}

impl error::Error for Full {}
