use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};
use rand_chacha::rand_core::Rng;
use rand_distr::{Distribution, LogNormal};

use super::limiters;
use crate::{
    engine::Streams,
    scenario::provider::{Charge, Latency, Outage, Provider as Spec, RetryAfter},
    workload::Job,
};

/// The provider: admits or refuses each call, and says when its answer arrives.
pub(super) struct Provider {
    limits: Vec<(Dimension, Box<dyn Limiter>)>,
    /// The smallest of its limits on calls under way.
    concurrency: Option<u64>,
    under_way: u64,
    charge: Charge,
    refused_calls_count: bool,
    retry_after: RetryAfter,
    first_token: Latency,
    per_output_token: Latency,
    refusal: Duration,
    error_rate: f64,
    outages: Vec<Outage>,
    start: Timestamp,
    streams: Streams,
}

/// What a call leads to, and when the client learns of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) after: Duration,
}

/// What a call leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// An answer.
    Success,
    /// A 5xx; the call was admitted.
    Failed,
    /// A 429, and perhaps a hint when to come back, counted from its arrival.
    Refused { retry_after: Option<Duration> },
    /// The request exceeds a limit by itself and is refused forever.
    TooLarge,
    /// A 503 in an outage; no limit was touched.
    Unavailable,
}

impl Provider {
    pub(super) fn new(spec: &Spec, start: Timestamp, streams: Streams) -> Self {
        Self {
            limits: limiters::build(&spec.limits, start),
            concurrency: limiters::concurrency(&spec.limits),
            under_way: 0,
            charge: spec.charge,
            refused_calls_count: spec.refused_calls_count,
            retry_after: spec.retry_after,
            first_token: spec.first_token.clone(),
            per_output_token: spec.per_output_token.clone(),
            refusal: spec.refusal_s.get(),
            error_rate: spec.error_rate.get(),
            outages: spec.outages.clone(),
            start,
            streams,
        }
    }

    /// Decides about a call that arrives now.
    pub(super) fn call(&mut self, now: Timestamp, job: &Job, attempt: u32) -> Answer {
        let elapsed = now.saturating_duration_since(self.start);
        let refusal = self.refusal;
        let soon = |outcome| Answer {
            outcome,
            after: refusal,
        };
        let mut outages = self.outages.iter();
        if outages.any(|outage| (outage.from.get()..outage.to.get()).contains(&elapsed)) {
            return soon(Outcome::Unavailable);
        }
        let demand = at_admission(self.charge, job);
        if let Err(denied) = self.check(now, demand) {
            if self.refused_calls_count {
                self.charge_requests(now);
            }
            return soon(self.refusal(now, denied));
        }
        for (dimension, limiter) in &mut self.limits {
            limiter.charge(now, dimension.cost(demand));
        }
        self.under_way = self.under_way.saturating_add(1);
        self.serve(job, attempt)
    }

    /// Takes note that a call which it admitted has come to its end.
    pub(super) fn finish(&mut self, now: Timestamp, job: &Job, outcome: Outcome) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.charge == Charge::Actual && outcome == Outcome::Success {
            let produced = Demand {
                output_tokens: job.output_tokens,
                ..Demand::default()
            };
            for (dimension, limiter) in &mut self.limits {
                limiter.charge(now, dimension.cost(produced));
            }
        }
    }

    /// Asks every limit; without concurrency, a refusal by time has the latest time of all.
    fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Option<Denied>> {
        let answers = self.limits.iter().map(|(dimension, limiter)| {
            // A call that costs nothing yet must still wait for a debt to be paid.
            limiter.check(now, dimension.cost(demand).max(1))
        });
        if let Some(denied) = answers.filter_map(Result::err).reduce(Denied::and) {
            return Err(Some(denied));
        }
        // When a permit comes back is not known.
        match self.concurrency {
            Some(most) if self.under_way >= most => Err(None),
            _ => Ok(()),
        }
    }

    fn charge_requests(&mut self, now: Timestamp) {
        for (dimension, limiter) in &mut self.limits {
            if *dimension == Dimension::Requests {
                limiter.charge(now, 1);
            }
        }
    }

    fn refusal(&self, now: Timestamp, denied: Option<Denied>) -> Outcome {
        let wait = match denied {
            Some(denied) => match denied.retry_after(now) {
                Some(wait) => wait,
                None => return Outcome::TooLarge,
            },
            None => return Outcome::Refused { retry_after: None },
        };
        let retry_after = match self.retry_after {
            RetryAfter::Exact => Some(wait),
            RetryAfter::Seconds => {
                let whole = Duration::from_secs(wait.as_secs());
                Some(if whole < wait {
                    whole.saturating_add(Duration::from_secs(1))
                } else {
                    whole
                })
            }
            RetryAfter::Missing => None,
            RetryAfter::Wrong { factor } => {
                let wrong = wait.as_secs_f64() * factor.get();
                Some(Duration::try_from_secs_f64(wrong).unwrap_or(Duration::MAX))
            }
        };
        Outcome::Refused { retry_after }
    }

    /// The fate of an admitted call depends on the request and the attempt alone, so that it is the
    /// same under every strategy.
    fn serve(&self, job: &Job, attempt: u32) -> Answer {
        let numbers = [job.id, u64::from(attempt)];
        let mut rng = self.streams.numbered("service", &numbers);
        let fault = unit(rng.next_u64()) < self.error_rate;
        if fault {
            return Answer {
                outcome: Outcome::Failed,
                after: self.refusal,
            };
        }
        let first = draw(&self.first_token, &mut rng);
        let each = draw(&self.per_output_token, &mut rng);
        #[expect(clippy::cast_precision_loss, reason = "a latency needs no 53 bits")]
        let seconds = first + each * job.output_tokens as f64;
        Answer {
            outcome: Outcome::Success,
            after: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
        }
    }
}

/// What a provider with this charge rule charges when it admits a request.
pub(super) fn at_admission(charge: Charge, job: &Job) -> Demand {
    Demand {
        requests: 1,
        input_tokens: job.input_tokens,
        output_tokens: match charge {
            Charge::Input | Charge::Actual => 0,
            Charge::InputAndMaxTokens => job.max_tokens,
        },
    }
}

fn draw(latency: &Latency, rng: &mut impl Rng) -> f64 {
    match *latency {
        Latency::FixedS(seconds) => seconds.get().as_secs_f64(),
        Latency::Lognormal { median_s, sigma } => {
            let drawn = LogNormal::new(median_s.get().ln(), sigma.get());
            // Both were checked when the scenario was read.
            drawn.map_or_else(|_| median_s.get(), |lognormal| lognormal.sample(rng))
        }
    }
}

/// A number in [0, 1) from 64 random bits.
#[expect(clippy::cast_precision_loss, reason = "only 53 bits are left")]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// What a provider with this charge rule charges for a request from beginning to end.
pub(super) fn in_total(charge: Charge, job: &Job) -> Demand {
    let demand = at_admission(charge, job);
    match charge {
        Charge::Actual => Demand {
            output_tokens: job.output_tokens,
            ..demand
        },
        Charge::Input | Charge::InputAndMaxTokens => demand,
    }
}
