use std::time::Duration;

use paceline_core::Timestamp;

use super::answer::{Answer, Reads};
use crate::workload::Job;

/// A call between its sending and its end, which may come after its client has turned away.
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) job: Job,
    /// The place of the key that it is sent with.
    pub(super) key: usize,
    /// How many calls of its request came before it.
    pub(super) attempt: u32,
    /// What is read of its answer.
    pub(super) reads: Reads,
    /// How long its answer takes on the way.
    pub(super) back: Duration,
    pub(super) sent_at: Timestamp,
    pub(super) stage: Stage,
    /// What the provider decided, once it has.
    pub(super) answer: Option<Answer>,
}

/// Who waits for the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Caller {
    /// The request in this slot.
    Work(u32),
    /// A tenant of this group, of whom no client knows.
    Tenant(usize),
    /// Whoever calls from outside of the model, under this number.
    Outside(u64),
    /// Nobody any more.
    Nobody,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// On its way to the provider.
    Going,
    /// Admitted, and waits for a worker.
    Waiting,
    /// A worker is at it.
    InService,
    /// Done or refused; the answer is on its way.
    Returning,
}

/// Names a call for as long as it lasts; its slot is used again, its name is not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct CallId {
    slot: u32,
    turn: u32,
}

/// All calls that have not come to their end.
#[derive(Default)]
pub(super) struct Calls {
    slots: Vec<(u32, Option<Call>)>,
    free: Vec<u32>,
}

impl Calls {
    pub(super) fn insert(&mut self, call: Call) -> CallId {
        if let Some(slot) = self.free.pop() {
            let (turn, place) = &mut self.slots[slot as usize];
            *place = Some(call);
            return CallId { slot, turn: *turn };
        }
        let slot = u32::try_from(self.slots.len()).expect("fewer events than that can be pending");
        self.slots.push((0, Some(call)));
        CallId { slot, turn: 0 }
    }

    /// The call of this name, unless it has come to its end.
    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        let (turn, call) = self.slots.get_mut(id.slot as usize)?;
        call.as_mut().filter(|_| *turn == id.turn)
    }

    /// Ends a call.
    pub(super) fn remove(&mut self, id: CallId) -> Option<Call> {
        let (turn, place) = self.slots.get_mut(id.slot as usize)?;
        if *turn != id.turn {
            return None;
        }
        let call = place.take()?;
        *turn = turn.wrapping_add(1);
        self.free.push(id.slot);
        Some(call)
    }
}
