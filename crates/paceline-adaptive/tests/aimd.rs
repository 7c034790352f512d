//! A rate found from refusals alone: it converges, is refused little, and learns nothing from idlers.

use std::{collections::VecDeque, time::Duration};

use paceline_adaptive::{AimdRate, Rate, RateError};
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_laws::Schedule;
use proptest::{prelude::*, test_runner::RngSeed};

const fn at(ms: u64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

fn picos(cells: u64) -> u64 {
    Rate::per_second(cells).as_picos()
}

#[test]
fn obeys_the_laws() {
    for (rate, burst) in [(1, 1), (7, 10), (1_000, 300)] {
        let schedule = Schedule::new(Duration::from_secs(2), 2 * burst);
        paceline_laws::obeys(schedule, || {
            let mut limiter = AimdRate::new(Rate::per_second(rate), burst);
            limiter.throttled(at(0), at(0));
            limiter
        });
    }
}

/// A client that sends whenever it may, to a provider that says no more than yes or no.
struct Simulation {
    limiter: AimdRate,
    provider: Gcra,
    latency: Duration,
    /// Responses under way: when they arrive, when the request was sent, whether it was served.
    under_way: VecDeque<(Timestamp, Timestamp, bool)>,
    now: Timestamp,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    sent: u64,
    refused: u64,
}

impl Simulation {
    fn new(initial: Rate, quota: Quota, latency: Duration) -> Self {
        Self {
            limiter: AimdRate::new(initial, 1),
            provider: Gcra::new(quota),
            latency,
            under_way: VecDeque::new(),
            now: at(1_000),
        }
    }

    /// Sends as much as the limiter allows, but no more often than `spacing`.
    fn run(&mut self, seconds: u64, spacing: Duration) -> Counts {
        let end = self.now.saturating_add(Duration::from_secs(seconds));
        let mut counts = Counts::default();
        let mut ready_at = self.now;
        loop {
            let sends_at = match self.limiter.check(ready_at, 1) {
                Ok(()) => ready_at,
                Err(denied) => denied.retry_at().expect("one fits"),
            };
            let hears_at = self
                .under_way
                .front()
                .map_or(Timestamp::MAX, |first| first.0);
            if sends_at.min(hears_at) >= end {
                self.now = end;
                return counts;
            }
            if hears_at <= sends_at {
                let (arrived_at, sent_at, served) =
                    self.under_way.pop_front().expect("there is one");
                if served {
                    self.limiter.succeeded(arrived_at, sent_at);
                } else {
                    self.limiter.throttled(arrived_at, sent_at);
                }
                // What was decided before the response arrived is decided again.
                ready_at = ready_at.max(arrived_at);
                continue;
            }
            self.limiter.charge(sends_at, 1);
            let served = self.provider.try_acquire(sends_at, 1).is_ok();
            counts.sent += 1;
            counts.refused += u64::from(!served);
            let arrives_at = sends_at.saturating_add(self.latency);
            self.under_way.push_back((arrives_at, sends_at, served));
            ready_at = sends_at.saturating_add(spacing);
        }
    }
}

proptest! {
    // Always the same cases: the first claim is about shares of long runs, which chance must not decide.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 64,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// The first guess is wrong by up to a factor of ten, in either direction.
    #[test]
    fn finds_an_unknown_rate(
        per_second in 2_u64..100,
        guess in 1_u64..=100,
        burst_s in 1_u64..10,
        latency_ms in 50_u64..2_000,
    ) {
        let quota = Quota::per_second(per_second).with_burst(per_second * burst_s).expect("not zero");
        let initial = Rate::from_picos(picos(per_second) * guess / 10);
        let mut simulation = Simulation::new(initial, quota, Duration::from_millis(latency_ms));
        let first = simulation.run(600, Duration::ZERO);
        let then = simulation.run(3_000, Duration::ZERO);
        let served = then.sent - then.refused;
        let (refused, sent) = (first.refused + then.refused, first.sent + then.sent);
        prop_assert!(refused * 20 < sent, "refused {} of {} in all", refused, sent);
        prop_assert!(then.refused * 30 < then.sent, "refused {:?}", then);
        prop_assert!(served * 100 >= per_second * 3_000 * 95, "served {} of {}", served, per_second * 3_000);
    }

    #[test]
    fn a_rate_stays_in_its_range_whatever_it_is_told(
        calls in prop::collection::vec((any::<u64>(), any::<u64>(), any::<bool>()), 0..100),
    ) {
        let range = Rate::from_picos(3_000)..=Rate::per_second(9);
        let limiter = AimdRate::new(Rate::per_second(1), 5).with_range(range.clone());
        let mut limiter = limiter.expect("a range");
        for (now, sent_at, served) in calls {
            let (now, sent_at) = (Timestamp::from_nanos(now), Timestamp::from_nanos(sent_at));
            limiter.charge(now, sent_at.as_nanos());
            if served {
                limiter.succeeded(now, sent_at);
            } else {
                limiter.throttled(now, sent_at);
            }
            prop_assert!(range.contains(&limiter.rate()));
        }
    }
}

#[test]
fn a_client_that_sends_little_learns_nothing() {
    let quota = Quota::per_second(50);
    let mut simulation = Simulation::new(Rate::per_second(10), quota, Duration::from_millis(100));
    // Two a second are a fifth of the rate.
    simulation.run(3_600, Duration::from_millis(500));
    assert_eq!(simulation.limiter.rate(), Rate::per_second(10));
    simulation.run(10, Duration::ZERO);
    assert!(simulation.limiter.rate() > Rate::per_second(15));
}

#[test]
fn a_raised_limit_is_found_and_a_lowered_one_honoured() {
    let quota = |rate| Quota::per_second(rate).with_burst(10).expect("not zero");
    let mut simulation =
        Simulation::new(Rate::per_second(10), quota(10), Duration::from_millis(100));
    simulation.run(100, Duration::ZERO);
    simulation.provider.set_quota(simulation.now, quota(20));
    simulation.run(240, Duration::ZERO);
    assert!(simulation.limiter.rate() > Rate::per_second(19));
    simulation.provider.set_quota(simulation.now, quota(5));
    let counts = simulation.run(20, Duration::ZERO);
    assert!(simulation.limiter.rate() < Rate::per_second(6));
    assert!(counts.refused < counts.sent / 5, "{counts:?}");
}

#[test]
fn refusals_of_one_episode_count_once() {
    let mut limiter = AimdRate::new(Rate::per_second(100), 1);
    for sent_at in 0..50 {
        limiter.throttled(at(100 + sent_at), at(sent_at));
    }
    assert_eq!(limiter.rate(), Rate::per_second(95));
    // Sent just when the decrease took place: it could not know of it.
    limiter.throttled(at(300), at(100));
    assert_eq!(limiter.rate(), Rate::per_second(95));
}

#[test]
fn refusals_that_do_not_end_cost_more_and_more() {
    let mut limiter = AimdRate::new(Rate::per_second(1_000), 1);
    let mut rates = Vec::new();
    for n in 0..6 {
        limiter.throttled(at(1_000 * n + 10), at(1_000 * n));
        rates.push(limiter.rate().as_picos() / 1_000_000_000);
    }
    assert_eq!(
        rates,
        [950_000, 855_000, 684_000, 410_400, 205_200, 102_600]
    );
}

#[test]
fn successes_of_requests_sent_before_a_decrease_raise_nothing() {
    let mut limiter = AimdRate::new(Rate::per_second(1), 1);
    limiter.throttled(at(20_000), at(19_000));
    let decreased = limiter.rate();
    for n in 0..15 {
        limiter.charge(at(20_000 + 1_000 * n), 1);
        limiter.succeeded(at(20_500 + 1_000 * n), at(5_000 + 1_000 * n));
    }
    assert_eq!(limiter.rate(), decreased);
}

#[test]
fn ranges_without_meaning_are_refused() {
    let limiter = || AimdRate::new(Rate::per_second(5), 1);
    let second = Rate::per_second;
    for range in [
        second(6)..=second(9),
        second(1)..=second(4),
        Rate::ZERO..=second(9),
    ] {
        assert_eq!(limiter().with_range(range).err(), Some(RateError));
    }
    assert!(limiter().with_range(second(5)..=second(5)).is_ok());
    assert!(AimdRate::new(Rate::ZERO, 0).rate() > Rate::ZERO);
}

#[test]
fn a_rate_that_is_used_up_ends_at_its_most_and_one_that_is_refused_at_its_least() {
    let range = Rate::from_picos(picos(1) / 2)..=Rate::per_second(9);
    let limiter = AimdRate::new(Rate::per_second(1), 1).with_range(range);
    let mut limiter = limiter.expect("a range");
    for ms in 0..60_000 {
        if limiter.try_acquire(at(ms), 1).is_ok() {
            limiter.succeeded(at(ms), at(ms));
        }
    }
    assert_eq!(limiter.rate(), Rate::per_second(9));
    for ms in 60_000..60_020 {
        limiter.throttled(at(ms), at(ms));
    }
    assert_eq!(limiter.rate(), Rate::from_picos(picos(1) / 2));
}
