use std::slice;

use paceline_admission::Place;

use super::{calls::CallId, client::Held, retry::History};
use crate::workload::Job;

/// A request that is not done.
pub(super) struct Work {
    /// The request; of several that are sent as one, their sum, which is as old as the first of them.
    pub(super) job: Job,
    /// The requests that are sent as one, if they are several.
    #[expect(
        clippy::box_collection,
        reason = "few are, and all others are moved about without it"
    )]
    items: Option<Box<Vec<Job>>>,
    pub(super) calls: u32,
    pub(super) history: History,
    /// The place that it had in line, which a retry takes again.
    pub(super) place: Option<Place>,
    /// Whether its next call was not held back, once that has been asked.
    pub(super) passed: bool,
    /// Its call, while one is.
    under_way: Option<UnderWay>,
    /// Whether its user cancelled it while it slept; it stays until the event that would have woken it.
    gone: bool,
}

/// A call whose answer has not arrived.
pub(super) struct UnderWay {
    /// What it holds at the client.
    pub(super) held: Held,
    pub(super) call: CallId,
}

impl Work {
    pub(super) fn new(job: Job) -> Self {
        Self {
            job,
            items: None,
            calls: 0,
            history: History::default(),
            place: None,
            passed: false,
            under_way: None,
            gone: false,
        }
    }

    /// Whether it was cancelled, and counted.
    pub(super) const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether a call of it is under way.
    pub(super) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// How many requests wait in it.
    fn waits(&self) -> u64 {
        if self.gone || self.under_way.is_some() {
            0
        } else {
            self.items().len() as u64
        }
    }

    /// Adds a request that is sent along with it.
    fn add(&mut self, item: Job) {
        let first = self.job;
        let items = self.items.get_or_insert_with(|| Box::new(vec![first]));
        items.push(item);
        let sum = &mut self.job;
        sum.at = sum.at.min(item.at);
        for (sum, more) in [
            (&mut sum.input_tokens, item.input_tokens),
            (&mut sum.output_tokens, item.output_tokens),
            (&mut sum.max_tokens, item.max_tokens),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    /// The requests that it consists of.
    pub(super) fn items(&self) -> &[Job] {
        match &self.items {
            Some(items) => items,
            None => slice::from_ref(&self.job),
        }
    }
}

/// Requests that are not done, each in a slot of its own.
#[derive(Default)]
pub(super) struct Works {
    slots: Vec<Option<Work>>,
    free: Vec<u32>,
    /// Requests of which no call is under way.
    waiting: u64,
}

impl Works {
    pub(super) fn insert(&mut self, work: Work) -> u32 {
        self.waiting += work.waits();
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(work);
            return slot;
        }
        let slot = u32::try_from(self.slots.len()).expect("fewer events than that can be pending");
        self.slots.push(Some(work));
        slot
    }

    pub(super) fn get(&self, slot: u32) -> &Work {
        self.slots[slot as usize]
            .as_ref()
            .expect("the slot is taken until the work is done")
    }

    /// The work in a slot, if there is any.
    pub(super) fn find(&self, slot: u32) -> Option<&Work> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Work {
        self.slots[slot as usize]
            .as_mut()
            .expect("the slot is taken until the work is done")
    }

    pub(super) fn remove(&mut self, slot: u32) -> Work {
        self.free.push(slot);
        let work = self.slots[slot as usize]
            .take()
            .expect("the slot is taken until the work is done");
        self.waiting -= work.waits();
        work
    }

    /// Adds the request in a slot to those of another one.
    pub(super) fn join(&mut self, batch: u32, slot: u32) {
        let item = self.remove(slot).job;
        self.get_mut(batch).add(item);
        self.waiting += 1;
    }

    /// Takes note of a call that begins.
    pub(super) fn send(&mut self, slot: u32, call: UnderWay) {
        self.waiting -= self.get(slot).waits();
        self.get_mut(slot).under_way = Some(call);
    }

    /// The call that ends, if one is under way.
    pub(super) fn answer(&mut self, slot: u32) -> Option<UnderWay> {
        let call = self.get_mut(slot).under_way.take()?;
        self.waiting += self.get(slot).waits();
        Some(call)
    }

    /// Lets a request that sleeps be of no more account.
    pub(super) fn mark_gone(&mut self, slot: u32) {
        self.waiting -= self.get(slot).waits();
        self.get_mut(slot).gone = true;
    }

    /// Whether the request in a slot, which slept until now, is still wanted; else its slot is free again.
    pub(super) fn wakes(&mut self, slot: u32) -> bool {
        let wanted = !self.get(slot).is_gone();
        if !wanted {
            self.remove(slot);
        }
        wanted
    }

    /// How many requests have no call under way.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// How many slots are taken.
    pub(super) const fn taken(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Those that are not done, but for what was cancelled.
    pub(super) fn rest(&self) -> impl Iterator<Item = &Work> {
        self.slots.iter().flatten().filter(|work| !work.gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_of_what_was_cancelled_is_used_again_once_it_would_have_woken() {
        let mut works = Works::default();
        let [first, second] = [1, 2].map(|id| works.insert(Work::new(Job::smallest(id))));
        works.mark_gone(first);
        assert_eq!((works.waiting(), works.rest().count()), (1, 1));
        assert_ne!(works.insert(Work::new(Job::smallest(3))), first);
        assert!(works.wakes(second) && !works.wakes(first));
        assert_eq!((works.waiting(), works.rest().count()), (2, 2));
        assert_eq!(works.insert(Work::new(Job::smallest(4))), first);
        assert_eq!((works.waiting(), works.rest().count()), (3, 3));
    }
}
