//! Limits that nobody stated are found, kept and used, whatever way the provider counts.

mod simulation;

use std::time::Duration;

use paceline_core::{Dimension, LimitWindow};
use proptest::{prelude::*, test_runner::RngSeed};
use simulation::{MINUTE, Meter, Simulation};

const KINDS: [fn(u64) -> Meter; 3] = [Meter::gcra, Meter::log, Meter::clock];

/// Always the same cases: these are shares of long runs, which chance must not decide.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        cases,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn an_unknown_limit_is_used_and_hardly_ever_exceeded(
        kind in 0..3_usize,
        limit in 30_u64..1_500,
        most_in_flight in 20_usize..200,
        seed in any::<u64>(),
    ) {
        let meters = vec![(Dimension::Requests, KINDS[kind](limit))];
        let mut simulation = Simulation::new(meters, most_in_flight, 1_000, seed);
        // Until the first responses are there, nothing is known.
        simulation.run(Duration::from_secs(3));
        let first = simulation.run(MINUTE);
        let then = simulation.run(20 * MINUTE);
        let most = limit.min(60 * most_in_flight as u64 / 3);
        prop_assert!(100 * (first.refused + then.refused) <= first.served + then.served, "{:?} {:?}", first, then);
        prop_assert!(100 * then.served >= 95 * 20 * most, "{:?} of {}", then, 20 * most);
        prop_assert_eq!(simulation.limits.limit(Dimension::Requests, LimitWindow::MINUTE), Some(limit));
    }

    #[test]
    fn limits_on_requests_and_tokens_hold_together(
        kind in 0..3_usize,
        requests in 60_u64..600,
        tokens in 60_000_u64..600_000,
        seed in any::<u64>(),
    ) {
        let meters = vec![
            (Dimension::Requests, KINDS[kind](requests)),
            (Dimension::Tokens, KINDS[kind](tokens)),
        ];
        let mut simulation = Simulation::new(meters, 100, 2_000, seed);
        simulation.run(Duration::from_secs(3));
        let counts = simulation.run(21 * MINUTE);
        prop_assert!(100 * counts.refused <= counts.served, "{:?}", counts);
        // Requests do not fill the last of the tokens to the brim: one of them may stay empty.
        let of_requests = 100 * counts.served >= 95 * 20 * requests;
        let of_tokens = 100 * counts.tokens >= 95 * 20 * (tokens - 2_000);
        prop_assert!(of_requests || of_tokens, "{:?} of {} and {}", counts, 20 * requests, 20 * tokens);
    }

    #[test]
    fn a_changed_limit_is_followed(
        kind in 0..3_usize,
        limit in 100_u64..600,
        factor in 2_u64..6,
        seed in any::<u64>(),
    ) {
        let meters = vec![(Dimension::Requests, KINDS[kind](limit * factor))];
        let mut simulation = Simulation::new(meters, 60, 1_000, seed);
        simulation.run(10 * MINUTE);
        let now = simulation.now;
        simulation.meters[0].1.set_limit(now, limit);
        let lowered = simulation.run(20 * MINUTE);
        // Those in flight when the limit fell cannot know.
        prop_assert!(lowered.refused <= 60 + lowered.served / 100, "lowered: {:?}", lowered);
        prop_assert!(100 * lowered.served >= 90 * 19 * limit, "lowered: {:?} of {}", lowered, 20 * limit);
        let now = simulation.now;
        simulation.meters[0].1.set_limit(now, limit * factor);
        simulation.run(3 * MINUTE);
        let raised = simulation.run(10 * MINUTE);
        let most = (limit * factor).min(60 * 60 / 3);
        prop_assert!(100 * raised.refused <= raised.served, "raised: {:?}", raised);
        prop_assert!(100 * raised.served >= 95 * 9 * most, "raised: {:?} of {}", raised, 10 * most);
    }
}
