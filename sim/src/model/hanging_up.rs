use paceline_backoff::FailureKind;
use paceline_core::{Class, Feedback};

use super::{
    answer::Reads,
    calls::{CallId, Caller, Stage},
    observe::{HangUp, Happening, Observer},
    works::UnderWay,
    world::World,
};

/// Calls for whose answers nobody waits any longer.
impl<O: Observer> World<O> {
    /// Takes a call that was not answered in time for failed.
    pub(super) fn time_out(&mut self, id: CallId) {
        let call = self.calls.get_mut(id);
        let Some(Caller::Work(slot)) = call.map(|call| call.caller) else {
            return;
        };
        let index = self.client(slot);
        self.hang_up(index, slot, HangUp::TimedOut);
        self.fail(index, slot, FailureKind::Error, None);
        self.pump(index);
    }

    /// Lets a client turn away from its call, if it has one under way, and gives back what that holds.
    pub(super) fn hang_up(&mut self, client: usize, slot: u32, why: HangUp) {
        let Some(UnderWay { held, call: id }) = self.works.answer(slot) else {
            return;
        };
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let caller = &mut self.clients[client];
        match why {
            HangUp::TimedOut => {
                let unanswered = Feedback::new(Class::Other);
                caller.finish(self.now, held, &call.job, &unanswered);
            }
            HangUp::Cancelled => caller.release(self.now, held),
        }
        let hung_up = Happening::HungUp {
            id: call.job.id,
            client,
            key: call.key,
            why,
            fails: self.tally.given_up(
                (call.sent_at, &call.job),
                call.answer.as_ref().map(|answer| answer.outcome),
            ),
        };
        self.observer.see(self.now, &hung_up);
        self.turn_away(id);
    }

    /// Leaves a call to the provider, which may stop working on it.
    pub(super) fn turn_away(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        (call.caller, call.reads) = (Caller::Nobody, Reads::Nothing);
        let key = call.key;
        if !self.providers[key].cancels {
            return;
        }
        match call.stage {
            Stage::Returning => return,
            Stage::Going => {}
            Stage::Waiting => {
                self.providers[key].cut_off();
                let server = self.providers[key].of;
                self.servers[server].leave(id);
            }
            Stage::InService => {
                self.providers[key].cut_off();
                self.next_in_service(key);
            }
        }
        self.calls.remove(id);
    }
}
