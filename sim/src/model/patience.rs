use std::time::Duration;

use super::{
    observe::{End, HangUp, Happening, Observer},
    service::Span,
    world::{Event, World},
};
use crate::{engine::Streams, scenario::workload::Workload, workload::Job};

/// How long users wait before they cancel.
pub(crate) struct Patience {
    /// By the place of the workload; none where they wait for as long as it takes.
    spans: Vec<Option<Span>>,
    streams: Streams,
}

impl Patience {
    pub(crate) fn new(workloads: &[Workload], streams: Streams) -> Self {
        let span = |workload: &Workload| workload.patience.as_ref().map(Span::new);
        Self {
            spans: workloads.iter().map(span).collect(),
            streams,
        }
    }

    /// How long the user of a request waits: by lot, which depends on the request alone, so that it is the same
    /// under every strategy.
    pub(crate) fn of(&self, job: &Job) -> Option<Duration> {
        let span = self.spans.get(job.workload as usize)?.as_ref()?;
        Some(span.time(&mut self.streams.few("patience", &[job.id])))
    }
}

/// What becomes of requests whose users wait no longer.
impl<O: Observer> World<O> {
    /// Lets the user of a request that was taken in cancel it in time, unless it is over by then.
    pub(super) fn lose_patience(&mut self, slot: u32, job: &Job) {
        let Some(patience) = self.patience.of(job) else {
            return;
        };
        let at = self.now.saturating_add(patience);
        if at < self.end {
            self.events.schedule(at, Event::Cancel { slot, id: job.id });
        }
    }

    /// Cancels the request in this slot, if it is still this one; slots are used again.
    pub(super) fn cancel(&mut self, slot: u32, id: u64) {
        let work = self.works.find(slot);
        let Some(work) = work.filter(|work| work.job.id == id && !work.is_gone()) else {
            return;
        };
        let (job, place, calls) = (work.job, work.place, work.is_under_way());
        let client = self.client(slot);
        if calls {
            self.hang_up(client, slot, HangUp::Cancelled);
            self.works.remove(slot);
        } else if place.is_some_and(|place| self.clients[client].dequeue(place)) {
            self.works.remove(slot);
        } else {
            // It sleeps, and an event that comes names its slot.
            self.works.mark_gone(slot);
        }
        self.tally.cancel(&job);
        let end = End::Cancelled;
        self.observer.see(self.now, &Happening::Ends { id, end });
        self.ended(&job);
        self.pump(client);
    }
}
