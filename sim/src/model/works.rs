use std::slice;

use paceline_admission::Place;

use super::{calls::CallId, client::Held, retry::History};
use crate::workload::Job;

/// A request that is not done.
pub(super) struct Work {
    /// The request; of several that are sent as one, their sum, which is as old as the first of them.
    pub(super) job: Job,
    /// The requests that are sent as one, if they are several.
    items: Vec<Job>,
    pub(super) calls: u32,
    pub(super) history: History,
    /// The place that it had in line, which a retry takes again.
    pub(super) place: Option<Place>,
    /// Whether its next call was not held back, once that has been asked.
    pub(super) passed: bool,
    /// Its call, while one is.
    pub(super) under_way: Option<UnderWay>,
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
            items: Vec::new(),
            calls: 0,
            history: History::default(),
            place: None,
            passed: false,
            under_way: None,
        }
    }

    /// Adds a request that is sent along with it.
    pub(super) fn add(&mut self, item: Job) {
        if self.items.is_empty() {
            self.items.push(self.job);
        }
        self.items.push(item);
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
        if self.items.is_empty() {
            slice::from_ref(&self.job)
        } else {
            &self.items
        }
    }
}

/// Requests that are not done, each in a slot of its own.
#[derive(Default)]
pub(super) struct Works {
    slots: Vec<Option<Work>>,
    free: Vec<u32>,
}

impl Works {
    pub(super) fn insert(&mut self, work: Work) -> u32 {
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
        self.slots[slot as usize]
            .take()
            .expect("the slot is taken until the work is done")
    }

    pub(super) fn rest(&self) -> impl Iterator<Item = &Work> {
        self.slots.iter().flatten()
    }
}
