//! Both windows obey the laws, and the log agrees with a naive list.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_laws::{Schedule, regimes};
use paceline_sliding_window::{Estimate, SlidingCounter, SlidingLog};

const ESTIMATES: [Estimate; 2] = [Estimate::Weighted, Estimate::Conservative];

#[test]
fn the_log_obeys_the_laws() {
    for (quota, schedule) in regimes() {
        paceline_laws::obeys(schedule, || SlidingLog::new(quota));
    }
    let schedule = Schedule::new(Duration::from_secs(40), u64::MAX);
    paceline_laws::obeys(schedule, || SlidingLog::new(Quota::per_minute(u64::MAX)));
}

#[test]
fn the_counter_obeys_the_laws() {
    for estimate in ESTIMATES {
        for (quota, schedule) in regimes() {
            paceline_laws::obeys(schedule, || SlidingCounter::new(quota, estimate));
        }
        let schedule = Schedule::new(Duration::from_secs(40), u64::MAX);
        let huge = Quota::per_minute(u64::MAX);
        paceline_laws::obeys(schedule, || SlidingCounter::new(huge, estimate));
    }
}

#[test]
fn answers_are_defined_at_the_ends_of_every_range() {
    paceline_laws::defined_at_the_extremes(|quota, _| Some(SlidingLog::new(quota)));
    for estimate in ESTIMATES {
        paceline_laws::defined_at_the_extremes(|quota, _| {
            Some(SlidingCounter::new(quota, estimate))
        });
    }
}

#[test]
fn the_log_admits_exactly_what_a_naive_list_admits() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        let reference = paceline_laws::window(quota);
        paceline_laws::admits_like(schedule, || SlidingLog::new(quota), reference);
    }
}

/// How many windows of `period` cover a closed interval.
fn windows(period: Duration, first: Timestamp, last: Timestamp) -> u128 {
    last.saturating_duration_since(first).as_nanos() / period.as_nanos() + 1
}

#[test]
fn no_window_holds_more_than_the_limit() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        let limit = u128::from(quota.limit());
        let bound = |first, last| limit * windows(quota.period(), first, last);
        paceline_laws::stays_within(schedule, || SlidingLog::new(quota), bound);
        let strict = || SlidingCounter::new(quota, Estimate::Conservative);
        paceline_laws::stays_within(schedule, strict, bound);
    }
}

#[test]
fn the_weighted_counter_holds_less_than_twice_the_limit() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        let worst = (2 * u128::from(quota.limit())).saturating_sub(1);
        let bound = |first, last| worst * windows(quota.period(), first, last);
        let weighted = || SlidingCounter::new(quota, Estimate::Weighted);
        paceline_laws::stays_within(schedule, weighted, bound);
    }
}

#[test]
fn the_weighted_counter_reaches_its_worst_case() {
    let minute = 60_000_000_000;
    let at = Timestamp::from_nanos;
    let greedy = |estimate| {
        let mut counter = SlidingCounter::new(Quota::per_minute(100), estimate);
        // The end of the first bucket, and the last moment from which a window still covers it.
        [minute - 1, 2 * minute - 2].map(|nanos| {
            (0..200)
                .filter(|_| counter.try_acquire(at(nanos), 1).is_ok())
                .count()
        })
    };
    assert_eq!(greedy(Estimate::Weighted), [100, 99]);
    assert_eq!(greedy(Estimate::Conservative), [100, 0]);
}

#[test]
fn a_change_of_quota_forgets_nothing() {
    let schedule = Schedule::new(Duration::from_secs(9), 12);
    let quotas = [10, 30, 4, 0].map(Quota::per_minute);
    let log = || SlidingLog::new(quotas[0]);
    paceline_laws::quota_change_is_strict(schedule, log, &quotas, SlidingLog::set_quota);
    for estimate in ESTIMATES {
        // A counter cannot tell when its cells came, so it is strict for other periods too.
        let quotas = [
            quotas[0],
            quotas[1],
            quotas[2],
            Quota::per_second(7),
            Quota::per_day(50),
        ];
        let counter = || SlidingCounter::new(quotas[0], estimate);
        let set = SlidingCounter::set_quota;
        paceline_laws::quota_change_is_strict(schedule, counter, &quotas, set);
    }
}

#[test]
fn the_log_under_another_period_is_the_log_that_always_had_it() {
    let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
    let (mut changed, mut always) = (
        SlidingLog::new(Quota::per_minute(10)),
        SlidingLog::new(Quota::new(10, Duration::from_secs(20)).expect("not zero")),
    );
    for (seconds, cost) in [(0, 3), (15, 2), (30, 5)] {
        changed.charge(at(seconds), cost);
        always.charge(at(seconds), cost);
    }
    changed.set_quota(at(30), always.quota());
    for seconds in 30..60 {
        let now = at(seconds);
        assert_eq!(
            changed.available(now),
            always.available(now),
            "at {seconds} s"
        );
        assert_eq!(
            changed.check(now, 9),
            always.check(now, 9),
            "at {seconds} s"
        );
    }
}
