use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Dimension;
use crate::{
    scenario::{Override, Scenario, ScenarioFile, strategy::Strategy},
    workload,
};

/// More points than this are a mistake.
const MOST_POINTS: usize = 1_000_000;

/// Every combination of the values that a sweep varies.
///
/// Points are numbered from 0, the last dimension changing fastest.
#[derive(Debug)]
pub struct Plan {
    file: ScenarioFile,
    changes: Vec<Override>,
    dimensions: Vec<Dimension>,
    seed: Option<u64>,
    /// The strategies that run; all, if empty.
    only: Vec<String>,
    head: Head,
}

/// What a sweep is, as its results say: two parts of one sweep have equal heads.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The name of the scenario.
    pub scenario: String,
    /// A digest of all that decides about the results; run ids begin with it.
    pub digest: String,
    /// Seeds every point.
    pub seed: u64,
    /// How many runs of every strategy at every point.
    pub replications: u32,
    /// What is varied, and the values as people write them.
    pub dimensions: Vec<(String, Vec<String>)>,
}

impl Head {
    /// How many points there are.
    pub fn points(&self) -> usize {
        self.dimensions
            .iter()
            .map(|(_, values)| values.len())
            .product()
    }

    /// The values at a point, one for each dimension.
    pub fn values(&self, point: usize) -> Vec<&str> {
        let dimensions = self.dimensions.iter().zip(self.places(point));
        dimensions
            .map(|((_, all), place)| all[place].as_str())
            .collect()
    }

    /// The place of each of these values in its dimension.
    fn places(&self, point: usize) -> Vec<usize> {
        let mut rest = point;
        let mut places = vec![0; self.dimensions.len()];
        for ((_, all), place) in self.dimensions.iter().zip(&mut places).rev() {
            *place = rest % all.len();
            rest /= all.len();
        }
        places
    }

    /// The name of the run of one point: the same wherever and whenever it runs.
    pub fn run_id(&self, point: usize) -> String {
        format!("{}-{point:06}", self.digest)
    }
}

impl Plan {
    /// Plans a sweep, and makes sure that every point of it is a legal scenario that replays legal traces.
    ///
    /// # Errors
    ///
    /// Says which point is not, or which file cannot be read.
    pub fn new(
        file: ScenarioFile,
        changes: Vec<Override>,
        dimensions: Vec<Dimension>,
        seed: Option<u64>,
        replications: u32,
        only: Vec<String>,
    ) -> anyhow::Result<Self> {
        for (index, dimension) in dimensions.iter().enumerate() {
            let same = |other: &Dimension| other.key() == dimension.key();
            if dimensions[..index].iter().any(same) {
                bail!("--vary {}: it is varied twice", dimension.key());
            }
        }
        let points = dimensions.iter().try_fold(1_usize, |points, dimension| {
            points.checked_mul(dimension.values().len())
        });
        if points.is_none_or(|points| points > MOST_POINTS) {
            bail!("--vary: expected at most {MOST_POINTS} combinations");
        }
        let base = file.scenario(&changes)?;
        let described = dimensions.iter().map(|dimension| {
            let values = dimension
                .values()
                .iter()
                .map(|value| value.text().to_owned());
            (dimension.key().to_owned(), values.collect())
        });
        let mut plan = Self {
            head: Head {
                scenario: base.name.clone(),
                digest: String::new(),
                seed: seed.unwrap_or(base.seed),
                replications,
                dimensions: described.collect(),
            },
            file,
            changes,
            dimensions,
            seed,
            only,
        };
        let mut replayed = BTreeSet::new();
        for point in 0..plan.head.points() {
            let scenario = plan.scenario(point)?;
            let files = scenario.traces().chain(scenario.session_traces());
            let before = replayed.len();
            replayed.extend(files.map(Path::to_owned));
            if replayed.len() > before {
                workload::check_traces(&scenario)?;
            }
        }
        plan.head.digest = plan.digest(&replayed)?;
        Ok(plan)
    }

    /// What the sweep is.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The scenario of a point.
    ///
    /// # Errors
    ///
    /// Fails if the values make no sense together.
    pub fn scenario(&self, point: usize) -> anyhow::Result<Scenario> {
        let mut changes = self.changes.clone();
        let places = self.dimensions.iter().zip(self.head.places(point));
        changes.extend(places.map(|(dimension, place)| dimension.values()[place].change().clone()));
        let mut scenario = self.file.scenario(&changes)?;
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        self.choose(&mut scenario)?;
        Ok(scenario)
    }

    /// Leaves the strategies that were asked for.
    fn choose(&self, scenario: &mut Scenario) -> anyhow::Result<()> {
        for name in &self.only {
            if !scenario.strategies.iter().any(|it| it.name == *name) {
                let names = scenario.strategy_names();
                bail!("--strategy {name}: expected one of {names}");
            }
        }
        if !self.only.is_empty() {
            let chosen = |strategy: &Strategy| self.only.contains(&strategy.name);
            scenario.strategies.retain(chosen);
        }
        Ok(())
    }

    /// Sums up the scenario, what is changed and varied in it, its traces, and this program's version.
    fn digest(&self, replayed: &BTreeSet<PathBuf>) -> anyhow::Result<String> {
        let mut hash = Sha256::new();
        let mut word = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        word(env!("CARGO_PKG_VERSION"));
        word(self.file.text());
        self.changes.iter().for_each(|change| word(change.text()));
        self.only.iter().for_each(|name| word(name));
        for (key, values) in &self.head.dimensions {
            word(key);
            values.iter().for_each(|value| word(value));
        }
        hash.update(self.head.seed.to_le_bytes());
        hash.update(self.head.replications.to_le_bytes());
        for trace in replayed {
            hash_file(&mut hash, trace).with_context(|| format!("{}", trace.display()))?;
        }
        // Sixteen digits are enough to tell sweeps apart, and short enough for a column.
        let digits = hash.finalize().into_iter().take(8);
        Ok(digits.map(|byte| format!("{byte:02x}")).collect())
    }
}

fn hash_file(hash: &mut Sha256, path: &Path) -> std::io::Result<()> {
    let (mut file, mut buffer) = (File::open(path)?, [0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => hash.update(&buffer[..read]),
        }
    }
}
