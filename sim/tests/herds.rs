//! A herd that asks together is answered as each of it would be by itself.

mod text;

use paceline_core::Timestamp;
use paceline_sim::{
    engine::Streams,
    model::{self, Happening, Observer, Run},
};
use proptest::prelude::*;
use text::read;

/// Somebody who watches, for whose sake everybody is asked by itself.
struct Watcher;

impl Observer for Watcher {
    fn see(&mut self, _now: Timestamp, _what: &Happening<'_>) {}
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn whoever_is_not_asked_would_have_been_told_the_same(
        seed in 0..1_000_u32, jobs in 1..60_u32, rate in 1..200_u32, limit in 1..30_u32, burst in 1..5_u32,
        kind in prop::sample::select(vec!["gcra", "token-bucket", "sliding-log", "fixed-window", "strict-counter"]),
        counts in prop::sample::select(vec!["requests", "requests", "tokens"]),
        clients in 1..3_u32, concurrency in 1..40_u32, spacing: bool, gate: bool, throttle: bool, timeout in 1..40_u32,
        deadline in 5..90_u32, patience in 1..90_u32, error in 0..3_u32, queue in prop::sample::select(vec!["none", "none", "fifo"]),
    ) {
        let burst = match kind {
            "gcra" | "token-bucket" => format!("burst = {burst}"),
            _ => String::new(),
        };
        let also = |given: bool, line: &'static str| if given { line } else { "" };
        let text = format!(
            "seed = {seed}
            duration_s = 120
            [[workload]]
            name = \"a backlog\"
            arrivals.batch.jobs = {jobs}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[workload]]
            name = \"more\"
            arrivals.poisson.rate_per_min = {rate}
            patience.exponential.mean_s = {patience}
            input_tokens.lognormal = {{ median = 3, sigma = 1, max = 9 }}
            output_tokens.fixed = 1
            [provider]
            first_token.exponential.mean_s = 0.7
            error_rate = 0.{error}
            [[provider.limit]]
            counts = \"requests\"
            limit = {limit}
            per = \"minute\"
            kind = \"fixed-window\"
            [[strategy]]
            name = \"it\"
            clients = {clients}
            concurrency = {concurrency}
            queue = \"{queue}\"
            deadline_s = {deadline}
            timeout_s = {timeout}
            {}
            {}
            {}
            backoff = {{ delay.constant_s = 0.3, error_retries = 2 }}
            [[strategy.limit]]
            counts = \"{counts}\"
            limit = {}
            per = \"minute\"
            kind = \"{kind}\"
            {burst}",
            also(spacing, "spacing_s = 0.25"),
            also(gate, "gate = {}"),
            also(throttle, "throttle.window_s = 10"),
            10 * limit,
        );
        let scenario = read(&text);
        let (strategy, streams) = (&scenario.strategies[0], Streams::new(scenario.seed));
        let tally = model::run(&scenario, strategy, streams).expect("there is no trace");
        let mut watched = Run::start(&scenario, strategy, streams, Watcher).expect("there is no trace");
        while watched.step().expect("there is no trace") {}
        prop_assert_eq!(format!("{tally:?}"), format!("{:?}", watched.finish().0));
    }
}
