use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use hyper::StatusCode;
use paceline_admission::Place;
use paceline_backoff::FailureKind;
use paceline_core::{Class, Clock, Feedback, Timestamp};
use paceline_tokio::Admitted;

use super::{
    client::Client,
    clock::FastClock,
    http::{Caller, Reply},
    record::{End, Record, Sent},
    trouble::Trouble,
};
use crate::{
    model::{Assignment, Cache, Follows, History, Limits, Outcome, Patience, Sessions},
    workload::Job,
};

/// All that requests share. They run on one thread, so nobody waits for a lock.
pub(super) struct World {
    pub(super) clock: FastClock,
    pub(super) assignment: Assignment,
    pub(super) clients: Vec<Client>,
    pub(super) caller: Caller,
    pub(super) cache: Cache,
    pub(super) patience: Patience,
    pub(super) sessions: RefCell<Sessions>,
    pub(super) record: RefCell<Record>,
    pub(super) trouble: Trouble,
}

/// A request under way.
struct Request<'a> {
    world: &'a World,
    client: &'a Client,
    job: &'a Job,
    history: History,
    /// The place that it had in line, which a retry takes again.
    place: Option<Place>,
    calls: u32,
    /// What its user has to hang up on.
    call: &'a Call,
}

/// A call whose answer is not there, if there is one.
#[derive(Default)]
struct Call(Cell<Option<Admitted<Limits>>>);

impl World {
    /// Whose request it is.
    fn client(&self, job: &Job) -> &Client {
        &self.clients[self.assignment.client_of(job)]
    }

    /// When a request becomes worthless.
    pub(super) fn deadline(&self, job: &Job) -> Timestamp {
        self.client(job).deadline(job)
    }

    /// Sees a request through, from its arrival to its end.
    pub(super) async fn see_through(&self, job: Job) {
        self.record.borrow_mut().arrived(self.clock.now(), &job);
        let end = if self.cache.answers(&job) {
            End::Completed
        } else {
            self.pursue(&job).await
        };
        self.record.borrow_mut().ended(self.clock.now(), &job, end);
    }

    /// Lets a session ask again and again, for the first time at `at`.
    pub(super) async fn see_session_through(&self, session: u32, mut at: Timestamp) {
        loop {
            self.clock.sleep_until(at).await;
            let job = self.sessions.borrow_mut().ask(session, at);
            let Some(job) = job else {
                return;
            };
            self.see_through(job).await;
            let think = self.sessions.borrow().think(session);
            let Some(think) = think else {
                return;
            };
            at = self.clock.now().saturating_add(think);
        }
    }

    /// Pursues a request until it ends, or its user waits no longer.
    async fn pursue(&self, job: &Job) -> End {
        let (client, call) = (self.client(job), Call::default());
        let request = Request {
            world: self,
            client,
            job,
            history: History::default(),
            place: None,
            calls: 0,
            call: &call,
        };
        let Some(patience) = self.patience.of(job) else {
            return request.pursue().await;
        };
        let cancelled = self.clock.sleep_until(job.at.saturating_add(patience));
        tokio::select! {
            biased;
            end = request.pursue() => end,
            () = cancelled => {
                if let Some(admitted) = call.0.take() {
                    let sent = Sent { at: admitted.at(), job };
                    self.record.borrow_mut().given_up(self.clock.now(), sent);
                    client.release(admitted);
                }
                End::Cancelled
            }
        }
    }
}

impl Request<'_> {
    async fn pursue(mut self) -> End {
        loop {
            let failure = if self.passes() {
                let Some(admitted) = self.admit().await else {
                    return End::GivenUp;
                };
                match self.call(admitted).await {
                    Ok(end) => return end,
                    Err(failure) => failure,
                }
            } else {
                (FailureKind::Throttled, None)
            };
            let Some(at) = self.retry_at(failure) else {
                return End::GivenUp;
            };
            self.world.clock.sleep_until(at).await;
        }
    }

    /// Whether a call may be made, which is asked once before each.
    fn passes(&self) -> bool {
        let mut retries = self.client.retries.borrow_mut();
        retries.lets_pass(self.world.clock.now(), self.job, &self.history)
    }

    /// When to try again after a failure, if at all.
    fn retry_at(&mut self, (kind, hint): (FailureKind, Option<Duration>)) -> Option<Timestamp> {
        let now = self.world.clock.now();
        let deadline = self.client.deadline(self.job);
        let history = &mut self.history;
        let mut retries = self.client.retries.borrow_mut();
        let next = retries.next(now, self.job, history, kind, hint, deadline);
        next.ok().map(|delay| now.saturating_add(delay))
    }

    /// Waits until it may be sent; in vain, if it becomes worthless before or never may be.
    async fn admit(&mut self) -> Option<Admitted<Limits>> {
        let deadline = self.client.deadline(self.job);
        if self.world.clock.now() >= deadline {
            return None;
        }
        tokio::select! {
            biased;
            admitted = self.client.admit(self.job, &mut self.place) => admitted.ok(),
            () = self.world.clock.sleep_until(deadline) => None,
        }
    }

    /// Makes a call, and says how the request ended, or what failed.
    async fn call(
        &mut self,
        admitted: Admitted<Limits>,
    ) -> Result<End, (FailureKind, Option<Duration>)> {
        let Self {
            world, client, job, ..
        } = *self;
        let sent = Sent {
            at: admitted.at(),
            job,
        };
        if self.calls == 0 {
            let history = &mut self.history;
            client.retries.borrow_mut().first_call(sent.at, history);
        }
        world.record.borrow_mut().sent(sent);
        self.call.0.set(Some(admitted));
        let reply = world.caller.call(job, self.calls);
        self.calls = self.calls.saturating_add(1);
        let deadline = client
            .timeout
            .map_or(Timestamp::MAX, |it| sent.at.saturating_add(it));
        let reply = tokio::select! {
            biased;
            reply = reply => reply.ok(),
            () = world.clock.sleep_until(deadline) => None,
        };
        let now = world.clock.now();
        let feedback = match &reply {
            Some(reply) => {
                let Reply {
                    status,
                    headers,
                    body,
                } = reply;
                let all = paceline_wire::read_http(*status, headers, body, now);
                world.trouble.look_for(&world.caller, *status, &all);
                let outcome = outcome(*status, &all);
                world.record.borrow_mut().answered(now, sent, outcome);
                client.hearing.hear_read(now, status.as_u16(), all)
            }
            None => {
                world.record.borrow_mut().given_up(now, sent);
                Feedback::new(Class::Other)
            }
        };
        let usage = reply.as_ref().and_then(Reply::usage);
        if let Some(admitted) = self.call.0.take() {
            client.finish(admitted, job, &feedback, usage);
        }
        self.heard(now, &feedback, reply.is_some())
    }

    /// What follows from an answer, or from none.
    fn heard(
        &self,
        now: Timestamp,
        feedback: &Feedback,
        answered: bool,
    ) -> Result<End, (FailureKind, Option<Duration>)> {
        let Self { client, job, .. } = self;
        let mut retries = client.retries.borrow_mut();
        let hint = client.hearing.hint(now, feedback);
        let follows = match answered {
            true => retries.answered(now, feedback, hint),
            false => Follows::Failure(FailureKind::Error, None),
        };
        match follows {
            Follows::Success => {
                retries.success(now, &self.history);
                let in_time = now <= client.deadline(job);
                Ok(if in_time {
                    End::Completed
                } else {
                    End::TooLate
                })
            }
            Follows::NoCure => Ok(End::GivenUp),
            Follows::Failure(kind, hint) => {
                retries.failed(now, kind);
                Err((kind, hint))
            }
        }
    }
}

/// What a call led to, by all that its answer says.
fn outcome(status: StatusCode, feedback: &Feedback) -> Outcome {
    match feedback.class {
        Class::Ok => Outcome::Success,
        Class::TooLarge => Outcome::TooLarge,
        Class::Pace | Class::Quota | Class::Billing => Outcome::Refused,
        Class::Overload if status == StatusCode::TOO_MANY_REQUESTS => Outcome::Refused,
        Class::Overload => Outcome::Unavailable,
        _ => Outcome::Failed,
    }
}
