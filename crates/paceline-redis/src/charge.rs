use std::sync::Arc;

use paceline_core::{Demand, Timestamp};
use tokio::runtime::Handle;

use crate::{counters::count, throttle::Shared};

/// What was charged for a demand. Unless it is kept, it is given back when it is dropped.
pub(crate) struct Charge {
    shared: Arc<Shared>,
    demand: Demand,
    source: Source,
    at: Timestamp,
    kept: bool,
}

/// Who charged it.
#[derive(Debug)]
pub(crate) enum Source {
    Store {
        /// What each limit said when it was charged.
        told: Vec<[u64; 4]>,
        /// When the same would be granted again.
        again_at: Timestamp,
    },
    /// The store, for a lease of which it is a part.
    Leased,
    /// This process, while the store did not answer.
    Alone,
    /// Nobody: there is no limit with a state.
    Nothing,
}

impl Charge {
    pub(crate) const fn new(
        shared: Arc<Shared>,
        demand: Demand,
        source: Source,
        at: Timestamp,
    ) -> Self {
        Self {
            shared,
            demand,
            source,
            at,
            kept: false,
        }
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) const fn at(&self) -> Timestamp {
        self.at
    }

    /// When the same would be granted again.
    pub(crate) const fn again_at(&self) -> Timestamp {
        match self.source {
            Source::Store { again_at, .. } => again_at,
            Source::Leased | Source::Alone | Source::Nothing => self.at,
        }
    }

    pub(crate) const fn demand(&self) -> Demand {
        self.demand
    }

    /// Lets it stand, whatever becomes of this.
    pub(crate) const fn keep(&mut self) {
        self.kept = true;
    }

    /// Replaces it by the truth, once: gives back what is less, and charges what is more.
    pub(crate) fn settle(&mut self, actual: Demand) {
        if self.kept {
            return;
        }
        self.kept = true;
        let now = self.shared.store.now();
        let (less, more) = (beyond(self.demand, actual), beyond(actual, self.demand));
        if more != Demand::default() && !matches!(self.source, Source::Nothing) {
            self.shared.memory().owe(&self.shared.plans, more, now);
        }
        match &mut self.source {
            // Of a lease, only what nobody took is given back.
            Source::Nothing | Source::Leased => {}
            Source::Alone => self.shared.memory().owe_less(&self.shared.plans, less),
            Source::Store { told, .. } => {
                give_back(&self.shared, std::mem::take(told), self.demand, actual);
            }
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.settle(Demand::default());
    }
}

/// What one demand asks for beyond another.
const fn beyond(demand: Demand, other: Demand) -> Demand {
    Demand {
        requests: demand.requests.saturating_sub(other.requests),
        input_tokens: demand.input_tokens.saturating_sub(other.input_tokens),
        output_tokens: demand.output_tokens.saturating_sub(other.output_tokens),
    }
}

/// Gives back to the store what was charged beyond the truth, if the store can be asked and not too
/// much is being given back already. Whoever is first in line asks again then.
pub(crate) fn give_back(
    shared: &Arc<Shared>,
    told: Vec<[u64; 4]>,
    charged: Demand,
    actual: Demand,
) {
    let surplus: Vec<u64> = shared
        .plans
        .iter()
        .map(|plan| plan.cost(charged).saturating_sub(plan.cost(actual)))
        .collect();
    if surplus.iter().all(|&cells| cells == 0) {
        return;
    }
    let slot = Arc::clone(&shared.giving_back).try_acquire_owned();
    let (Ok(runtime), Ok(slot)) = (Handle::try_current(), slot) else {
        count(&shared.counters.not_given_back);
        return;
    };
    let shared = Arc::clone(shared);
    runtime.spawn(async move {
        let mut question = shared.store.question();
        question.key(&shared.pause_key);
        question.arg("back");
        let each = shared.plans.iter().zip(&surplus).zip(&told);
        for ((plan, &cells), &told) in each.filter(|((_, cells), _)| **cells > 0) {
            question.key(&plan.key);
            plan.give_back(&mut question, cells, told);
        }
        if shared.store.is_free() && shared.store.ask(&question).await.is_ok() {
            count(&shared.counters.given_back);
            shared.line().0.change();
        } else {
            count(&shared.counters.not_given_back);
        }
        drop(slot);
    });
}
