//! The simulator against numbers that are known in advance.
//!
//! Each family of models is a file, which configures the simulator by scenarios and says what should
//! come out. A number is the mean of independent runs, so that its error is known too.

mod aws;
mod azure;
mod budgets;
mod bursts;
mod estimate;
mod lab;
mod losses;
mod overload;
mod queues;
mod recorded;
mod retries;
mod row;

use clap::ValueEnum;

pub use estimate::Estimate;
use lab::Lab;
pub use row::{Expected, Row, Verdict};

/// A group of models.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Family {
    /// Queues with one server and several.
    Queues,
    /// What limits refuse of Poisson traffic.
    Losses,
    /// Backlogs against limits, to the last call.
    Bursts,
    /// What retries cost.
    Retries,
    /// What bounds retries over all requests.
    Budgets,
    /// Servers under more than they can do.
    Overload,
    /// The experiment on backoff and jitter of 2015.
    Aws,
    /// What providers were seen to say.
    Recorded,
}

impl Family {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Queues,
        Self::Losses,
        Self::Bursts,
        Self::Retries,
        Self::Budgets,
        Self::Overload,
        Self::Aws,
        Self::Recorded,
    ];

    /// What its models have in common, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Queues => "Queues",
            Self::Losses => "What limits refuse of Poisson traffic",
            Self::Bursts => "Backlogs",
            Self::Retries => "Retries",
            Self::Budgets => "Budgets for retries",
            Self::Overload => "Overload",
            Self::Aws => "Exponential backoff and jitter, 2015",
            Self::Recorded => "What providers were seen to say",
        }
    }
}

/// How much to run.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many independent runs a number is the mean of; at least 2.
    pub runs: u32,
    /// From which all luck follows.
    pub seed: u64,
    /// Whether to run what nothing here can judge.
    pub full: bool,
}

/// Runs the models of a family.
///
/// # Panics
///
/// Panics if a scenario of the validation is not legal, which its tests rule out.
pub fn validate(family: Family, effort: Effort) -> Vec<Row> {
    let lab = Lab {
        runs: effort.runs,
        seed: effort.seed,
        full: effort.full,
    };
    match family {
        Family::Queues => queues::rows(lab),
        Family::Losses => losses::rows(lab),
        Family::Bursts => bursts::rows(lab),
        Family::Retries => retries::rows(lab),
        Family::Budgets => budgets::rows(lab),
        Family::Overload => overload::rows(lab),
        Family::Aws => aws::rows(lab),
        Family::Recorded => recorded::rows(),
    }
}
