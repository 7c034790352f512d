use std::io::Write;

use paceline_core::Timestamp;
use serde_json::{Value, json};

use super::{
    phase::{Open, Phase},
    reasons,
    timeline::Timeline,
    tracks::Tracks,
};
use crate::model::{Happening, Observer, Outcome};

/// What each thing that happens does to a timeline.
impl<W: Write> Observer for Timeline<'_, W> {
    fn see(&mut self, now: Timestamp, what: &Happening<'_>) {
        self.advance(now);
        match *what {
            Happening::Arrives { job, client } => {
                let args = json!({
                    "request": job.id,
                    "workload": job.workload,
                    "input tokens": job.input_tokens,
                    "output tokens": job.output_tokens,
                    "cap": job.max_tokens,
                });
                if self.begun {
                    self.name_client(now, client);
                    let slice = Tracks::request(job.id, client);
                    self.events.open(now, slice, args.clone());
                }
                let phase = Phase::Between;
                self.open.insert(
                    job.id,
                    Open {
                        client,
                        args,
                        phase,
                        shown: false,
                    },
                );
            }
            Happening::Cached { .. } => {}
            Happening::HeldBack { id, .. } => self.enter(now, id, Phase::HeldBack),
            Happening::Collected { id, .. } => self.enter(now, id, Phase::Collected),
            Happening::Queues { id, .. } => self.enter(now, id, Phase::Waiting(Vec::new())),
            Happening::Blocked { id, bounds, .. } => {
                self.enter(now, id, Phase::Waiting(bounds.to_vec()));
            }
            Happening::Sent { id, call, .. } => self.enter(now, id, Phase::Going { call }),
            Happening::Decided {
                id,
                key,
                call,
                outcome,
                refused_by,
            } => {
                self.touched.push(key);
                let limit = refused_by.map(|place| self.names.limit(now, key, place));
                if self.begun && outcome == Outcome::Refused {
                    let args = json!({ "request": id, "call": call, "limit": limit });
                    self.events
                        .instant(now, self.tracks.key(key), "refused", args);
                }
                let phase = Phase::Call {
                    key,
                    call,
                    outcome,
                    limit,
                };
                self.enter(now, id, phase);
            }
            Happening::Answered { .. } => self.answered(now, what),
            Happening::HungUp {
                id,
                client,
                key,
                why,
                fails,
            } => {
                self.touched.push(key);
                if self.begun {
                    let args = json!({ "request": id, "key": self.names.key(key), "fails": fails });
                    self.events
                        .instant(now, Tracks::client(client), reasons::hang_up(why), args);
                }
                self.enter(now, id, Phase::Between);
            }
            Happening::GateCloses {
                client,
                key,
                opens_at,
            } => {
                if opens_at > now
                    && self.gates.insert((client, key), opens_at).is_none()
                    && self.begun
                {
                    self.events
                        .open(now, self.tracks.gate(client, key), Value::Null);
                }
            }
            Happening::Retries { id, .. } => self.enter(now, id, Phase::Backoff),
            Happening::Ends { id, end } => {
                let Some(request) = self.open.remove(&id) else {
                    return;
                };
                self.close_phase(now, id, &request);
                self.counters.leave(&request.phase);
                if self.begun {
                    let args = json!({ "end": reasons::end(end) });
                    self.events
                        .close(now, Tracks::request(id, request.client), args);
                }
            }
        }
    }
}

impl<W: Write> Timeline<'_, W> {
    /// Marks an answer that is not a success, on the track of its client.
    fn answered(&mut self, now: Timestamp, what: &Happening<'_>) {
        let Happening::Answered {
            id,
            client,
            key,
            outcome,
            response,
            feedback,
            hint,
        } = *what
        else {
            return;
        };
        self.touched.push(key);
        let limit = match self.open.get(&id).map(|request| &request.phase) {
            Some(Phase::Call { limit, .. }) => limit.clone(),
            _ => None,
        };
        if self.begun && outcome != Outcome::Success {
            let status = response.map_or(0, |response| response.status);
            let args = json!({
                "request": id,
                "key": self.names.key(key),
                "limit": limit,
                "class": feedback.class.to_string(),
                "hint_s": hint.map(|hint| hint.as_secs_f64()),
                "body": response.map(|response| response.body.as_str()),
            });
            let pid = Tracks::client(client);
            self.events.instant(now, pid, &status.to_string(), args);
        }
        self.enter(now, id, Phase::Between);
    }
}
