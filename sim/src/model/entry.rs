use super::{
    batch::Collected,
    observe::{End, Happening, Observer},
    works::Work,
    world::{Event, World},
};
use crate::workload::Job;

/// What happens to requests before they wait for limits.
impl<O: Observer> World<O> {
    /// Lets every session ask for the first time.
    pub(super) fn begin_sessions(&mut self) {
        for (session, at) in self.sessions.beginnings() {
            self.events.schedule(at, Event::Turn(session));
        }
    }

    /// Lets a session ask.
    pub(super) fn turn(&mut self, session: u32) {
        if let Some(job) = self.sessions.ask(session, self.now) {
            self.arrive(job);
        }
    }

    /// Lets the session of a request that has ended think about the next one.
    pub(super) fn ended(&mut self, job: &Job) {
        let Some(session) = job.session() else {
            return;
        };
        if let Some(think) = self.sessions.think(session) {
            let at = self.now.saturating_add(think);
            self.events.schedule(at, Event::Turn(session));
        }
    }

    /// Answers a request from the cache, or takes it in.
    pub(super) fn arrive(&mut self, job: Job) {
        let id = job.id;
        let arrives = Happening::Arrives {
            job: &job,
            client: self.assignment.client_of(&job),
        };
        self.observer.see(self.now, &arrives);
        if self.cache.answers(&job) {
            self.tally.success(self.now, &job);
            self.observer.see(self.now, &Happening::Cached { id });
            let end = End::Completed;
            self.observer.see(self.now, &Happening::Ends { id, end });
            return self.ended(&job);
        }
        let slot = self.works.insert(Work::new(job));
        self.lose_patience(slot, &job);
        self.enter(slot);
    }

    /// Holds a request back until off-peak hours, or collects it into a batch, or lets it wait in line.
    pub(super) fn enter(&mut self, slot: u32) {
        let index = self.client(slot);
        let job = self.works.get(slot).job;
        let client = &mut self.clients[index];
        if let Some(at) = client.held_until(self.now, &job) {
            self.events.schedule(at, Event::Enter(slot));
            let (id, until) = (job.id, at);
            self.observer
                .see(self.now, &Happening::HeldBack { id, until });
            return;
        }
        let Some(batches) = &mut client.batches else {
            return self.ask(slot);
        };
        match batches.collect(job.workload, slot) {
            Collected::Alone => self.ask(slot),
            Collected::Opens(wait) => {
                self.collected(job.id, job.id);
                let at = self.now.saturating_add(wait);
                self.events.schedule(
                    at,
                    Event::Close {
                        slot,
                        first: job.id,
                    },
                );
            }
            Collected::Joins(batch) => self.join(batch, slot),
            Collected::Fills(batch) => {
                self.join(batch, slot);
                self.ask(batch);
            }
        }
    }

    /// Sends a batch that has waited for long enough, unless it was full before; slots are used again.
    pub(super) fn close_batch(&mut self, slot: u32, first: u64) {
        let Some(work) = self.works.find(slot).filter(|work| work.job.id == first) else {
            return;
        };
        let workload = work.job.workload;
        let index = self.client(slot);
        let batches = self.clients[index].batches.as_mut();
        if batches.is_some_and(|batches| batches.close(workload, slot)) {
            self.ask(slot);
        }
    }

    fn join(&mut self, batch: u32, slot: u32) {
        let id = self.works.get(slot).job.id;
        self.works.join(batch, slot);
        let first = self.works.get(batch).job.id;
        self.collected(id, first);
    }

    fn collected(&mut self, id: u64, batch: u64) {
        let collected = Happening::Collected { id, batch };
        self.observer.see(self.now, &collected);
    }
}
