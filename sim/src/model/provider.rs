use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Timestamp};

use super::{
    adjust::Adjust,
    answer::{Answer, Outcome, Reads, Said},
    cost,
    dialect::{self, Occasion, State},
    hint, limiters,
    service::{Drawn, Service, Span},
};
use crate::{
    engine::{Draws, Streams},
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
    /// One way of it; none if it takes no time.
    network: Option<Span>,
    service: Service,
    refusal: Duration,
    /// Whether it stops working on a call for which nobody waits.
    pub(super) cancels: bool,
    outages: Vec<Outage>,
    start: Timestamp,
    /// Its place among all keys.
    place: u64,
    /// The place of the provider whose key it is.
    pub(super) of: usize,
    streams: Streams,
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
            network: (!spec.network.is_zero()).then(|| Span::new(&spec.network)),
            service: Service::new(spec),
            refusal: spec.refusal_s.get(),
            cancels: spec.cancels_on_disconnect,
            outages: spec.outages.clone(),
            start,
            place,
            of,
            streams,
        }
    }

    /// How long a call takes on its way, and its answer on the way back.
    pub(super) fn ways(&self, job: &Job, attempt: u32) -> (Duration, Duration) {
        let Some(network) = &self.network else {
            return (Duration::ZERO, Duration::ZERO);
        };
        let mut luck = self.luck("network", job, attempt);
        let there = network.time(&mut luck);
        (there, network.time(&mut luck))
    }

    /// Decides about a call that arrives now, for whom there is room at its server or not. What it leads
    /// to if it is admitted is drawn from `luck`.
    pub(super) fn call(
        &mut self,
        now: Timestamp,
        job: &Job,
        has_room: bool,
        reads: Reads,
        luck: impl FnOnce(&Self) -> Draws,
    ) -> Answer {
        let (outcome, takes, occasion) = match self.admit(now, job, has_room) {
            Err((outcome, occasion)) => (outcome, self.refusal, occasion),
            Ok(()) => match self.service.draw(job.output_tokens, &mut luck(self)) {
                None => (Outcome::Failed, self.refusal, Occasion::Failure),
                Some(drawn) if drawn.breaks_off => {
                    (Outcome::Failed, drawn.takes, Occasion::Failure)
                }
                Some(drawn) => (Outcome::Success, drawn.takes, Occasion::Answer),
            },
        };
        let is_read = match reads {
            Reads::Nothing => false,
            Reads::Gist | Reads::Faults => outcome != Outcome::Success,
            Reads::All => true,
        };
        Answer {
            outcome,
            takes,
            refused_by: occasion.refused_by(),
            said: if is_read {
                self.say(now, occasion, reads)
            } else {
                Said::Nothing
            },
        }
    }

    /// How it answers a call that it admits; `None` if that fails.
    pub(super) fn drawn(&self, job: &Job, attempt: u32) -> Option<Drawn> {
        let mut luck = self.luck("service", job, attempt);
        self.service.draw(job.output_tokens, &mut luck)
    }

    /// Charges a call that it admits, and says of another one why it does not.
    fn admit(
        &mut self,
        now: Timestamp,
        job: &Job,
        has_room: bool,
    ) -> Result<(), (Outcome, Occasion)> {
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
        if !has_room {
            return Err((Outcome::Unavailable, Occasion::Outage));
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

    /// Words what it says, unless the gist will do.
    pub(super) fn say(&self, now: Timestamp, occasion: Occasion, reads: Reads) -> Said {
        let states = self.limits.iter().map(|(rate, limiter)| {
            let all = limiter.check(now, rate.quota.burst());
            State {
                rate,
                remaining: limiter.available(now),
                full_at: all.err().and_then(Denied::retry_at).unwrap_or(now),
            }
        });
        let states: Vec<_> = states.collect();
        if reads == Reads::Gist
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

    /// What is left of its limits on cells, which are as they should be by now.
    pub(super) fn remaining(&mut self, now: Timestamp) -> impl Iterator<Item = (&RateLimit, u64)> {
        self.upgrade(now);
        let limits = self.limits.iter();
        limits.map(move |(rate, limiter)| (rate, limiter.available(now)))
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

    /// Takes note that it stopped working on a call, of which it charges no more.
    pub(super) const fn cut_off(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
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
                    retry_after: hint::said(self.retry_after, wait),
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

    /// What chance has in store for a call. It depends on the request and the attempt alone, so that it is
    /// the same under every strategy.
    pub(super) fn luck(&self, name: &str, job: &Job, attempt: u32) -> Draws {
        let numbers = [job.id, u64::from(attempt), self.place];
        // The first key has the streams that a single one has.
        let numbers = if self.place == 0 {
            &numbers[..2]
        } else {
            &numbers
        };
        self.streams.few(name, numbers)
    }
}
