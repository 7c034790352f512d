use std::time::Duration;

use paceline_backoff::FailureKind;

use super::{
    tally::Tally,
    works::Work,
    world::{Event, World},
};

/// What becomes of requests, each of those that were sent as one by itself.
impl World {
    pub(super) fn succeed(&mut self, client: usize, slot: u32) {
        let work = self.works.remove(slot);
        let client = &mut self.clients[client];
        client.retries.success(self.now, &work.history);
        for item in work.items() {
            if self.now <= client.deadline(item) {
                self.tally.success(self.now, item);
            } else {
                self.tally.waste(item);
                self.tally.abandon(item);
            }
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
            Some(delay) => {
                let at = self.now.saturating_add(delay);
                self.events.schedule(at, Event::Ask(slot));
            }
            None => self.abandon(slot),
        }
    }

    pub(super) fn abandon(&mut self, slot: u32) {
        let work = self.works.remove(slot);
        for item in work.items() {
            self.tally.abandon(item);
            self.ended(item);
        }
    }

    /// Counts what is left.
    pub(super) fn close(mut self) -> Tally {
        for item in self.works.rest().flat_map(Work::items) {
            // All clients have the same deadline.
            if self.clients[0].deadline(item) <= self.end {
                self.tally.abandon(item);
            } else {
                self.tally.leave(item);
            }
        }
        self.tally
    }
}
