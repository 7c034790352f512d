use paceline_core::{Denied, Quota, Timestamp};

use super::{adjust::Adjust, limiters, optimum::Phase};
use crate::scenario::limit::RateLimit;

/// The limits of a provider on requests, and the schedule that sends each as soon as it conforms.
pub(super) struct Requests {
    limiters: Vec<Box<dyn Adjust>>,
    /// When the quotas change, and to which, the last time first.
    changes: Vec<(Timestamp, Vec<Quota>)>,
    waiting: u64,
    now: Timestamp,
    admitted: u64,
}

impl Requests {
    /// Makes it of the limits with these places among those of every phase.
    pub(super) fn new(places: &[usize], phases: &[Phase], start: Timestamp) -> Self {
        let of = |phase: &Phase| -> Vec<RateLimit> {
            places
                .iter()
                .map(|&place| phase.rates[place].clone())
                .collect()
        };
        let first = phases.first().map(of).unwrap_or_default();
        let changes = phases.iter().skip(1).rev().map(|phase| {
            let quotas = of(phase).into_iter().map(|rate| rate.quota);
            (phase.from, quotas.collect())
        });
        Self {
            limiters: first
                .iter()
                .map(|rate| limiters::limiter(rate, start))
                .collect(),
            changes: changes.collect(),
            waiting: 0,
            now: start,
            admitted: 0,
        }
    }

    /// Serves until a request arrives, and lets it wait.
    pub(super) fn arrive(&mut self, at: Timestamp) {
        self.serve_until(at);
        self.now = self.now.max(at);
        self.waiting += 1;
    }

    /// How many are admitted by `end`.
    pub(super) fn admitted(mut self, end: Timestamp) -> u64 {
        self.serve_until(end);
        self.admitted
    }

    /// Serves everything that can be served before `end`, under the limits of each time.
    fn serve_until(&mut self, end: Timestamp) {
        while let Some((at, quotas)) = self.changes.pop_if(|(at, _)| *at <= end) {
            self.serve_unchanged_until(at);
            self.now = self.now.max(at);
            for (limiter, quota) in self.limiters.iter_mut().zip(quotas) {
                limiter.adjust(at, quota);
            }
        }
        self.serve_unchanged_until(end);
    }

    fn serve_unchanged_until(&mut self, end: Timestamp) {
        while self.waiting > 0 && self.now < end {
            let answers = self.limiters.iter().map(|it| it.check(self.now, 1));
            let denied = answers.filter_map(Result::err).reduce(Denied::and);
            match denied.map(Denied::retry_at) {
                None => {
                    for limiter in &mut self.limiters {
                        limiter.charge(self.now, 1);
                    }
                    self.waiting -= 1;
                    self.admitted += 1;
                }
                Some(Some(at)) if at < end => self.now = at,
                // Not before the next arrival, or never.
                Some(_) => return,
            }
        }
    }
}
