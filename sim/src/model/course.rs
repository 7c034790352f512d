use std::time::Duration;

use paceline_backoff::FailureKind;
use paceline_core::Class;

use super::{
    answer::{Answer, Outcome, Reads, Said},
    calls::{Call, CallId, Caller, Stage},
    client::Held,
    observe::{Cause, Happening, Observer},
    retry::Follows,
    tenants::TenantCall,
    works::UnderWay,
    world::{Event, World},
};
use crate::workload::TraceError;

/// The course of a call: to the provider, through its server, and back, if anybody still waits there.
impl<O: Observer> World<O> {
    /// Sends a call.
    pub(super) fn send(&mut self, client: usize, slot: u32, held: Held, key: usize) {
        let work = self.works.get_mut(slot);
        let (there, back) = self.providers[key].ways(&work.job, work.calls);
        if O::WATCHES {
            let sent = Happening::Sent {
                id: work.job.id,
                client,
                key,
                call: work.calls.saturating_add(1),
                cost: self.clients[client].cost(key, &work.job),
            };
            self.observer.see(self.now, &sent);
        }
        let client = &mut self.clients[client];
        let call = self.calls.insert(Call {
            caller: Caller::Work(slot),
            job: work.job,
            key,
            attempt: work.calls,
            reads: match client.hearing.reads {
                // Observers read words.
                Reads::Gist if O::WATCHES => Reads::Faults,
                reads => reads,
            },
            back,
            sent_at: self.now,
            stage: Stage::Going,
            answer: None,
        });
        if work.calls == 0 {
            client.retries.first_call(self.now, &mut work.history);
        }
        work.calls += 1;
        work.passed = false;
        let timeout = client.timeout;
        self.works.send(slot, UnderWay { held, call });
        self.tally.sent(self.now);
        self.go(call, there);
        if let Some(timeout) = timeout {
            let at = self.now.saturating_add(timeout);
            self.events.schedule(at, Event::TimeOut(call));
        }
    }

    /// Lets a call reach its provider after so long.
    pub(super) fn go(&mut self, id: CallId, there: Duration) {
        if there.is_zero() {
            self.reach(id);
        } else {
            let at = self.now.saturating_add(there);
            self.events.schedule(at, Event::Reach(id));
        }
    }

    /// Lets somebody else call, whom nobody answers to.
    pub(super) fn meet_tenant(&mut self, call: TenantCall) -> Result<(), TraceError> {
        let TenantCall { job, key, group } = call;
        self.admit_next_tenant(group)?;
        let call = self.calls.insert(Call {
            caller: Caller::Tenant(group),
            job,
            key,
            attempt: 0,
            reads: Reads::Nothing,
            back: Duration::ZERO,
            sent_at: self.now,
            stage: Stage::Going,
            answer: None,
        });
        self.reach(call);
        Ok(())
    }

    /// Lets the provider decide about a call.
    pub(super) fn reach(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let (job, now) = (call.job, self.now);
        let provider = &mut self.providers[call.key];
        let server = &mut self.servers[provider.of];
        let mut answer =
            provider.call(
                now,
                &job,
                server.has_room(),
                call.reads,
                |provider| match call.caller {
                    Caller::Tenant(group) => self.tenants.luck(group, &job),
                    _ => provider.luck("service", &job, call.attempt),
                },
            );
        if answer.outcome == Outcome::Success
            && let Some(took) = self.sessions.recorded(&job)
        {
            answer.takes = took;
        }
        let Answer {
            outcome,
            takes,
            refused_by,
            ..
        } = answer;
        call.answer = Some(answer);
        match call.caller {
            Caller::Work(_) => {
                self.tally.decided(now, (call.sent_at, &job), outcome);
                let decided = Happening::Decided {
                    id: job.id,
                    key: call.key,
                    call: call.attempt.saturating_add(1),
                    outcome,
                    refused_by,
                };
                self.observer.see(now, &decided);
            }
            Caller::Nobody => self.tally.decided_in_vain(now, outcome),
            Caller::Tenant(_) | Caller::Outside(_) => {}
        }
        if outcome.is_admitted() {
            call.stage = Stage::Waiting;
            if server.has_worker() {
                self.begin(id);
            } else {
                server.wait(id);
            }
        } else if matches!(call.caller, Caller::Work(_) | Caller::Outside(_)) {
            call.stage = Stage::Returning;
            let at = now.saturating_add(takes);
            let at = at.saturating_add(call.back);
            self.events.schedule(at, Event::Respond(id));
        } else {
            self.calls.remove(id);
        }
    }

    /// Lets a worker begin with a call.
    fn begin(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.stage = Stage::InService;
        let server = &mut self.servers[self.providers[call.key].of];
        let takes = call.answer.as_ref().map_or(Duration::ZERO, |it| it.takes);
        let at = self.now.saturating_add(takes);
        let slowed = server.begin();
        self.events
            .schedule(at.saturating_add(slowed), Event::Done(id));
        if let Caller::Outside(number) = call.caller {
            self.tell_beginning(id, number, slowed);
        }
    }

    /// Lets a worker go over from a call that is done to the next one.
    pub(super) fn done(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            // It was cut off before.
            return;
        };
        let (key, caller, back) = (call.key, call.caller, call.back);
        call.stage = Stage::Returning;
        if let Some(answer) = &call.answer {
            self.providers[key].finish(self.now, &call.job, answer.outcome);
        }
        self.next_in_service(key);
        match caller {
            Caller::Work(_) | Caller::Outside(_) if back.is_zero() => self.respond(id),
            Caller::Work(_) | Caller::Outside(_) => {
                let at = self.now.saturating_add(back);
                self.events.schedule(at, Event::Respond(id));
            }
            Caller::Tenant(_) | Caller::Nobody => {
                self.calls.remove(id);
            }
        }
    }

    pub(super) fn next_in_service(&mut self, key: usize) {
        let server = self.providers[key].of;
        if let Some(next) = self.servers[server].end() {
            self.begin(next);
        }
    }

    /// Lets an answer reach its client.
    pub(super) fn respond(&mut self, id: CallId) {
        let Some(call) = self.calls.remove(id) else {
            return;
        };
        let slot = match call.caller {
            Caller::Work(slot) => slot,
            Caller::Outside(number) => return self.tell_ending(number, call),
            // It comes too late.
            Caller::Tenant(_) | Caller::Nobody => return,
        };
        let index = self.client(slot);
        let (Some(UnderWay { held, .. }), Some(answer)) = (self.works.answer(slot), call.answer)
        else {
            return;
        };
        let client = &mut self.clients[index];
        let feedback = client.hearing.hear(self.now, &answer.said);
        client.finish(self.now, held, &call.job, &feedback);
        let hint = client.hearing.hint(self.now, &feedback);
        let answered = Happening::Answered {
            id: call.job.id,
            client: index,
            key: call.key,
            outcome: answer.outcome,
            response: match &answer.said {
                Said::Words(response) => Some(response),
                Said::Nothing | Said::Gist(_) => None,
            },
            feedback: &feedback,
            hint,
        };
        self.observer.see(self.now, &answered);
        if O::WATCHES
            && matches!(feedback.class, Class::Pace | Class::Quota)
            && let Some(opens_at) = client.gate_opens_at(call.key)
        {
            let closes = Happening::GateCloses {
                client: index,
                key: call.key,
                opens_at,
            };
            self.observer.see(self.now, &closes);
        }
        match client.retries.answered(self.now, &feedback, hint) {
            Follows::Success => self.succeed(index, slot),
            Follows::NoCure => self.abandon(slot, Cause::Incurable),
            Follows::Failure(kind, hint) => self.fail(index, slot, kind, hint),
        }
        self.pump(index);
    }

    /// Tells the budget of a failure before it is asked to retry.
    pub(super) fn fail(
        &mut self,
        client: usize,
        slot: u32,
        kind: FailureKind,
        hint: Option<Duration>,
    ) {
        self.clients[client].retries.failed(self.now, kind);
        self.retry_or_abandon(client, slot, kind, hint);
    }
}
