use std::time::Duration;

use paceline_admission::Priority;
use paceline_core::Timestamp;

use crate::{
    scenario::{
        strategy::{Queue, Strategy},
        workload::{self, Workload},
    },
    workload::Job,
};

/// What a strategy makes of the requests of each workload: how long they are worth something, and who goes first.
pub(crate) struct Terms {
    /// By the place of the workload.
    priorities: Vec<Priority>,
    /// By the place of the workload: the strategy's own, or that of the workload if that is stricter.
    deadlines: Vec<Option<Duration>>,
}

impl Terms {
    pub(crate) fn new(strategy: &Strategy, workloads: &[Workload]) -> Self {
        let deadline = |workload: &Workload| {
            let both = [strategy.deadline_s, workload.deadline_s];
            both.into_iter().flatten().map(|it| it.get()).min()
        };
        Self {
            priorities: workloads.iter().map(|it| priority(strategy, it)).collect(),
            deadlines: workloads.iter().map(deadline).collect(),
        }
    }

    /// When a request becomes worthless.
    pub(crate) fn deadline(&self, job: &Job) -> Timestamp {
        let deadline = self.deadlines.get(job.workload as usize).copied().flatten();
        deadline.map_or(Timestamp::MAX, |deadline| job.at.saturating_add(deadline))
    }

    /// The priority of a request, unless the smallest goes first.
    pub(crate) fn priority(&self, job: &Job) -> Priority {
        let priority = self.priorities.get(job.workload as usize);
        priority.copied().unwrap_or_default()
    }
}

fn priority(strategy: &Strategy, workload: &Workload) -> Priority {
    if strategy.queue != Queue::Priority {
        return Priority::INTERACTIVE;
    }
    match workload.priority {
        workload::Priority::Interactive => Priority::INTERACTIVE,
        workload::Priority::Batch => Priority::BATCH,
        workload::Priority::YieldsForS(span) => Priority::yielding_for(span.get()),
    }
}
