use rand_chacha::rand_core::Rng;
use rayon::prelude::*;

use super::Estimate;
use crate::{
    engine::Streams,
    model::{self, Tally},
    scenario::Scenario,
};

/// Runs scenarios again and again, each time with other luck.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lab {
    /// How many independent runs a number is the mean of.
    pub(super) runs: u32,
    /// From which all luck follows.
    pub(super) seed: u64,
    /// Whether to run what nothing here can judge.
    pub(super) full: bool,
}

impl Lab {
    /// Takes numbers from the strategies of a scenario, in their order, in each of the runs.
    ///
    /// The scenario's text seeds it, so that no two have the same luck.
    ///
    /// # Panics
    ///
    /// Panics if the text is no legal scenario.
    pub(super) fn measure<const N: usize>(
        self,
        text: &str,
        of: impl Fn(&[Tally]) -> [f64; N] + Sync,
    ) -> [Estimate; N] {
        let scenario = Scenario::parse(text, "a scenario of the validation")
            .expect("the scenarios of the validation are legal");
        let streams = self.streams(text);
        let values: Vec<[f64; N]> = (0..self.runs)
            .into_par_iter()
            .map(|number| of(&tallies(&scenario, streams.replication(number))))
            .collect();
        std::array::from_fn(|which| {
            let values: Vec<f64> = values.iter().map(|values| values[which]).collect();
            Estimate::of(&values)
        })
    }

    /// Takes a number from the first strategy of a scenario in which there is no chance.
    ///
    /// # Panics
    ///
    /// Panics if the text is no legal scenario.
    pub(super) fn measure_once(self, text: &str, of: impl Fn(&Tally) -> u64 + Sync) -> Estimate {
        let once = Self { runs: 1, ..self };
        let [found] = once.measure(text, |tallies| [count(of(&tallies[0]))]);
        Estimate::exact(found.mean)
    }

    /// The streams of what has this name.
    pub(super) fn streams(self, name: &str) -> Streams {
        Streams::new(Streams::new(self.seed).named(name).next_u64())
    }
}

fn tallies(scenario: &Scenario, streams: Streams) -> Vec<Tally> {
    let strategies = scenario.strategies.iter();
    strategies
        .map(|strategy| {
            let tally = model::run(scenario, strategy, streams);
            tally.expect("the scenarios of the validation replay no traces")
        })
        .collect()
}

/// Requests that came in.
pub(super) fn requests(tally: &Tally) -> f64 {
    let fates = tally.workloads.iter();
    count(
        fates
            .map(|it| it.completed + it.abandoned + it.cancelled + it.unfinished)
            .sum(),
    )
}

/// The mean time from arrival to success, in seconds.
pub(super) fn mean_latency_s(tally: &Tally) -> f64 {
    tally.workloads[0].latency_us.mean() / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn count(count: u64) -> f64 {
    count as f64
}
