//! Two rates of arrivals that take turns: the likeliest ones.

use super::{
    simplex,
    statistics::{counts, mean, number},
};

/// A Markov-modulated Poisson process of two states, the faster one first.
#[derive(Clone, Copy, Debug)]
pub(super) struct TwoStates {
    /// Arrivals a second in each.
    pub(super) per_s: [f64; 2],
    /// How often a second each ends, while it lasts.
    pub(super) leave: [f64; 2],
}

impl TwoStates {
    /// The mean rate over time.
    pub(super) fn mean_per_s(&self) -> f64 {
        let all = self.leave[0] + self.leave[1];
        (self.per_s[0] * self.leave[1] + self.per_s[1] * self.leave[0]) / all
    }

    /// The logarithm of how likely these gaps are from a first arrival on.
    ///
    /// Between arrivals the state changes as by the matrix exponential of the generator less the rates,
    /// which for two states is a formula; an arrival weighs each state by its rate.
    fn log_likelihood(&self, gaps: &[f64]) -> f64 {
        let ([a, b], [up, down]) = (self.per_s, self.leave);
        let (first, second) = (-a - up, -b - down);
        let (middle, half) = (f64::midpoint(first, second), (first - second) / 2.0);
        let spread = (half * half + up * down).sqrt();
        // How likely each state is at the first arrival.
        let weights = [a * down, b * up];
        let all = weights[0] + weights[1];
        let mut state = weights.map(|weight| weight / all);
        let mut sum = 0.0;
        for &gap in gaps {
            // Without the larger of two exponentials, which is added as a logarithm.
            let rest = (-2.0 * spread * gap).exp();
            let (cosh, sinh) = ((1.0 + rest) / 2.0, (1.0 - rest) / (2.0 * spread));
            let next = [
                (state[0] * (cosh + sinh * half) + state[1] * sinh * down) * a,
                (state[0] * sinh * up + state[1] * (cosh - sinh * half)) * b,
            ];
            let all = next[0] + next[1];
            sum += all.ln() + (middle + spread) * gap;
            state = next.map(|next| next / all);
        }
        sum
    }
}

/// The likeliest process of two states, and the logarithm of its likelihood.
pub(super) fn two_states(gaps: &[f64]) -> (TwoStates, f64) {
    best(gaps, |start| {
        let from = [start.per_s[0], start.per_s[1], start.leave[0], start.leave[1]].map(f64::ln);
        let of = |at: &[f64; 4]| {
            let [a, b, up, down] = at.map(f64::exp);
            TwoStates {
                per_s: [a.max(b), a.min(b)],
                leave: if a >= b { [up, down] } else { [down, up] },
            }
        };
        let (at, value) = simplex::least(from, 0.5, |at| -of(at).log_likelihood(gaps));
        (of(&at), -value)
    })
}

/// The likeliest process of which one state is silent.
pub(super) fn on_off(gaps: &[f64]) -> (TwoStates, f64) {
    best(gaps, |start| {
        let from = [start.per_s[0], start.leave[0], start.leave[1]].map(f64::ln);
        let of = |at: &[f64; 3]| {
            let [a, up, down] = at.map(f64::exp);
            TwoStates {
                per_s: [a, 0.0],
                leave: [up, down],
            }
        };
        let (at, value) = simplex::least(from, 0.5, |at| -of(at).log_likelihood(gaps));
        (of(&at), -value)
    })
}

/// The best of what is found from several starts.
fn best(gaps: &[f64], search: impl Fn(TwoStates) -> (TwoStates, f64)) -> (TwoStates, f64) {
    let found = starts(gaps).into_iter().map(search);
    let found = found.filter(|(_, likelihood)| likelihood.is_finite());
    let best = found.max_by(|a, b| a.1.total_cmp(&b.1));
    let even = TwoStates {
        per_s: [1.0 / mean(gaps); 2],
        leave: [1.0; 2],
    };
    best.unwrap_or((even, f64::NEG_INFINITY))
}

/// Where to look: windows of several widths, taken for busy or quiet by how many arrivals they hold.
fn starts(gaps: &[f64]) -> Vec<TwoStates> {
    let mut clock = 0.0;
    let times: Vec<f64> = gaps
        .iter()
        .map(|gap| {
            clock += gap;
            clock
        })
        .collect();
    let mean_gap = mean(gaps);
    let of_width = |width: f64| {
        let counts = counts(&times, width);
        let most = mean(&counts).max(0.5);
        let busy: Vec<bool> = counts.iter().map(|count| *count > most).collect();
        let of = |wanted: bool| {
            let counts = counts.iter().zip(&busy).filter(|(_, busy)| **busy == wanted);
            let counts: Vec<f64> = counts.map(|(count, _)| *count).collect();
            let runs = busy.chunk_by(|a, b| a == b).filter(|run| run[0] == wanted).count();
            let length_s = width * number(counts.len()) / number(runs.max(1));
            (mean(&counts).max(0.02 * most) / width, length_s.max(mean_gap))
        };
        let ((a, long_a), (b, long_b)) = (of(true), of(false));
        TwoStates {
            per_s: [a.max(b), a.min(b)],
            leave: [1.0 / long_a, 1.0 / long_b],
        }
    };
    [0.5, 5.0, 50.0].map(|gaps| of_width(gaps * mean_gap)).to_vec()
}
