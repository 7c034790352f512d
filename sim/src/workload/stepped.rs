use rand_chacha::ChaCha8Rng;

use super::arrivals::exponential;
use crate::scenario::steps::{StepGaps, Steps};

/// Arrivals at rates that change at stated times.
#[derive(Debug)]
pub(super) struct Stepped {
    gaps: StepGaps,
    /// From when on, in seconds, and how many a second, the earliest last.
    to_come: Vec<(f64, f64)>,
    /// How many arrive a second now.
    per_s: f64,
}

impl Stepped {
    pub(super) fn new(steps: &Steps) -> Self {
        let rates = steps.rates.iter().rev();
        let rates = rates.map(|it| (it.from_s.get().as_secs_f64(), it.rate_per_min.get() / 60.0));
        Self {
            gaps: steps.gaps,
            to_come: rates.collect(),
            per_s: 0.0,
        }
    }

    /// The time of the arrival after one at `clock_s`, in seconds; infinite, if there is none.
    pub(super) fn next(&mut self, mut clock_s: f64, rng: &mut ChaCha8Rng) -> f64 {
        // In requests, so that what is left of it holds at another rate too.
        let mut gap = match self.gaps {
            StepGaps::Exponential => exponential(rng),
            StepGaps::Even => 1.0,
        };
        while let Some(&(from_s, per_s)) = self.to_come.last() {
            let until = (from_s - clock_s) * self.per_s;
            if gap < until {
                break;
            }
            gap -= until;
            (clock_s, self.per_s) = (from_s, per_s);
            self.to_come.pop();
        }
        // Never, at a rate of 0.
        clock_s + gap / self.per_s
    }
}
