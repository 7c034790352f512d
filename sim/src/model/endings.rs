use std::time::Duration;

use paceline_backoff::FailureKind;

use super::{
    observe::{Cause, End, Happening, Observer},
    tally::Tally,
    works::Work,
    world::{Event, World},
};

/// What becomes of requests, each of those that were sent as one by itself.
impl<O: Observer> World<O> {
    pub(super) fn succeed(&mut self, client: usize, slot: u32) {
        let work = self.works.remove(slot);
        let client = &mut self.clients[client];
        client.retries.success(self.now, &work.history);
        for item in work.items() {
            let end = if self.now <= client.deadline(item) {
                self.tally.success(self.now, item);
                End::Completed
            } else {
                self.tally.waste(item);
                self.tally.abandon(item);
                End::TooLate
            };
            let ends = Happening::Ends { id: item.id, end };
            self.observer.see(self.now, &ends);
        }
        for item in work.items() {
            self.ended(item);
        }
    }

    pub(super) fn retry_or_abandon(
        &mut self,
        client: usize,
        slot: u32,
        kind: FailureKind,
        hint: Option<Duration>,
    ) {
        let client = &mut self.clients[client];
        let work = self.works.get_mut(slot);
        let deadline = client.deadline(&work.job);
        let history = &mut work.history;
        let next = client
            .retries
            .next(self.now, &work.job, history, kind, hint, deadline);
        match next {
            Ok(delay) => {
                let at = self.now.saturating_add(delay);
                self.events.schedule(at, Event::Ask(slot));
                let id = work.job.id;
                self.observer.see(self.now, &Happening::Retries { id, at });
            }
            Err(cause) => self.abandon(slot, cause),
        }
    }

    pub(super) fn abandon(&mut self, slot: u32, cause: Cause) {
        let work = self.works.remove(slot);
        for item in work.items() {
            self.tally.abandon(item);
            let (id, end) = (item.id, End::GivenUp(cause));
            self.observer.see(self.now, &Happening::Ends { id, end });
            self.ended(item);
        }
    }

    /// Counts what is left.
    pub(super) fn close(mut self) -> (Tally, O) {
        self.gauge(self.end);
        for item in self.works.rest().flat_map(Work::items) {
            // All clients have the same deadline.
            let end = if self.clients[0].deadline(item) <= self.end {
                self.tally.abandon(item);
                End::GivenUp(Cause::Deadline)
            } else {
                self.tally.leave(item);
                End::Unfinished
            };
            let ends = Happening::Ends { id: item.id, end };
            self.observer.see(self.end, &ends);
        }
        (self.tally, self.observer)
    }
}
