//! The hold model in nexosim: a model that answers each event by scheduling it again.

use std::time::Duration;

use nexosim::{
    model::{Context, Model, schedulable},
    simulation::{Mailbox, SimInit, Simulation},
    time::MonotonicTime,
};
use paceline_core::{Rng, SplitMix64};
use serde::{Deserialize, Serialize};

/// An event as large as those of a simulator that keeps a request in each.
type Event = [u64; 6];

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Holder {
    pending: u64,
    /// The state of a SplitMix64, which is not serializable.
    state: u64,
}

#[Model]
impl Holder {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        for event in 0..self.pending {
            self.schedule([event; 6], cx);
        }
    }

    #[nexosim(schedulable)]
    async fn hold(&mut self, event: Event, cx: &Context<Self>) {
        self.schedule(event, cx);
    }

    fn schedule(&mut self, event: Event, cx: &Context<Self>) {
        let drawn = SplitMix64::new(self.state).next_u64();
        self.state = drawn;
        // Events cannot be scheduled for the present.
        let gap = Duration::from_nanos((drawn >> 34) + 1);
        cx.schedule_event(gap, schedulable!(Self::hold), event)
            .expect("the future");
    }
}

/// A simulation with so many events pending, on one thread.
pub(crate) fn simulation(pending: u64) -> Simulation {
    let holder = Holder { pending, state: 7 };
    let bench = SimInit::with_num_threads(1);
    let bench = bench.add_model(holder, Mailbox::new(), "holder");
    bench.init(MonotonicTime::EPOCH).expect("one model")
}
