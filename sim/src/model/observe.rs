use std::time::Duration;

use paceline_backoff::Reason;
use paceline_core::{Demand, Denied, Dimension, Feedback, Timestamp};

use super::{answer::Outcome, dialect::Response};
use crate::workload::Job;

/// Somebody who is told what happens in a run, in the order in which it happens.
///
/// A run is compiled for its observer, so one that does nothing costs nothing.
pub trait Observer {
    /// Whether it wants to know. What nobody but an observer needs is not even found out otherwise.
    const WATCHES: bool = true;

    /// Takes note of what happens at `now`.
    fn see(&mut self, now: Timestamp, what: &Happening<'_>);
}

/// An observer that does not watch.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Observer for Nobody {
    const WATCHES: bool = false;

    fn see(&mut self, _now: Timestamp, _what: &Happening<'_>) {}
}

/// What happens to a request; requests are known by their place in the order of arrival.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// It arrives at a client.
    Arrives {
        /// The request.
        job: &'a Job,
        /// Whose it is.
        client: usize,
    },
    /// A cache answers it.
    Cached {
        /// Which request.
        id: u64,
    },
    /// It is held back until off-peak hours.
    HeldBack {
        /// Which request.
        id: u64,
        /// Until when.
        until: Timestamp,
    },
    /// It opens a batch, or joins one, which is called what its first request is called.
    Collected {
        /// Which request.
        id: u64,
        /// The first request of the batch, which speaks for all of them from now on.
        batch: u64,
    },
    /// It takes its place in the client's line, possibly once more.
    Queues {
        /// Which request.
        id: u64,
        /// Whose line it is.
        client: usize,
        /// How many stand in that line now.
        waiting: usize,
    },
    /// It is its turn, but something keeps it from being sent.
    Blocked {
        /// Which request.
        id: u64,
        /// Whose it is.
        client: usize,
        /// Whether it keeps its place in line; else it sleeps and asks again, or is given up.
        stays: bool,
        /// What keeps it from each key that it might be sent to.
        bounds: &'a [Bound],
    },
    /// It is sent.
    Sent {
        /// Which request.
        id: u64,
        /// Whose it is.
        client: usize,
        /// The place of the key among all keys of all providers.
        key: usize,
        /// Which call for this request it is, counted from 1.
        call: u32,
        /// What the client charges its own limits for it.
        cost: Demand,
    },
    /// Its call has reached the provider, which decides at once; the client learns of that later.
    Decided {
        /// Which request.
        id: u64,
        /// The key that was called.
        key: usize,
        /// Which call for this request it is, counted from 1.
        call: u32,
        /// What the provider decides.
        outcome: Outcome,
        /// The place of the limit that refuses it among those that the provider counts by period.
        refused_by: Option<usize>,
    },
    /// The answer to its call reaches the client.
    Answered {
        /// Which request.
        id: u64,
        /// Whose it is.
        client: usize,
        /// The key that was called.
        key: usize,
        /// What the provider had decided.
        outcome: Outcome,
        /// What it says, if anybody reads that.
        response: Option<&'a Response>,
        /// What the client reads in that.
        feedback: &'a Feedback,
        /// How long it is asked to stay away, as far as it looks for that.
        hint: Option<Duration>,
    },
    /// The client waits no longer for the answer to its call.
    HungUp {
        /// Which request.
        id: u64,
        /// Whose it is.
        client: usize,
        /// The key that was called.
        key: usize,
        /// Why.
        why: HangUp,
        /// Whether this makes it a failed call, as the provider had not refused it, nor failed.
        fails: bool,
    },
    /// A refusal has closed the gate of a client, or keeps it closed.
    GateCloses {
        /// Whose gate it is.
        client: usize,
        /// For which key.
        key: usize,
        /// When it opens.
        opens_at: Timestamp,
    },
    /// It will be tried again.
    Retries {
        /// Which request.
        id: u64,
        /// When it takes its place in line again.
        at: Timestamp,
    },
    /// It is over.
    Ends {
        /// Which request.
        id: u64,
        /// How it ended.
        end: End,
    },
}

/// Why a client turns away from its call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HangUp {
    /// It was not answered in time, which tells something about the provider.
    TimedOut,
    /// The user cancelled, which does not.
    Cancelled,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It was answered in time.
    Completed,
    /// It was answered after its deadline.
    TooLate,
    /// It was given up.
    GivenUp(Cause),
    /// Its user cancelled it.
    Cancelled,
    /// It was not done at the end of the scenario.
    Unfinished,
}

/// Why a request was given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// Its deadline passed.
    Deadline,
    /// The client's own limits can never hold it.
    NeverFits,
    /// The provider said what no wait cures.
    Incurable,
    /// The strategy never tries again.
    NoRetries,
    /// The retry policy lets it go.
    Policy(Reason),
    /// The retry budget is empty.
    Budget,
}

/// What keeps a request from being sent to a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bound {
    /// The place of the key among all keys of all providers.
    pub key: usize,
    /// What of the client holds it.
    pub by: Holder,
    /// Until when; `None` if nobody knows.
    pub denied: Option<Denied>,
}

/// The part of a client that holds a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holder {
    /// The gate that a refusal closed.
    Gate,
    /// A limit that the client was told of, by its place among those.
    Stated(usize),
    /// The shortest time between two calls.
    Spacing,
    /// The reserve for small requests that are still to come.
    Reserve,
    /// A limit of this dimension that it learned of.
    Learned(Dimension),
    /// A rate that it found from refusals.
    Found,
    /// The limit on its requests in flight.
    Permits,
    /// The choice among keys, which leaves this one out after a refusal.
    Route,
}
