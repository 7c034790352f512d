use std::{sync::Arc, time::Duration};

use paceline_core::{Demand, Timestamp};
use tokio::sync::oneshot;

use crate::{
    Outage, StoreUnavailable,
    breaker::Pass,
    charge::{Charge, Source},
    counters::{add, count},
    lease::requests,
    memory::Alone,
    outage::LOOK_AGAIN,
    reply::{Reply, Verdict},
    throttle::Shared,
};

/// What became of a question.
pub(crate) enum Answer {
    Granted(Charge),
    Denied {
        until: Timestamp,
        /// When to ask again: earlier, if the store may be back.
        ask_at: Timestamp,
    },
    Unavailable(StoreUnavailable),
}

impl Shared {
    /// Decides about a demand, in a task of its own.
    ///
    /// If whoever asks is gone when the answer comes, what was granted is given back.
    pub(crate) async fn decide(self: &Arc<Self>, demand: Demand) -> Answer {
        if let Some(charge) = self.take_leased(demand, self.store.now()) {
            return Answer::Granted(charge);
        }
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let answer = shared.answer(demand).await;
            // A charge that is not taken gives itself back.
            drop(tell.send(answer));
        });
        let gone = Answer::Unavailable(StoreUnavailable::Disconnected);
        told.await.unwrap_or(gone)
    }

    async fn answer(self: Arc<Self>, demand: Demand) -> Answer {
        if self.plans.is_empty() {
            let now = self.store.now();
            return Answer::Granted(Charge::new(self, demand, Source::Nothing, now));
        }
        match self.store.pass() {
            Pass::Free => {}
            Pass::Stop => return self.without_store(demand, StoreUnavailable::NotAsked),
            Pass::Probe => {
                count(&self.counters.probes);
                // It charges nothing, so a probe that is lost costs nobody anything.
                if let Err(why) = self.tell().await {
                    return self.without_store(demand, why);
                }
            }
        }
        let leased = self
            .lease
            .as_ref()
            .and_then(|lease| lease.to_ask(demand.requests));
        let (asked, asked_at) = (leased.map_or(demand, requests), self.store.now());
        let reply = match self.question("ask", asked).await {
            Ok(reply) => reply,
            Err(why) => return self.without_store(demand, why),
        };
        let now = self.store.now();
        let after = |micros| now.saturating_add(Duration::from_micros(micros));
        match reply.verdict {
            Verdict::Granted { again_after } => {
                count(&self.counters.granted);
                self.memory().follow(&self.plans, asked, now);
                if let Some(size) = leased {
                    self.hold_leased(size, demand.requests, asked_at, reply.told);
                    return Answer::Granted(Charge::new(self, demand, Source::Leased, now));
                }
                let source = Source::Store {
                    told: reply.told,
                    again_at: after(again_after),
                };
                Answer::Granted(Charge::new(self, demand, source, now))
            }
            Verdict::Denied { wait, .. } => {
                count(&self.counters.denied);
                let until = after(wait);
                Answer::Denied {
                    until,
                    ask_at: until,
                }
            }
            _ => Answer::Unavailable(StoreUnavailable::BadAnswer),
        }
    }

    /// Decides as the outage policy says.
    fn without_store(self: Arc<Self>, demand: Demand, why: StoreUnavailable) -> Answer {
        let now = self.store.now();
        match self.outage {
            Outage::Closed => return Answer::Unavailable(why),
            Outage::Open => {
                count(&self.counters.admitted_unlimited);
                self.memory().owe(&self.plans, demand, now);
            }
            Outage::LocalShare { processes } => {
                let answer = self
                    .memory()
                    .admit_alone(&self.plans, demand, now, processes);
                match answer {
                    Ok(()) => count(&self.counters.admitted_alone),
                    Err(Alone::Never) => {
                        return Answer::Unavailable(StoreUnavailable::BeyondShare);
                    }
                    Err(Alone::Until(until)) => {
                        let ask_at = until.min(now.saturating_add(LOOK_AGAIN));
                        return Answer::Denied { until, ask_at };
                    }
                }
            }
        }
        Answer::Granted(Charge::new(self, demand, Source::Alone, now))
    }

    /// Tells the store what it should know, and learns what it knows; charges nothing.
    pub(crate) async fn tell(&self) -> Result<(), StoreUnavailable> {
        self.question("tell", Demand::default()).await.map(drop)
    }

    /// Asks about all limits. An answer is a grant or a denial.
    pub(crate) async fn question(
        &self,
        what: &str,
        demand: Demand,
    ) -> Result<Reply, StoreUnavailable> {
        // The first answer may be that a calendar was asked about at the wrong time, and the second one
        // that midnight has passed since.
        for _ in 0..3 {
            let mut question = self.store.question();
            question.key(&self.pause_key);
            for plan in &self.plans {
                question.key(&plan.key);
            }
            question.arg(what);
            let now = self.store.now();
            let carried = self
                .memory()
                .ask(&mut question, &self.plans, demand, now, self.hold_us);
            let answer = self.store.ask(&question).await;
            let mut memory = self.memory();
            let numbers = match answer {
                Ok(numbers) => numbers,
                Err(why) => {
                    memory.take_back(&carried);
                    match why {
                        StoreUnavailable::TimedOut => count(&self.counters.timed_out),
                        _ => count(&self.counters.failed),
                    }
                    return Err(why);
                }
            };
            let Some(reply) = Reply::read(&numbers, self.plans.len()) else {
                memory.take_back(&carried);
                return Err(StoreUnavailable::BadAnswer);
            };
            add(&self.counters.clock_anomalies, reply.anomalies);
            add(&self.counters.data_losses, reply.lost);
            match reply.verdict {
                Verdict::Granted { .. } | Verdict::Denied { .. } => {
                    memory.learn(&self.plans, &carried, &reply, self.store.now());
                    return Ok(reply);
                }
                Verdict::OtherTime => {
                    memory.take_back(&carried);
                    memory.set_server_now(self.store.now(), reply.now);
                }
                Verdict::Damaged { key } => {
                    memory.take_back(&carried);
                    count(&self.counters.bad_values);
                    let plan = key.checked_sub(1).and_then(|i| self.plans.get(i));
                    let limit = plan.map_or(0, |plan| plan.place);
                    return Err(StoreUnavailable::BadValue { limit });
                }
            }
        }
        Err(StoreUnavailable::BadAnswer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Salt, SharedLimit, SharedThrottle, Store, lease::requests};

    #[tokio::test]
    async fn what_could_not_be_told_is_owed_still() {
        let salt = Salt::new(&[7; 16]).expect("it is long enough");
        let store = Store::open("redis+unix:///nobody/listens/here", salt).expect("it is valid");
        let quota = paceline_core::Quota::per_hour(5);
        let limit = SharedLimit::gcra(paceline_core::Dimension::Requests, quota);
        let throttle = SharedThrottle::new(&store, "key", [limit], Outage::Open);
        let throttle = throttle.expect("it is valid");
        throttle
            .acquire(requests(3))
            .await
            .expect("everything is admitted")
            .succeeded();
        for _ in 0..2 {
            assert!(throttle.0.tell().await.is_err());
            assert_eq!(throttle.0.memory().owed(), 3);
        }
        // What was not needed after all is not owed.
        let admitted = throttle
            .acquire(requests(2))
            .await
            .expect("everything is admitted");
        admitted.cancel().expect("it is in time");
        assert_eq!(throttle.0.memory().owed(), 3);
    }
}
