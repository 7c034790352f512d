use paceline_backoff::FailureKind;
use paceline_core::Timestamp;

use super::{
    client::Verdict,
    observe::{Cause, Happening, Observer},
    world::{Event, World},
};
use crate::scenario::strategy::Queue;

/// What a client told a request that asked, where all who ask are told the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    client: usize,
    at: Timestamp,
    until: Timestamp,
}

/// Requests in line, from which they are sent.
impl<O: Observer> World<O> {
    /// Lets a request take its place in line, if its call is not held back.
    pub(super) fn ask(&mut self, slot: u32) {
        let client = self.client(slot);
        let work = self.works.get_mut(slot);
        let retries = &mut self.clients[client].retries;
        work.passed = work.passed || retries.lets_pass(self.now, &work.job, &work.history);
        if !work.passed {
            return self.retry_or_abandon(client, slot, FailureKind::Throttled, None);
        }
        if let Some(until) = self.told_as_well(client, slot) {
            return self.events.schedule(until, Event::Ask(slot));
        }
        let work = self.works.get_mut(slot);
        let place = self.clients[client].enqueue(self.now, &work.job, slot, work.place);
        work.place = Some(place);
        let queues = Happening::Queues {
            id: work.job.id,
            client,
            waiting: self.clients[client].waiting(),
        };
        self.observer.see(self.now, &queues);
        self.pump(client);
    }

    /// Until when it has to sleep if it is one of a herd of which another has just been told. Taking its place in line
    /// and asking would say the same, and take most of the time of such runs.
    fn told_as_well(&self, client: usize, slot: u32) -> Option<Timestamp> {
        let refused = self.refused?;
        let work = self.works.get(slot);
        let of = &self.clients[client];
        let alike = !O::WATCHES
            && (refused.client, refused.at) == (client, self.now)
            && work.place.is_some()
            && self.now < of.deadline(&work.job);
        alike.then_some(refused.until)
    }

    /// Sends whatever a client may send, in the order of its line.
    pub(super) fn pump(&mut self, index: usize) {
        loop {
            let client = &mut self.clients[index];
            let Some((place, slot)) = client.head() else {
                return;
            };
            let job = self.works.get(slot).job;
            if self.now >= client.deadline(&job) {
                client.dequeue(place);
                self.abandon(slot, Cause::Deadline);
                continue;
            }
            if let Some(at) = client.held_until(self.now, &job) {
                client.dequeue(place);
                let held = Happening::HeldBack {
                    id: job.id,
                    until: at,
                };
                self.observer.see(self.now, &held);
                self.events.schedule(at, Event::Ask(slot));
                continue;
            }
            let verdict = client.try_send(self.now, &job);
            if O::WATCHES && !matches!(verdict, Verdict::Send(..)) {
                let blocked = Happening::Blocked {
                    id: job.id,
                    client: index,
                    stays: match verdict {
                        Verdict::Never => false,
                        Verdict::Wait(_) => client.queue != Queue::None,
                        Verdict::Full | Verdict::Send(..) => true,
                    },
                    bounds: &client.bounds(self.now, &job),
                };
                self.observer.see(self.now, &blocked);
            }
            match verdict {
                Verdict::Send(held, key) => {
                    client.dequeue(place);
                    self.send(index, slot, held, key);
                }
                Verdict::Never => {
                    client.dequeue(place);
                    self.abandon(slot, Cause::NeverFits);
                }
                Verdict::Full => return,
                Verdict::Wait(at) if client.queue != Queue::None => {
                    if client.wake_at.is_none_or(|wake_at| at < wake_at) {
                        client.wake_at = Some(at);
                        self.events.schedule(at, Event::Wake(index));
                    }
                    return;
                }
                Verdict::Wait(at) => {
                    client.dequeue(place);
                    self.refused = client.alike.then_some(Refused {
                        client: index,
                        at: self.now,
                        until: at,
                    });
                    self.events.schedule(at, Event::Ask(slot));
                }
            }
        }
    }
}
