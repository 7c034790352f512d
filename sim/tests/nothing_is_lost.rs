//! Whatever happens to them: requests and calls come to some end, and are counted once.

mod text;

use paceline_sim::{engine::Streams, model};
use proptest::prelude::*;
use text::read;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Every request that is asked comes to some end, whatever happens to its calls, and so does every call.
    #[test]
    fn nothing_is_lost(
        seed in 0..1_000_u32, sessions in 1..9_u32, think in 0..4_u32, rate in 1..200_u32,
        workers in 1..4_u32, queue in 0..4_u32, timeout in 1..40_u32, cancels: bool, network in 0..2_u32,
        error in 0..3_u32, limit in 1..60_u32, retries in 0..3_u32, line in 0..2_u32, keys in 1..3_u32,
        budget in 0..4_usize, throttles: bool, concurrency in 1..9_u32, deadline in 1..60_u32,
        patience in 1..90_u32, worthless in 1..60_u32,
    ) {
        let budget = [
            "", "budget.ratio = { percent = 10, initial = 2 }", "budget.grpc = {}",
            "budget.breaker = { percent = 20, window_s = 9 }",
        ][budget];
        let text = format!(
            "seed = {seed}
            duration_s = 120
            [[workload]]
            name = \"closed\"
            arrivals.closed = {{ sessions = {sessions}, think.exponential = {{ mean_s = {}.5 }}, start_over_s = 9 }}
            patience.lognormal = {{ median_s = {patience}, sigma = 2 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[workload]]
            name = \"open\"
            arrivals.poisson = {{ rate_per_min = {rate} }}
            deadline_s = {worthless}
            patience.exponential.mean_s = {patience}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            keys = {keys}
            first_token.exponential = {{ mean_s = 0.7 }}
            server = {{ workers = {workers}, queue = {queue} }}
            slows.per_in_service_s = 0.1
            network.exponential = {{ mean_s = 0.{network}1 }}
            refusal_s = 0.05
            cancels_on_disconnect = {cancels}
            error_rate = 0.{error}
            outage = [{{ from_s = 50, to_s = 55 }}]
            [[provider.limit]]
            counts = \"requests\"
            limit = {limit}
            per = \"minute\"
            kind = \"gcra\"
            [[provider.limit]]
            counts = \"concurrency\"
            limit = 5
            [[provider.tenant]]
            arrivals.poisson = {{ rate_per_min = 30 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[strategy]]
            name = \"it\"
            clients = 2
            concurrency = {concurrency}
            timeout_s = {}
            deadline_s = {deadline}
            queue = \"{}\"
            gate = {{}}
            backoff = {{ delay.constant_s = 0.3, error_retries = {retries} }}
            {budget}
            {}
            [[strategy]]
            name = \"lossy\"",
            think,
            f64::from(timeout) / 10.0,
            ["fifo", "none"][line as usize],
            if throttles { "throttle.window_s = 10" } else { "" },
        );
        let scenario = read(&text);
        let streams = Streams::new(scenario.seed);
        let open = |name: usize| {
            let tally = model::run(&scenario, &scenario.strategies[name], streams).expect("no trace");
            let again = model::run(&scenario, &scenario.strategies[name], streams).expect("no trace");
            assert_eq!(format!("{tally:?}"), format!("{again:?}"));
            let total = tally.total();
            // Each call succeeded, was refused or failed, or was under way at the end.
            assert!(tally.calls >= tally.refused + tally.failed, "{tally:?}");
            let held = u64::from(2 * concurrency);
            if name == 0 {
                assert!(tally.calls - tally.refused - tally.failed <= total.completed + total.abandoned + total.cancelled + held);
            }
            let fate = &tally.workloads[1];
            fate.completed + fate.abandoned + fate.cancelled + fate.unfinished
        };
        // The open loop is the same, and everybody in it comes to some end.
        let arrivals = open(0);
        prop_assert_eq!(arrivals, open(1));
        let bound = model::optimum(&scenario, streams).expect("no trace");
        prop_assert!(bound.arrivals >= arrivals && !bound.exact);
    }
}
