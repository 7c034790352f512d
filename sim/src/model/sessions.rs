use std::{collections::BTreeMap, sync::Arc, time::Duration};

use paceline_core::Timestamp;

use super::service::Span;
use crate::{
    engine::Streams,
    scenario::{
        Scenario,
        latency::Latency,
        workload::{Arrivals, Workload},
    },
    workload::{Job, Step, TraceError, read_sessions, size},
};

/// Everybody who asks again when he has been answered.
///
/// What a session asks and how long it thinks depends on the session and the place of the request alone,
/// so that it is the same under every strategy. Memory is bounded by the sessions, and by a trace of them.
pub(crate) struct Sessions {
    sessions: Vec<Session>,
    workloads: Vec<Workload>,
    streams: Streams,
}

struct Session {
    workload: u32,
    /// How many requests it has made.
    made: u32,
    begins_at: Timestamp,
    plan: Plan,
}

#[derive(Clone)]
enum Plan {
    Drawn {
        think: Latency,
        most: u32,
    },
    Recorded {
        steps: Arc<[Step]>,
        with_latency: bool,
    },
}

impl Sessions {
    /// Makes the sessions of all workloads.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be read.
    pub(crate) fn new(scenario: &Scenario, streams: Streams) -> Result<Self, TraceError> {
        let mut all = Self {
            sessions: Vec::new(),
            workloads: scenario.workloads.clone(),
            streams,
        };
        for (workload, number) in scenario.workloads.iter().zip(0..) {
            let (plans, over): (Vec<Plan>, _) = match &workload.arrivals {
                Arrivals::Closed {
                    sessions,
                    think,
                    requests_per_session,
                    start_over_s,
                } => {
                    let plan = Plan::Drawn {
                        think: think.clone(),
                        most: requests_per_session.map_or(u32::MAX, |most| most.get()),
                    };
                    let plans = (0..*sessions).map(|_| plan.clone());
                    (plans.collect(), start_over_s.get())
                }
                Arrivals::Sessions {
                    path,
                    start_over_s,
                    recorded_latency,
                } => {
                    let recorded = read_sessions(path)?
                        .into_iter()
                        .map(|steps| Plan::Recorded {
                            steps: steps.into(),
                            with_latency: *recorded_latency,
                        });
                    (recorded.collect(), start_over_s.get())
                }
                _ => continue,
            };
            let count = u32::try_from(plans.len()).unwrap_or(u32::MAX).max(1);
            all.sessions
                .extend(plans.into_iter().zip(0..).map(|(plan, place)| {
                    Session {
                        workload: number,
                        made: 0,
                        begins_at: scenario
                            .start()
                            .saturating_add(over.saturating_mul(place) / count),
                        plan,
                    }
                }));
        }
        Ok(all)
    }

    /// When each session asks for the first time, in order of the sessions.
    pub(crate) fn beginnings(&self) -> Vec<(u32, Timestamp)> {
        let begin = |(session, number): (&Session, u32)| {
            let think = self.think(number)?;
            Some((number, session.begins_at.saturating_add(think)))
        };
        self.sessions.iter().zip(0..).filter_map(begin).collect()
    }

    /// How long a session thinks before its next request; `None` if it has made all.
    pub(crate) fn think(&self, session: u32) -> Option<Duration> {
        let Session { made, plan, .. } = &self.sessions[session as usize];
        match plan {
            Plan::Recorded { steps, .. } => steps.get(*made as usize).map(|step| step.think),
            Plan::Drawn { most, .. } if made >= most => None,
            Plan::Drawn { .. } if *made == 0 => Some(Duration::ZERO),
            Plan::Drawn { think, .. } => {
                let numbers = [u64::from(session), u64::from(*made)];
                let mut luck = self.streams.few("think", &numbers);
                // Whoever does not think at all would ask without end in no time.
                Some(
                    Span::new(think)
                        .time(&mut luck)
                        .max(Duration::from_nanos(1)),
                )
            }
        }
    }

    /// The next request of a session, which arrives now.
    pub(crate) fn ask(&mut self, number: u32, now: Timestamp) -> Option<Job> {
        let session = &mut self.sessions[number as usize];
        let made = session.made;
        let workload = &self.workloads[session.workload as usize];
        let (input_tokens, output_tokens) = match &session.plan {
            Plan::Recorded { steps, .. } => {
                let step = steps.get(made as usize)?;
                (step.input_tokens, step.output_tokens)
            }
            Plan::Drawn { .. } => {
                let numbers = [u64::from(number), u64::from(made)];
                {
                    let stream = |name| self.streams.numbered(name, &numbers);
                    size(
                        workload,
                        stream("session sizes"),
                        stream("session pictures"),
                    )
                }
            }
        };
        session.made = made.saturating_add(1);
        let cap = workload.max_tokens.unwrap_or(output_tokens);
        Some(Job {
            id: Job::id_in_session(number, made & 0x7FFF_FFFF),
            workload: session.workload,
            at: now,
            input_tokens,
            // A provider stops at the cap.
            output_tokens: output_tokens.min(cap),
            max_tokens: cap,
        })
    }

    /// How long the answer to the request that a session made last took, if that is to be replayed.
    pub(super) fn recorded(&self, job: &Job) -> Option<Duration> {
        let session = self.sessions.get(job.session()? as usize)?;
        match &session.plan {
            Plan::Recorded {
                steps,
                with_latency: true,
            } => {
                let step = steps.get(session.made.checked_sub(1)? as usize)?;
                Some(step.took)
            }
            _ => None,
        }
    }
}

/// The requests of all sessions as early as they could come, if every answer took no time.
pub(super) struct Earliest {
    sessions: Sessions,
    /// The sessions by when they ask next.
    next: BTreeMap<(Timestamp, u32), ()>,
    end: Timestamp,
}

impl Earliest {
    pub(super) fn new(scenario: &Scenario, streams: Streams) -> Result<Self, TraceError> {
        let sessions = Sessions::new(scenario, streams)?;
        let next = sessions.beginnings();
        Ok(Self {
            next: next
                .into_iter()
                .map(|(session, at)| ((at, session), ()))
                .collect(),
            sessions,
            end: scenario.end(),
        })
    }

    /// When the next request comes, if it does before the end.
    pub(super) fn at(&self) -> Option<Timestamp> {
        let ((at, _), ()) = self.next.first_key_value()?;
        Some(*at).filter(|at| *at < self.end)
    }

    /// Takes the next request.
    pub(super) fn take(&mut self) -> Option<Job> {
        let ((at, session), ()) = self.next.pop_first()?;
        let job = self.sessions.ask(session, at)?;
        if let Some(think) = self.sessions.think(session) {
            self.next.insert((at.saturating_add(think), session), ());
        }
        Some(job)
    }
}
