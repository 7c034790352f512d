use std::collections::HashMap;

use anyhow::bail;
use optimizer::{
    Direction, Study,
    parameter::{ParamId, ParamValue},
    sampler::TpeSampler,
};
use rand_chacha::rand_core::Rng;
use rayon::prelude::*;

use super::{Axis, Constraint, variant::Variants};
use crate::{
    compare::compare,
    engine::Streams,
    results::{Comparison, Metric},
    scenario::{Override, Scenario, ScenarioFile},
};

/// What to look for, and how long.
#[derive(Debug)]
pub struct Search {
    /// The scenario.
    pub file: ScenarioFile,
    /// What is changed in it first.
    pub changes: Vec<Override>,
    /// The strategy that is tuned.
    pub strategy: String,
    /// Which values of it.
    pub axes: Vec<Axis>,
    /// What is to be as good as possible.
    pub objective: Metric,
    /// What has to hold.
    pub constraints: Vec<Constraint>,
    /// How many proposals are tried.
    pub trials: u32,
    /// Runs of each proposal.
    pub replications: u32,
    /// Fresh runs of the best ones.
    pub fresh: u32,
    /// Overrides the seed of the scenario.
    pub seed: Option<u64>,
}

/// A proposal, and what came of it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// One for each axis, as TOML.
    pub values: Vec<String>,
    /// What it had of the objective; none if, say, nothing succeeded.
    pub objective: Option<f64>,
    /// What it had of each bounded figure.
    pub bounded: Vec<Option<f64>>,
    /// Whether all bounds were kept.
    pub feasible: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// All proposals, in the order in which they were tried.
    pub trials: Vec<Trial>,
    /// The strategy as written and then the favourites, under fresh seeds, as strategies of one comparison.
    pub fresh: Comparison,
    /// The favourites, in the order of that comparison.
    pub favourites: Vec<Favourite>,
    /// The place of the best favourite that kept all bounds; none if none did.
    pub best: Option<usize>,
}

/// One of the best proposals under seeds that the optimiser did not see.
#[derive(Clone, Debug)]
pub struct Favourite {
    /// One for each axis, as TOML.
    pub values: Vec<String>,
    /// What a command line says to get them.
    pub overrides: Vec<String>,
    /// What it had of each bounded figure.
    pub bounded: Vec<Option<f64>>,
    /// Whether all bounds were kept.
    pub feasible: bool,
}

/// Proposals that are made before any of them has run, whatever the number of threads.
const AT_ONCE: u32 = 4;
/// Proposals that run again.
const FAVOURITES: usize = 6;
/// The score of whoever breaks a bound: worse than any objective.
const BROKEN: f64 = 1e12;
/// The score of values that make no scenario, such as a first delay above the cap: worse than anything else.
const SENSELESS: f64 = 1e13;

/// Looks for good values.
///
/// `done` is called after each trial. Equal searches give equal results.
///
/// # Errors
///
/// Fails if the strategy is not there, proposed values make no scenario, or a trace cannot be read.
pub fn tune(search: &Search, done: impl Fn()) -> anyhow::Result<Tuned> {
    let variants = Variants::new(&search.file, &search.changes, &search.strategy);
    let mut written = variants.written()?;
    written.seed = search.seed.unwrap_or(written.seed);
    let sampler = TpeSampler::builder()
        .seed(written.seed)
        .n_startup_trials(startup(search))
        .build()?;
    let study: Study<f64> = Study::with_sampler(Direction::Minimize, sampler);
    for corner in corners(search) {
        study.enqueue(corner);
    }
    let (mut trials, mut scores) = (Vec::new(), Vec::new());
    let mut senseless = None;
    let mut left = search.trials;
    while left > 0 {
        let batch = left.min(AT_ONCE);
        left -= batch;
        let mut asked = Vec::new();
        for _ in 0..batch {
            let mut trial = study.ask();
            let values = search.axes.iter().map(|axis| axis.suggest(&mut trial));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            asked.push((trial, values));
        }
        let ran: Vec<_> = asked
            .par_iter()
            .map(|(_, values)| search.run(&variants, values, written.seed))
            .collect::<anyhow::Result<_>>()?;
        for ((trial, values), tried) in asked.into_iter().zip(ran) {
            let (tried, score) = tried.unwrap_or_else(|why| {
                senseless.get_or_insert(why);
                (
                    Trial::senseless(values, search.constraints.len()),
                    SENSELESS,
                )
            });
            study.tell(trial, Ok::<_, String>(score));
            scores.push(score);
            trials.push(tried);
            done();
        }
    }
    let favourites = favourites(&trials, &scores);
    if let Some(why) = senseless.filter(|_| favourites.is_empty()) {
        return Err(why);
    }
    search.confirm(&variants, written, trials, &favourites)
}

/// Corners of what is searched, of three axes at most by themselves: bounds are often kept there alone.
fn corners(search: &Search) -> impl Iterator<Item = HashMap<ParamId, ParamValue>> {
    let free = search.axes.len().min(3);
    let most = usize::try_from(search.trials / 4).unwrap_or(usize::MAX);
    // The two that are farthest from each other come first.
    let last = (1_usize << free) - 1;
    let corners = (0..=last / 2).flat_map(move |corner| [corner, last - corner]);
    let of = move |corner: usize| {
        let ends = search.axes.iter().enumerate();
        ends.map(|(place, axis)| axis.end(corner >> (place % free) & 1 == 1))
            .collect()
    };
    corners.map(of).take(most)
}

/// How many proposals are drawn at random before the optimiser trusts what it saw.
fn startup(search: &Search) -> usize {
    usize::try_from((search.trials / 4).clamp(4, 20)).unwrap_or(4)
}

/// The places of the best proposals that differ, best first.
fn favourites(trials: &[Trial], scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..trials.len()).collect();
    order.retain(|&place| scores[place] < SENSELESS);
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut kept: Vec<usize> = Vec::new();
    for place in order {
        let same = |&other: &usize| trials[other].values == trials[place].values;
        if kept.len() < FAVOURITES && !kept.iter().any(same) {
            kept.push(place);
        }
    }
    kept
}

impl Trial {
    /// That of values that make no scenario.
    fn senseless(values: Vec<String>, bounds: usize) -> Self {
        Self {
            values,
            objective: None,
            bounded: vec![None; bounds],
            feasible: false,
        }
    }
}

impl Search {
    /// Tries some values; a smaller score is better, and any that keeps all bounds beats any that does not. If they
    /// make no scenario, it says why.
    fn run(
        &self,
        variants: &Variants<'_>,
        values: &[String],
        seed: u64,
    ) -> anyhow::Result<anyhow::Result<(Trial, f64)>> {
        let mut scenario = match variants.scenario(&self.axes, values) {
            Ok(scenario) => scenario,
            Err(why) => return Ok(Err(why)),
        };
        scenario.seed = seed;
        let comparison = compare(&scenario, self.replications, || {})?;
        let Some(summary) = comparison.strategies.first() else {
            bail!("the scenario has no strategy `{}`", self.strategy);
        };
        let objective = self.objective.of(summary).map(|it| it.mean);
        let excess: f64 = self
            .constraints
            .iter()
            .map(|it| it.excess(&comparison, summary))
            .sum();
        let score = match objective {
            _ if excess > 0.0 => BROKEN + excess.min(BROKEN),
            None => BROKEN,
            Some(value) if self.objective.more_is_better() => -value,
            Some(value) => value,
        };
        let bounded = self
            .constraints
            .iter()
            .map(|it| it.value(&comparison, summary));
        let trial = Trial {
            values: values.to_vec(),
            objective,
            bounded: bounded.collect(),
            feasible: excess <= 0.0 && objective.is_some(),
        };
        Ok(Ok((trial, score)))
    }

    /// Runs the favourites beside the strategy as written, under fresh seeds.
    fn confirm(
        &self,
        variants: &Variants<'_>,
        mut scenario: Scenario,
        trials: Vec<Trial>,
        places: &[usize],
    ) -> anyhow::Result<Tuned> {
        // Another root, so that no replication is one that the optimiser saw.
        scenario.seed = Streams::new(scenario.seed).named("fresh").next_u64();
        let mut favourites = Vec::new();
        for (number, &place) in (1..).zip(places) {
            let values = &trials[place].values;
            let mut changed = variants.scenario(&self.axes, values)?;
            for strategy in &mut changed.strategies {
                strategy.name = format!("favourite {number}");
            }
            scenario.strategies.append(&mut changed.strategies);
            let overrides = variants.overrides(&self.axes, values)?;
            favourites.push(Favourite {
                values: values.clone(),
                overrides: overrides.iter().map(|it| it.text().to_owned()).collect(),
                bounded: Vec::new(),
                feasible: false,
            });
        }
        let fresh = compare(&scenario, self.fresh, || {})?;
        for (favourite, summary) in favourites.iter_mut().zip(&fresh.strategies[1..]) {
            let bounds = self.constraints.iter();
            favourite.bounded = bounds.map(|it| it.value(&fresh, summary)).collect();
            let mut bounds = self.constraints.iter();
            favourite.feasible = bounds.all(|it| it.excess(&fresh, summary) <= 0.0);
        }
        let value = |place: usize| {
            let found = self.objective.of(&fresh.strategies[place + 1]);
            found.map(|it| it.mean)
        };
        let kept = (0..favourites.len()).filter(|&place| favourites[place].feasible);
        let best = kept
            .filter(|&place| value(place).is_some())
            .reduce(|best, next| {
                let better = match (value(best), value(next)) {
                    (Some(best), Some(next)) if self.objective.more_is_better() => next > best,
                    (Some(best), Some(next)) => next < best,
                    _ => false,
                };
                if better { next } else { best }
            });
        Ok(Tuned {
            trials,
            fresh,
            favourites,
            best,
        })
    }
}
