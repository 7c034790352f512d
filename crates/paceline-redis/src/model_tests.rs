//! The script decides exactly as the limiters of one process do, told the server's time.

use std::time::Duration;

use paceline_composite::{Settle, Settling};
use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_quota::{CalendarUnit, QuotaTracker};
use paceline_sliding_window::{Estimate, SlidingCounter};
use proptest::prelude::*;

use crate::{
    SharedLimit, Window,
    lease::requests,
    plan::{Carried, Plan},
    reply::{Reply, Verdict},
    server::Server,
    store::SCRIPT,
};

/// The script with a clock that the test sets, and keys that the real one does not expire.
fn timeless() -> redis::Script {
    let clock = "{ redis.call('GET', 's'), redis.call('GET', 'us') }";
    let script = SCRIPT.replace("redis.call('TIME')", clock);
    let expiry = ", 'PX', text(min(floor(us / 1000), LARGEST) + 1000)";
    let lasting = script.replace(expiry, "");
    assert!(script != SCRIPT && lasting != script);
    redis::Script::new(&lasting)
}

pub(crate) struct Bench {
    connection: redis::Connection,
    script: redis::Script,
    plans: Vec<Plan>,
}

impl Bench {
    pub(crate) fn new(server: &Server, limits: &[SharedLimit]) -> Self {
        let mut connection = server.connection();
        let flushed = redis::cmd("FLUSHALL").query::<()>(&mut connection);
        flushed.expect("the server obeys");
        let plan = |(place, limit): (usize, &SharedLimit)| {
            limit.validate().expect("it is valid");
            Plan::new(limit, place, format!("k{place}")).expect("it has a state")
        };
        Self {
            connection,
            script: timeless(),
            plans: (1..).zip(limits).map(plan).collect(),
        }
    }

    fn set_now(&mut self, now: u64) {
        let mut set = redis::cmd("MSET");
        set.arg("s")
            .arg(now / 1_000_000)
            .arg("us")
            .arg(now % 1_000_000);
        set.query::<()>(&mut self.connection)
            .expect("the server obeys");
    }

    pub(crate) fn ask(&mut self, now: u64, demand: Demand, owed: u64) -> Reply {
        self.set_now(now);
        let mut question = self.script.prepare_invoke();
        question.key("pause");
        for plan in &self.plans {
            question.key(&plan.key);
        }
        question.arg("ask");
        for plan in &self.plans {
            let carried = Carried {
                owed,
                boundaries: plan
                    .window()
                    .map_or([0; 3], |window| window.boundaries(at(now))),
                ..Carried::default()
            };
            plan.ask(&mut question, plan.cost(demand), carried, 0);
        }
        let numbers: Vec<i64> = question.invoke(&mut self.connection).expect("it answers");
        Reply::read(&numbers, self.plans.len()).expect("it is an answer")
    }

    fn give_back(&mut self, now: u64, cells: u64, told: [u64; 4]) {
        self.set_now(now);
        let mut question = self.script.prepare_invoke();
        question.key("pause").key(&self.plans[0].key).arg("back");
        self.plans[0].give_back(&mut question, cells, told);
        let _: Vec<i64> = question.invoke(&mut self.connection).expect("it answers");
    }
}

fn at(micros: u64) -> Timestamp {
    Timestamp::from_nanos(micros * 1_000)
}

pub(crate) const START: u64 = 1_790_000_000_123_457;

/// Quotas whose cells last odd fractions of a microsecond, next to none, and long.
fn quotas() -> Vec<Quota> {
    let odd = Quota::new(7, Duration::from_nanos(1_000_003)).expect("it is valid");
    let burst = |quota: Quota, burst| quota.with_burst(burst).expect("it is above zero");
    Vec::from([
        burst(Quota::per_second(3), 5),
        burst(Quota::per_minute(450_000_000), 1_000),
        burst(Quota::per_second(999_983), 17),
        burst(odd, 3),
        Quota::per_day(5_000),
        burst(Quota::per_hour(1), 1),
    ])
}

/// The same limits in the store and in this process.
fn pairs() -> Vec<(SharedLimit, Box<dyn Limiter>)> {
    let mut all: Vec<(SharedLimit, Box<dyn Limiter>)> = Vec::new();
    let dimension = Dimension::Requests;
    for quota in quotas() {
        all.push((
            SharedLimit::gcra(dimension, quota),
            Box::new(Gcra::new(quota)),
        ));
    }
    let odd = Quota::new(13, Duration::from_micros(1_003)).expect("it is valid");
    let huge = Quota::new(1 << 50, Duration::from_secs(86_400)).expect("it is valid");
    for estimate in [Estimate::Weighted, Estimate::Conservative] {
        for quota in [Quota::per_second(10), odd, huge] {
            let counter = SlidingCounter::new(quota, estimate);
            all.push((
                SharedLimit::sliding(dimension, quota, estimate),
                Box::new(counter),
            ));
        }
    }
    let tracker = |window| Box::new(QuotaTracker::new(20, window));
    let period = Duration::from_millis(1_500);
    let opening = SharedLimit::quota(dimension, 20, Window::opening(period));
    all.push((opening, tracker(paceline_quota::Window::fixed(period))));
    for unit in [CalendarUnit::Minute, CalendarUnit::Day, CalendarUnit::Month] {
        let limit = SharedLimit::quota(dimension, 20, Window::utc(unit));
        let window = paceline_quota::Window::calendar(unit, jiff::tz::TimeZone::UTC);
        all.push((limit, tracker(window)));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    /// The same is granted and denied, and for as long, rounded up to microseconds.
    #[test]
    fn every_limit_decides_like_its_limiter(
        steps in proptest::collection::vec((0..4_u32, 0..1_000_u64, 0..12_u64, 0..1_000_u64), 40..80),
    ) {
        let Some(server) = Server::start() else { return Ok(()) };
        for (limit, mut model) in pairs() {
            let most = limit.most();
            let mut bench = Bench::new(&server, std::slice::from_ref(&limit));
            let (mut now, mut until) = (START, START);
            for &(kind, share, part, jitter) in &steps {
                // On the spot, a little later, just when the last denial ends, or a good deal later.
                now = match kind {
                    0 => now,
                    1 => now + jitter,
                    2 => until.max(now),
                    _ => now + share * (until.saturating_sub(now) / 700 + jitter * jitter),
                };
                let cost = match part { 0 => 0, 1 => most, part => most / part.pow(2) + 1 }.min(most);
                let expected = model.try_acquire(at(now), cost);
                let reply = bench.ask(now, requests(cost), 0);
                match expected {
                    Ok(()) => prop_assert!(
                        matches!(reply.verdict, Verdict::Granted { .. }), "{:?} {:?}", limit, reply
                    ),
                    Err(Denied::Until(later)) => {
                        let wait = (later.as_nanos() - now * 1_000).div_ceil(1_000);
                        prop_assert_eq!(
                            reply.verdict, Verdict::Denied { wait, binding: 1 }, "{:?} {}", limit, cost
                        );
                        until = now + wait;
                    }
                    Err(denied) => prop_assert!(false, "{:?}", denied),
                }
                if let Verdict::Granted { again_after } = reply.verdict && cost > 0 {
                    let again = model.check(at(now), cost).map_or_else(
                        |denied| denied.retry_at().map_or(0, |at| (at.as_nanos() - now * 1_000).div_ceil(1_000)),
                        |()| 0,
                    );
                    prop_assert_eq!(again_after, again, "{:?}", limit);
                    until = until.max(now + again);
                }
                prop_assert_eq!(reply.anomalies, 0);
            }
        }
    }

    /// What is given back never makes more available than if the truth had been known at once.
    #[test]
    fn giving_back_is_never_more_generous_than_the_truth(
        steps in proptest::collection::vec((0..3_u32, 0..400_000_u64, 1..6_u64, 0..6_u64), 60..160),
    ) {
        let Some(server) = Server::start() else { return Ok(()) };
        let quota = Quota::per_second(30).with_burst(12).expect("it is above zero");
        let mut bench = Bench::new(&server, &[SharedLimit::gcra(Dimension::Requests, quota)]);
        let mut model = Settling::new(Gcra::new(quota));
        let (mut now, mut open) = (START, Vec::new());
        for (kind, later, cost, actual) in steps {
            now += later / 3_u64.pow(kind * 2);
            if kind == 2 && !open.is_empty() {
                let index = usize::try_from(later).unwrap_or(0) % open.len();
                let (receipt, told, cost): (_, _, u64) = open.swap_remove(index);
                let actual = actual.min(cost);
                bench.give_back(now, cost - actual, told);
                model.settle(at(now), receipt, actual).expect("it is in time");
                continue;
            }
            let reply = bench.ask(now, requests(cost), 0);
            let damaged = matches!(reply.verdict, Verdict::Damaged { .. });
            prop_assert!(!damaged, "at {}", now - START);
            if let Verdict::Granted { .. } = reply.verdict {
                prop_assert_eq!(model.check(at(now), cost), Ok(()), "at {}", now - START);
                let receipt = model.charge_estimate(at(now), cost);
                open.push((receipt, reply.told[0], cost));
            }
        }
    }
}

/// Of a bucket that is always asked for more, all that was estimated too high comes back.
#[test]
fn giving_back_keeps_a_busy_limit_in_use() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = Quota::per_second(1_000);
    let mut bench = Bench::new(&server, &[SharedLimit::gcra(Dimension::Requests, quota)]);
    let (mut now, mut used, mut open) = (START, 0_u64, std::collections::VecDeque::new());
    // Ten seconds, in which a call costs 10 of the 40 cells that it reserves, and takes 300 ms.
    while now < START + 10_000_000 {
        now += 1_000;
        while open.front().is_some_and(|&(at, _)| at + 300_000 <= now) {
            let (_, told) = open.pop_front().expect("there is one");
            bench.give_back(now, 30, told);
        }
        if let Reply {
            verdict: Verdict::Granted { .. },
            told,
            ..
        } = bench.ask(now, requests(40), 0)
        {
            used += 10;
            open.push_back((now, told[0]));
        }
    }
    // Without giving back it would be a quarter of 11,000.
    assert!((8_500..=11_000).contains(&used), "{used}");
}
