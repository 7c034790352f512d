use std::{io, time::Duration};

use paceline_core::{Feedback, Timestamp};

use super::reasons;
use crate::{
    engine::Streams,
    model::{Happening, HeldBy, Observer, Run, dialect::Response},
    names::Names,
    report::format::{count_u64, seconds},
    scenario::{Scenario, strategy::Strategy},
    workload::Job,
};

/// What became of the request whose life was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Life {
    /// It was written.
    Written,
    /// There is no such request; so many arrive in the scenario.
    NoSuchRequest(u64),
}

/// Writes the life of one request in words, line by line, and stops when it is over.
///
/// Times count from its arrival.
///
/// # Errors
///
/// Fails if a trace cannot be read or nothing can be written.
pub fn write_life(
    scenario: &Scenario,
    strategy: &Strategy,
    streams: Streams,
    id: u64,
    out: &mut dyn io::Write,
) -> anyhow::Result<Life> {
    let mut log = Log {
        names: Names::new(scenario, strategy),
        start: scenario.start(),
        id,
        follows: id,
        arrived_at: None,
        arrivals: 0,
        calls: 0,
        sent_at: Timestamp::EPOCH,
        answered: false,
        blocked: Vec::new(),
        over: false,
        text: String::new(),
    };
    log.text = format!(
        "Request {id} under `{}`, seed {}\n",
        strategy.name, scenario.seed
    );
    let mut run = Run::start(scenario, strategy, streams, log)?;
    loop {
        let more = run.step()?;
        flush(run.observer_mut(), out)?;
        if run.observer().over {
            return Ok(Life::Written);
        }
        if !more {
            break;
        }
    }
    // What is not done yet ends with the scenario.
    let (_, mut log) = run.finish();
    flush(&mut log, out)?;
    Ok(match log.arrived_at {
        Some(_) => Life::Written,
        None => Life::NoSuchRequest(log.arrivals),
    })
}

/// Hands on what was said, once the request is there.
fn flush(log: &mut Log<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    if log.arrived_at.is_some() {
        out.write_all(log.text.as_bytes())?;
        log.text.clear();
    }
    Ok(())
}

/// Follows one request.
struct Log<'a> {
    names: Names<'a>,
    start: Timestamp,
    id: u64,
    /// The request itself, or the first one of its batch.
    follows: u64,
    arrived_at: Option<Timestamp>,
    /// How many requests have arrived.
    arrivals: u64,
    calls: u32,
    sent_at: Timestamp,
    /// Whether the last thing that happened was an answer to it.
    answered: bool,
    /// What held it when it was last asked.
    blocked: Vec<HeldBy>,
    over: bool,
    text: String,
}

impl Observer for Log<'_> {
    fn see(&mut self, now: Timestamp, what: &Happening<'_>) {
        let answered = std::mem::take(&mut self.answered);
        match *what {
            Happening::Arrives { job, client } => {
                self.arrivals += 1;
                if job.id == self.id {
                    self.arrive(job, client);
                }
            }
            Happening::Collected { id, batch } if id == self.id => {
                self.follows = batch;
                if id == batch {
                    self.say(now, "opens a batch");
                } else {
                    let text =
                        format!("joins the batch of request {batch}, which goes on for both");
                    self.say(now, &text);
                }
            }
            Happening::Ends { id, end } if id == self.id => {
                let calls = match self.calls {
                    0 => "without a call".to_owned(),
                    1 => "after 1 call".to_owned(),
                    calls => format!("after {calls} calls"),
                };
                self.say(now, &format!("{}, {calls}", reasons::end(end)));
                self.over = true;
            }
            Happening::GateCloses {
                client: _,
                key,
                opens_at,
            } if answered => {
                let (key, at) = (self.names.key(key), self.at(opens_at));
                let text =
                    format!("the gate for {key} stays closed until {at}, for all of this client");
                self.detail(&text);
            }
            _ => self.follow(now, what),
        }
    }
}

impl Log<'_> {
    /// Tells what happens to the request, or to that which speaks for it.
    fn follow(&mut self, now: Timestamp, what: &Happening<'_>) {
        match *what {
            Happening::Cached { id } if id == self.follows => self.say(now, "a cache answers"),
            Happening::HeldBack { id, until } if id == self.follows => {
                let text = format!("is held back until off-peak hours, at {}", self.at(until));
                self.say(now, &text);
            }
            Happening::Queues { id, waiting, .. } if id == self.follows => {
                self.blocked.clear();
                let text = match waiting {
                    1 => "comes to the head of an empty line".to_owned(),
                    _ => format!("waits in a line of {}", count_u64(waiting as u64)),
                };
                self.say(now, &text);
            }
            Happening::Blocked { id, bounds, .. } if id == self.follows => self.block(now, bounds),
            Happening::Sent {
                id,
                key,
                call,
                cost,
                ..
            } if id == self.follows => {
                (self.calls, self.sent_at) = (call, now);
                self.blocked.clear();
                let (key_name, cost) = (self.names.key(key), reasons::cost(cost));
                let text = format!("call {call} goes to {key_name}, estimated at {cost}");
                self.say(now, &text);
            }
            Happening::Decided {
                id,
                key,
                outcome,
                refused_by,
                ..
            } if id == self.follows => {
                let limit = refused_by.map(|place| self.names.limit(now, key, place));
                let decision = reasons::decision(outcome, limit);
                if now == self.sent_at {
                    self.detail(&decision);
                } else {
                    self.say(now, &decision);
                }
            }
            Happening::HungUp { id, why, .. } if id == self.follows => {
                let waited = seconds(now.saturating_duration_since(self.sent_at).as_secs_f64());
                let why = reasons::hang_up(why);
                self.answered = true;
                self.say(now, &format!("{why}, {waited} after the call"));
            }
            Happening::Answered {
                id,
                response,
                feedback,
                hint,
                ..
            } if id == self.follows => self.answer(now, response, feedback, hint),
            Happening::Retries { id, at } if id == self.follows => {
                let delay = at.saturating_duration_since(now).as_secs_f64();
                let text = format!("tries again in {}, at {}", seconds(delay), self.at(at));
                self.say(now, &text);
            }
            _ => {}
        }
    }

    fn arrive(&mut self, job: &Job, client: usize) {
        self.arrived_at = Some(job.at);
        let since = job.at.saturating_duration_since(self.start).as_secs_f64();
        self.text += &format!(
            "{} input tokens, {} output tokens, cap {}; arrives at client {client}, {since:.3} s after the start\n\n",
            count_u64(job.input_tokens),
            count_u64(job.output_tokens),
            count_u64(job.max_tokens),
        );
        self.say(job.at, "arrives");
    }

    /// Says what holds it, unless that was said.
    fn block(&mut self, now: Timestamp, bounds: &[HeldBy]) {
        if self.blocked == bounds {
            return;
        }
        self.blocked = bounds.to_vec();
        for bound in bounds {
            let by = reasons::holder(&self.names, bound);
            let until = reasons::until(bound.denied, |at| self.at(at));
            let key = match bounds.len() {
                1 => String::new(),
                _ => format!("{}: ", self.names.key(bound.key)),
            };
            self.say(now, &format!("{key}held by {by} {until}"));
        }
    }

    fn answer(
        &mut self,
        now: Timestamp,
        response: Option<&Response>,
        feedback: &Feedback,
        hint: Option<Duration>,
    ) {
        self.answered = true;
        let took = seconds(now.saturating_duration_since(self.sent_at).as_secs_f64());
        let Some(response) = response else {
            return self.say(now, &format!("the answer is there, {took} after the call"));
        };
        let status = response.status;
        self.say(
            now,
            &format!("status {status} arrives, {took} after the call"),
        );
        for (name, value) in &response.headers {
            self.detail(&format!("{name}: {value}"));
        }
        if !response.body.is_empty() {
            self.detail(&response.body);
        }
        let blamed = feedback.refused_by().and_then(|it| it.metric.dimension());
        let blamed = blamed.map_or_else(String::new, |counts| format!(", of a limit on {counts}"));
        let asked = match (hint, feedback.hint) {
            (Some(hint), Some(read)) => format!(
                ", come back in {} (from {})",
                seconds(hint.as_secs_f64()),
                reasons::source(read.source)
            ),
            (None, Some(read)) => format!(
                "; {} says when to come back, where it does not look",
                reasons::source(read.source)
            ),
            (_, None) => String::new(),
        };
        self.detail(&format!("read as: {}{blamed}{asked}", feedback.class));
    }

    fn say(&mut self, now: Timestamp, text: &str) {
        self.text += &format!("{:>12}  {text}\n", self.at(now));
    }

    fn detail(&mut self, text: &str) {
        self.text += &format!("{:>12}    {text}\n", "");
    }

    /// A time, counted from the arrival.
    fn at(&self, at: Timestamp) -> String {
        let arrived_at = self.arrived_at.unwrap_or(self.start);
        let (sign, span) = match at.saturating_duration_since(arrived_at) {
            Duration::ZERO if at < arrived_at => ('-', arrived_at.saturating_duration_since(at)),
            span => ('+', span),
        };
        format!("{sign}{:.3} s", span.as_secs_f64())
    }
}
