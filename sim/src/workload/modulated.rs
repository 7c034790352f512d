use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};

use super::arrivals::exponential;
use crate::scenario::arrivals::Mmpp;

/// Arrivals of a Markov-modulated Poisson process.
#[derive(Debug)]
pub(super) struct Modulated {
    states: Vec<State>,
    /// The place of the state at hand.
    current: usize,
    /// When it ends.
    ends_s: f64,
}

#[derive(Debug)]
struct State {
    per_s: f64,
    mean_s: f64,
    /// How likely each state is to follow.
    next: Vec<f64>,
}

impl Modulated {
    /// Begins in a state by lot, as often as the process is in each over time.
    pub(super) fn new(mmpp: &Mmpp, rng: &mut ChaCha8Rng) -> Self {
        let states = mmpp.states.iter().enumerate().map(|(place, state)| State {
            per_s: state.rate_per_min.get() / 60.0,
            mean_s: state.mean_s.get().as_secs_f64(),
            next: mmpp.following(place),
        });
        let states: Vec<State> = states.collect();
        let current = choose(&mmpp.shares(), rng);
        // Exponential lengths have no memory, so the rest of one is as long as a whole one.
        let ends_s = states[current].mean_s * exponential(rng);
        Self {
            states,
            current,
            ends_s,
        }
    }

    /// The time of the first arrival after this one.
    pub(super) fn next(&mut self, mut clock_s: f64, rng: &mut ChaCha8Rng) -> f64 {
        loop {
            let state = &self.states[self.current];
            if state.per_s > 0.0 {
                let at_s = clock_s + exponential(rng) / state.per_s;
                if at_s <= self.ends_s {
                    return at_s;
                }
            }
            clock_s = self.ends_s;
            if !clock_s.is_finite() {
                return clock_s;
            }
            self.current = choose(&state.next, rng);
            self.ends_s += self.states[self.current].mean_s * exponential(rng);
        }
    }
}

/// One of several places by lot, with these chances, whose sum is 1.
pub(super) fn choose(chances: &[f64], rng: &mut ChaCha8Rng) -> usize {
    let lot: f64 = StandardUniform.sample(rng);
    let mut sum = 0.0;
    let chosen = chances.iter().position(|chance| {
        sum += chance;
        lot < sum
    });
    // Rounding may leave the sum below 1; the last that is possible takes the rest.
    let possible = chances.iter().rposition(|&chance| chance > 0.0);
    chosen.or(possible).unwrap_or_default()
}
