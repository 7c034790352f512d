//! Retries within retries: what one layer gives up, the one around it tries all over again.

mod text;

use paceline_core::Timestamp;
use paceline_sim::{
    engine::Streams,
    model::{Happening, Observer, Run, Tally},
};
use proptest::prelude::*;
use text::read;

/// A program that retries so often, after so many seconds each time, and for so long.
#[derive(Clone, Copy, Debug)]
struct Layer {
    retries: u32,
    delay_s: u64,
    most_s: u64,
}

impl Layer {
    fn toml(self) -> String {
        let Self {
            retries,
            delay_s,
            most_s,
        } = self;
        format!(
            "[[strategy.backoff]]\ndelay.constant_s = {delay_s}\nerror_retries = {retries}\nmax_elapsed_s = {most_s}\n"
        )
    }
}

/// When calls are made that all fail at once, if the last of these layers is handed a request at `start`, and when
/// it gives up: by the words, layer within layer.
fn calls(layers: &[Layer], start: u64, times: &mut Vec<u64>) -> u64 {
    let Some((layer, within)) = layers.split_last() else {
        times.push(start);
        return start;
    };
    let mut failed_at = calls(within, start, times);
    for _ in 0..layer.retries {
        let again_at = failed_at + layer.delay_s;
        if again_at - start > layer.most_s {
            break;
        }
        failed_at = calls(within, again_at, times);
    }
    failed_at
}

/// When calls are sent.
#[derive(Default)]
struct Sent(Vec<u64>);

impl Observer for Sent {
    fn see(&mut self, now: Timestamp, what: &Happening<'_>) {
        if let Happening::Sent { .. } = what {
            self.0.push(now.as_nanos());
        }
    }
}

/// When the calls of one request are sent that all fail, and what is counted.
fn sent(layers: &str) -> (Vec<u64>, Tally) {
    let scenario = read(&scenario(layers));
    let (strategy, streams) = (&scenario.strategies[0], Streams::new(scenario.seed));
    let mut run =
        Run::start(&scenario, strategy, streams, Sent::default()).expect("there is no trace");
    while run.step().expect("there is no trace") {}
    let (tally, Sent(times)) = run.finish();
    let start = scenario.start().as_nanos();
    (times.iter().map(|at| at - start).collect(), tally)
}

fn scenario(strategy: &str) -> String {
    format!(
        "seed = 3
        duration_s = 1_000_000
        bin_s = 100_000
        [workload]
        arrivals.batch.jobs = 1
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        error_rate = 1
        [[strategy]]
        name = \"it\"
        {strategy}"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn each_layer_begins_anew_whenever_the_one_around_it_tries_again(
        layers in prop::collection::vec((0_u32..4, 0_u64..50, 1_u64..200), 0..5),
    ) {
        let layers: Vec<Layer> = layers
            .into_iter()
            .map(|(retries, delay_s, most_s)| Layer { retries, delay_s, most_s })
            .collect();
        let mut expected = Vec::new();
        calls(&layers, 0, &mut expected);

        let tables: String = layers.iter().map(|layer| layer.toml()).collect();
        let (times, tally) = sent(&tables);
        let times: Vec<u64> = times.iter().map(|at| at / 1_000_000_000).collect();
        prop_assert_eq!(times, expected);
        prop_assert_eq!(tally.total().abandoned, 1);
    }
}

/// Each retry has a lot of its own, also where an inner layer begins anew.
#[test]
fn no_two_retries_of_a_request_are_spread_alike() {
    let full =
        "[[strategy.backoff]]\ndelay.constant_s = 1000\njitter = \"full\"\nerror_retries = 3\n";
    let (times, _) = sent(&full.repeat(2));
    let mut gaps: Vec<u64> = times.windows(2).map(|two| two[1] - two[0]).collect();
    gaps.sort_unstable();
    gaps.dedup();
    assert_eq!((times.len(), gaps.len()), (16, 15));
}

/// A budget bounds the retries of all layers together.
#[test]
fn a_budget_holds_for_all_layers() {
    let layer = "[[strategy.backoff]]\ndelay.constant_s = 1\nerror_retries = 1\n";
    let budget = "budget.ratio = { percent = 0, most = 2, initial = 2 }\n";
    let (_, tally) = sent(&format!("{budget}{}", layer.repeat(3)));
    assert_eq!(tally.calls, 3);
}
