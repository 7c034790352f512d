//! Adaptive limits against servers whose best limit is known.

use std::{collections::VecDeque, time::Duration};

use paceline_concurrency::{Aimd, Concurrency, Gradient2, Limit, Outcome, Sample};
use paceline_core::Timestamp;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// The server takes `n` calls, a second each, and refuses others at once; the client always has a
    /// call to make. One call too many is refused, one backoff follows, and the limit climbs again.
    #[test]
    fn aimd_swings_between_its_ratio_and_one_above_what_the_server_takes(n in 10..200_u32, tenths in 5..10_u32) {
        let policy = Aimd::netflix().with_limits(1, 1..=1_000).and_then(|policy| policy.with_backoff((tenths, 10)));
        let mut calls = Concurrency::new(policy.expect("in range"));
        let (mut under_way, mut now, mut drops) = (VecDeque::new(), Timestamp::EPOCH, 0);
        for _ in 0..40 * n {
            while let Ok(ticket) = calls.try_start(now) {
                if calls.in_flight() > n {
                    calls.finish(ticket, now, Outcome::Dropped);
                    drops += 1;
                } else {
                    under_way.push_back((now.saturating_add(SECOND), ticket));
                }
            }
            prop_assert!(calls.limit() <= n + 1);
            prop_assert!(drops == 0 || calls.limit() >= tenths * (n + 1) / 10);
            let (end, ticket) = under_way.pop_front().expect("the limit is at least 1");
            now = end;
            calls.finish(ticket, now, Outcome::Success);
        }
        prop_assert!(drops >= 10, "{drops} teeth");
    }

    /// The server serves `n` calls at once, a second each, and lets others wait. Once it is known how
    /// long a call takes, the limit settles where calls take so much longer as is tolerated.
    #[test]
    fn gradient2_settles_at_the_tolerated_latency(n in 10..50_u32) {
        let mut policy = Gradient2::netflix().with_limits(n, 1..=10_000).expect("in range");
        calm(&mut policy, 600);
        surge(&mut policy, n, 60);
        // In 60 calls the average grows by less than a fifth.
        let (least, most) = (3 * n / 2 + 3, 9 * n / 5 + 6);
        prop_assert!((least..=most).contains(&policy.limit()), "{} of {least} to {most}", policy.limit());
    }

    /// The average follows an overload without end, and the limit with it; it forgets a twentieth with
    /// each quick call, until it is at most twice too long.
    #[test]
    fn gradient2_drifts_to_its_maximum_under_overload_and_forgets_it_when_calm(n in 20..50_u32) {
        let max = 20 * n;
        let mut policy = Gradient2::netflix().with_limits(n, 1..=max).expect("in range");
        calm(&mut policy, 600);
        surge(&mut policy, n, 3_000);
        prop_assert_eq!(policy.limit(), max);
        // 0.95^45 is a tenth: from 20 times too long to twice.
        calm(&mut policy, 45);
        prop_assert_eq!(policy.limit(), max, "too few in flight to learn the limit from");
        surge(&mut policy, n, 60);
        // On the way down, by a tenth with each call, the average grows by less than 20 / 0.1 * 2 / 601,
        // so to less than 2.7, and then by less than a fifth; of that, 3/2 is tolerated.
        let most = 5 * n + 6;
        prop_assert!(policy.limit() <= most, "{} of {most}", policy.limit());
    }
}

/// One call after the other, a second each.
fn calm(policy: &mut Gradient2, calls: u32) {
    for _ in 0..calls {
        observe(policy, 1, SECOND);
    }
}

/// As many calls in flight as may be, of which `n` are served at once.
fn surge(policy: &mut Gradient2, n: u32, calls: u32) {
    for _ in 0..calls {
        let in_flight = policy.limit();
        observe(policy, in_flight, SECOND * in_flight.max(n) / n);
    }
}

fn observe(policy: &mut Gradient2, in_flight: u32, took: Duration) {
    policy.observe(Sample {
        started_at: Timestamp::EPOCH,
        finished_at: Timestamp::EPOCH.saturating_add(took),
        in_flight,
        dropped: false,
    });
}
