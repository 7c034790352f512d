//! A provider that states its limits as OpenAI does, and a client that always wants to send.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use paceline_adaptive::LearnedLimits;
use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Rng, SplitMix64, Timestamp};
use paceline_gcra::Gcra;
use paceline_sliding_window::SlidingLog;

pub(crate) const START: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// How a provider counts a minute.
#[derive(Clone, Debug)]
pub(crate) enum Meter {
    Gcra(Gcra),
    Log(SlidingLog),
    Clock { limit: u64, minute: u64, used: u64 },
}

impl Meter {
    pub(crate) fn gcra(limit: u64) -> Self {
        Self::Gcra(Gcra::new(Quota::per_minute(limit)))
    }

    pub(crate) fn log(limit: u64) -> Self {
        Self::Log(SlidingLog::new(Quota::per_minute(limit)))
    }

    pub(crate) fn clock(limit: u64) -> Self {
        Self::Clock {
            limit,
            minute: 0,
            used: 0,
        }
    }

    pub(crate) fn limit(&self) -> u64 {
        match self {
            Self::Gcra(gcra) => gcra.quota().limit(),
            Self::Log(log) => log.quota().limit(),
            Self::Clock { limit, .. } => *limit,
        }
    }

    pub(crate) fn set_limit(&mut self, now: Timestamp, to: u64) {
        match self {
            Self::Gcra(gcra) => gcra.set_quota(now, Quota::per_minute(to)),
            Self::Log(log) => log.set_quota(now, Quota::per_minute(to)),
            Self::Clock { limit, .. } => *limit = to,
        }
    }

    fn remaining(&self, now: Timestamp) -> u64 {
        match self {
            Self::Gcra(gcra) => gcra.available(now),
            Self::Log(log) => log.available(now),
            Self::Clock {
                limit,
                minute,
                used,
            } if minute_of(now) == *minute => limit.saturating_sub(*used),
            Self::Clock { limit, .. } => *limit,
        }
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        match self {
            Self::Gcra(gcra) => gcra.charge(now, cost),
            Self::Log(log) => log.charge(now, cost),
            Self::Clock { minute, used, .. } => {
                if *minute != minute_of(now) {
                    (*minute, *used) = (minute_of(now), 0);
                }
                *used += cost;
            }
        }
    }

    /// When it is full again; of a log, when the oldest charge leaves it.
    fn reset_after(&self, now: Timestamp) -> Duration {
        let limiter: &dyn Limiter = match self {
            Self::Gcra(gcra) => gcra,
            Self::Log(log) => log,
            Self::Clock { .. } => {
                return Duration::from_nanos(MINUTE_NANOS - now.as_nanos() % MINUTE_NANOS);
            }
        };
        let cost = match self {
            Self::Gcra(_) => self.limit(),
            _ => limiter.available(now) + 1,
        };
        match limiter.check(now, cost) {
            Err(Denied::Until(at)) => at.saturating_duration_since(now),
            _ => Duration::ZERO,
        }
    }
}

const MINUTE_NANOS: u64 = 60_000_000_000;

fn minute_of(now: Timestamp) -> u64 {
    now.as_nanos() / MINUTE_NANOS
}

/// What happens next; of equal times, in this order.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum Event {
    Arrives {
        sent_at: Timestamp,
        tokens: u64,
    },
    Answered {
        sent_at: Timestamp,
        status: u16,
        headers: Vec<(&'static str, String)>,
    },
}

pub(crate) struct Simulation {
    pub(crate) meters: Vec<(Dimension, Meter)>,
    pub(crate) limits: LearnedLimits,
    pub(crate) now: Timestamp,
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    serial: u64,
    in_flight: usize,
    most_in_flight: usize,
    /// The most tokens that a request costs; half as many at least.
    tokens: u64,
    next_tokens: u64,
    rng: SplitMix64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) served: u64,
    pub(crate) refused: u64,
    pub(crate) tokens: u64,
}

impl Simulation {
    pub(crate) fn new(
        meters: Vec<(Dimension, Meter)>,
        most_in_flight: usize,
        tokens: u64,
        seed: u64,
    ) -> Self {
        Self {
            meters,
            limits: LearnedLimits::new(START),
            now: START,
            events: BinaryHeap::new(),
            serial: 0,
            in_flight: 0,
            most_in_flight,
            tokens,
            next_tokens: tokens,
            rng: SplitMix64::new(seed),
        }
    }

    fn at(&mut self, wait_ms: u64, event: Event) {
        let at = self.now.saturating_add(Duration::from_millis(wait_ms));
        self.serial += 1;
        self.events.push(Reverse((at, self.serial, event)));
    }

    /// What is answered in the next `span`.
    pub(crate) fn run(&mut self, span: Duration) -> Counts {
        let end = self.now.saturating_add(span);
        let mut counts = Counts::default();
        loop {
            let demand = Demand::request(self.next_tokens, 0);
            let sends_at = match self.limits.check(self.now, demand) {
                _ if self.in_flight >= self.most_in_flight => Timestamp::MAX,
                Ok(()) => self.now,
                Err(held) => held.retry_at().expect("demands are below every limit"),
            };
            let event_at = self.events.peek().map_or(Timestamp::MAX, |next| next.0.0);
            let next = sends_at.min(event_at);
            if next > end {
                self.now = end;
                return counts;
            }
            self.now = next;
            if sends_at < event_at {
                if sends_at == self.now && self.limits.check(self.now, demand).is_ok() {
                    self.send(demand);
                }
                continue;
            }
            let Some(Reverse((_, _, event))) = self.events.pop() else {
                continue;
            };
            self.happen(event, &mut counts);
        }
    }

    fn send(&mut self, demand: Demand) {
        drop(self.limits.charge(self.now, demand));
        self.in_flight += 1;
        let (sent_at, tokens) = (self.now, demand.input_tokens);
        let wait = 20 + self.rng.next_u64() % 60;
        self.at(wait, Event::Arrives { sent_at, tokens });
        self.next_tokens = self.tokens / 2 + self.rng.next_u64() % (self.tokens / 2 + 1);
    }

    fn happen(&mut self, event: Event, counts: &mut Counts) {
        let now = self.now;
        match event {
            Event::Arrives { sent_at, tokens } => {
                let demand = Demand::request(tokens, 0);
                let fits = self
                    .meters
                    .iter()
                    .all(|(of, meter)| of.cost(demand) <= meter.remaining(now));
                if fits {
                    for (of, meter) in &mut self.meters {
                        meter.charge(now, of.cost(demand));
                    }
                    counts.served += 1;
                    counts.tokens += tokens;
                } else {
                    counts.refused += 1;
                }
                let (status, wait) = if fits {
                    (200, 200 + self.rng.next_u64() % 2_000)
                } else {
                    (429, 20 + self.rng.next_u64() % 60)
                };
                let headers = self.headers();
                self.at(
                    wait,
                    Event::Answered {
                        sent_at,
                        status,
                        headers,
                    },
                );
            }
            Event::Answered {
                sent_at,
                status,
                headers,
            } => {
                let pairs: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                let feedback = paceline_wire::read(status, paceline_wire::pairs(&pairs), b"", now);
                self.limits.observe(now, sent_at, &feedback);
                self.in_flight -= 1;
            }
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        for (of, meter) in &self.meters {
            let names = match of {
                Dimension::Requests => [
                    "x-ratelimit-limit-requests",
                    "x-ratelimit-remaining-requests",
                    "x-ratelimit-reset-requests",
                ],
                _ => [
                    "x-ratelimit-limit-tokens",
                    "x-ratelimit-remaining-tokens",
                    "x-ratelimit-reset-tokens",
                ],
            };
            let reset = meter.reset_after(self.now).as_millis();
            let values = [
                meter.limit().to_string(),
                meter.remaining(self.now).to_string(),
                format!("{}ms", reset),
            ];
            headers.extend(names.into_iter().zip(values));
        }
        headers
    }
}
