use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Timestamp};
use rand_chacha::rand_core::Rng;

use super::{
    adjust::Adjust,
    cost,
    dialect::{self, Gist, Occasion, Response, State},
    limiters,
    service::Service,
};
use crate::{
    engine::Streams,
    scenario::{
        limit::RateLimit,
        provider::{Charge, Dialect, Outage, Provider as Spec, RetryAfter},
        upgrade::Upgrade,
    },
    workload::Job,
};

/// The provider behind one key: admits or refuses each call, and says when its answer arrives.
pub(super) struct Provider {
    pub(super) limits: Vec<(RateLimit, Box<dyn Adjust>)>,
    /// The smallest of its limits on calls under way.
    pub(super) concurrency: Option<u64>,
    /// Those to come, the last one first.
    upgrades: Vec<Upgrade>,
    pub(super) under_way: u64,
    charge: Charge,
    refused_calls_count: bool,
    dialect: Dialect,
    retry_after: RetryAfter,
    service: Service,
    refusal: Duration,
    outages: Vec<Outage>,
    start: Timestamp,
    /// Its place among all keys.
    place: u64,
    /// The place of the provider whose key it is.
    pub(super) of: usize,
    streams: Streams,
}

/// What a call leads to, and when the client learns of it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) after: Duration,
    pub(super) said: Said,
}

/// How much of what a provider says anybody reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attention {
    /// Every word of every response.
    Everything,
    /// Every word of whatever is no answer.
    Failures,
    /// Why a call failed, and when to come back.
    Gist,
}

/// What reaches a client of a response.
#[derive(Debug)]
pub(super) enum Said {
    /// An answer, of which nobody reads more than that it is one.
    Answer,
    /// A refusal whose words need not be read.
    Gist(Gist),
    /// All of it.
    Words(Box<Response>),
}

/// What a call leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// An answer.
    Success,
    /// A 5xx; the call was admitted.
    Failed,
    /// A 429.
    Refused,
    /// The request exceeds a limit by itself and is refused forever.
    TooLarge,
    /// A 503 in an outage; no limit was touched.
    Unavailable,
}

/// Every key of every provider: the place of the provider, and what it does.
pub(super) fn keys(providers: &[Spec]) -> impl Iterator<Item = (usize, &Spec)> {
    let each = |(index, spec): (usize, _)| {
        let spec: &Spec = spec;
        (0..spec.keys.get()).map(move |_| (index, spec))
    };
    providers.iter().enumerate().flat_map(each)
}

impl Provider {
    pub(super) fn new(
        (of, spec): (usize, &Spec),
        place: u64,
        start: Timestamp,
        streams: Streams,
    ) -> Self {
        let made = limiters::rates(&spec.limits)
            .map(|rate| (rate.clone(), limiters::limiter(rate, start)));
        Self {
            limits: made.collect(),
            concurrency: limiters::concurrency(&spec.limits),
            upgrades: spec.upgrades.iter().rev().cloned().collect(),
            under_way: 0,
            charge: spec.charge,
            refused_calls_count: spec.refused_calls_count,
            dialect: spec.dialect,
            retry_after: spec.retry_after,
            service: Service::new(spec),
            refusal: spec.refusal_s.get(),
            outages: spec.outages.clone(),
            start,
            place,
            of,
            streams,
        }
    }

    /// Decides about a call that arrives now, and says as much as somebody reads.
    pub(super) fn call(
        &mut self,
        now: Timestamp,
        job: &Job,
        attempt: u32,
        attention: Attention,
    ) -> Answer {
        if let Err((outcome, occasion)) = self.admit(now, job) {
            return self.soon(now, outcome, occasion, attention);
        }
        let Some(after) = self.service(job, attempt) else {
            return self.soon(now, Outcome::Failed, Occasion::Failure, attention);
        };
        Answer {
            outcome: Outcome::Success,
            after,
            said: match attention {
                Attention::Everything => self.say(now, Occasion::Answer, attention),
                Attention::Failures | Attention::Gist => Said::Answer,
            },
        }
    }

    /// Decides about a call of somebody of whom no client knows, whose service is drawn from `rng`.
    ///
    /// Says what an admitted call leads to and when; the others change what they change, and that is all.
    pub(super) fn call_of_tenant(
        &mut self,
        now: Timestamp,
        job: &Job,
        rng: &mut impl Rng,
    ) -> Option<(Outcome, Duration)> {
        self.admit(now, job).ok()?;
        let after = self.service.draw(job.output_tokens, rng);
        Some(after.map_or((Outcome::Failed, self.refusal), |after| {
            (Outcome::Success, after)
        }))
    }

    /// Charges a call that it admits, and says of another one why it does not.
    fn admit(&mut self, now: Timestamp, job: &Job) -> Result<(), (Outcome, Occasion)> {
        self.upgrade(now);
        let elapsed = now.saturating_duration_since(self.start);
        let mut outages = self.outages.iter();
        if outages.any(|outage| (outage.from.get()..outage.to.get()).contains(&elapsed)) {
            return Err((Outcome::Unavailable, Occasion::Outage));
        }
        let demand = cost::at_admission(self.charge, job);
        if let Err(refusal) = self.check(now, demand) {
            if self.refused_calls_count {
                self.charge_requests(now);
            }
            let outcome = match refusal {
                Occasion::TooLarge { .. } => Outcome::TooLarge,
                _ => Outcome::Refused,
            };
            return Err((outcome, refusal));
        }
        for (rate, limiter) in &mut self.limits {
            limiter.charge(now, rate.counts.cost(demand));
        }
        self.under_way = self.under_way.saturating_add(1);
        Ok(())
    }

    /// Changes its limits as it should have by now; nothing has touched them since.
    pub(super) fn upgrade(&mut self, now: Timestamp) {
        while let Some(next) = self.upgrades.last() {
            let at = self.start.saturating_add(next.at.get());
            if at > now {
                return;
            }
            for ((rate, limiter), changed) in
                self.limits.iter_mut().zip(limiters::rates(&next.limits))
            {
                *rate = changed.clone();
                limiter.adjust(at, rate.quota);
            }
            self.concurrency = limiters::concurrency(&next.limits);
            self.upgrades.pop();
        }
    }

    /// Says something other than an answer.
    fn soon(
        &self,
        now: Timestamp,
        outcome: Outcome,
        occasion: Occasion,
        attention: Attention,
    ) -> Answer {
        Answer {
            outcome,
            after: self.refusal,
            said: self.say(now, occasion, attention),
        }
    }

    fn say(&self, now: Timestamp, occasion: Occasion, attention: Attention) -> Said {
        let states = self.limits.iter().map(|(rate, limiter)| {
            let all = limiter.check(now, rate.quota.burst());
            State {
                rate,
                remaining: limiter.available(now),
                full_at: all.err().and_then(Denied::retry_at).unwrap_or(now),
            }
        });
        let states: Vec<_> = states.collect();
        if attention == Attention::Gist
            && let Some(gist) = dialect::gist(self.dialect, now, occasion, &states)
        {
            return Said::Gist(gist);
        }
        Said::Words(Box::new(dialect::write(
            self.dialect,
            now,
            occasion,
            &states,
        )))
    }

    /// Takes note that a call which it admitted has come to its end.
    pub(super) fn finish(&mut self, now: Timestamp, job: &Job, outcome: Outcome) {
        self.upgrade(now);
        self.under_way = self.under_way.saturating_sub(1);
        if self.charge == Charge::Actual && outcome == Outcome::Success {
            let produced = Demand {
                output_tokens: job.output_tokens,
                ..Demand::default()
            };
            for (rate, limiter) in &mut self.limits {
                limiter.charge(now, rate.counts.cost(produced));
            }
        }
    }

    /// Asks every limit; the one that refuses for longest is named, and one that always will before it.
    fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Occasion> {
        let mut refusal = None::<(usize, u64, Denied)>;
        for (by, (rate, limiter)) in self.limits.iter().enumerate() {
            // A call that costs nothing yet must still wait for a debt to be paid.
            let cost = rate.counts.cost(demand).max(1);
            let Err(denied) = limiter.check(now, cost) else {
                continue;
            };
            let stricter = match refusal {
                None => true,
                Some((.., other)) => denied.and(other) != other,
            };
            if stricter {
                refusal = Some((by, cost, denied));
            }
        }
        if let Some((by, requested, denied)) = refusal {
            return Err(match denied.retry_after(now) {
                None => Occasion::TooLarge { requested, by },
                Some(wait) => Occasion::Refusal {
                    requested,
                    by,
                    retry_after: self.hint(wait),
                },
            });
        }
        // When a permit comes back is not known.
        match self.concurrency {
            Some(most) if self.under_way >= most => Err(Occasion::Busy { most }),
            _ => Ok(()),
        }
    }

    fn charge_requests(&mut self, now: Timestamp) {
        for (rate, limiter) in &mut self.limits {
            if rate.counts == Dimension::Requests {
                limiter.charge(now, 1);
            }
        }
    }

    /// What it says of a wait.
    fn hint(&self, wait: Duration) -> Option<Duration> {
        match self.retry_after {
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
        }
    }

    /// How long an admitted call takes, or `None` if it fails. It depends on the request and the
    /// attempt alone, so that it is the same under every strategy.
    fn service(&self, job: &Job, attempt: u32) -> Option<Duration> {
        let numbers = [job.id, u64::from(attempt), self.place];
        // The first key has the streams that a single one has.
        let numbers = if self.place == 0 {
            &numbers[..2]
        } else {
            &numbers
        };
        let mut rng = self.streams.few("service", numbers);
        self.service.draw(job.output_tokens, &mut rng)
    }
}
