//! Rates of arrivals that take turns, and how likely they make gaps.

/// A Markov-modulated Poisson process whose states are in a row: each is followed by one of its neighbours.
///
/// Two states always are. In a row, nothing depends on the direction of time, so the matrices below are
/// symmetric and have real eigenvalues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// How many states, of at most four.
    pub(super) states: usize,
    /// Arrivals a second in each.
    pub(super) per_s: [f64; MOST],
    /// How often a second each gives way to the one after it, while it lasts.
    pub(super) up: [f64; MOST],
    /// How often a second the one after it gives way to it.
    pub(super) down: [f64; MOST],
}

/// More states than this, ten numbers, are more than a trace of hours can tell.
pub(super) const MOST: usize = 4;

type Matrix = [[f64; MOST]; MOST];

impl Chain {
    /// The chain of these logarithms: rates, then ways up, then ways down.
    pub(super) fn of(states: usize, logs: &[f64]) -> Self {
        let part = |from: usize, count: usize| {
            let mut part = [0.0; MOST];
            for (part, log) in part.iter_mut().zip(&logs[from..from + count]) {
                *part = log.exp();
            }
            part
        };
        Self {
            states,
            per_s: part(0, states),
            up: part(states, states - 1),
            down: part(2 * states - 1, states - 1),
        }
    }

    /// The logarithms of its numbers.
    pub(super) fn logs(&self) -> Vec<f64> {
        let (rates, ways) = (&self.per_s[..self.states], self.states - 1);
        let all = rates
            .iter()
            .chain(&self.up[..ways])
            .chain(&self.down[..ways]);
        all.map(|number| number.max(1e-12).ln()).collect()
    }

    /// The share of time in each state.
    pub(super) fn shares(&self) -> [f64; MOST] {
        let mut shares = [0.0; MOST];
        shares[0] = 1.0;
        for state in 1..self.states {
            shares[state] = shares[state - 1] * self.up[state - 1] / self.down[state - 1];
        }
        let all: f64 = shares.iter().sum();
        shares.map(|share| share / all)
    }

    /// The mean rate over time.
    pub(super) fn mean_per_s(&self) -> f64 {
        let shares = self.shares();
        shares
            .iter()
            .zip(self.per_s)
            .map(|(share, per_s)| share * per_s)
            .sum()
    }

    /// How often a second a state ends, while it lasts.
    pub(super) fn leave(&self, state: usize) -> f64 {
        self.ways(state).iter().sum()
    }

    /// How often a second a state gives way to each, while it lasts.
    pub(super) fn ways(&self, state: usize) -> [f64; MOST] {
        let mut ways = [0.0; MOST];
        if state + 1 < self.states {
            ways[state + 1] = self.up[state];
        }
        if state > 0 {
            ways[state - 1] = self.down[state - 1];
        }
        ways
    }

    /// The logarithm of how likely these gaps are from a first arrival on.
    ///
    /// Between arrivals, states change by the exponential of the generator less the rates; an arrival
    /// weighs each state by its rate. Weighted by the roots of shares, that matrix is symmetric, so its
    /// exponential is one number for each eigenvector.
    pub(super) fn log_likelihood(&self, gaps: &[f64]) -> f64 {
        let count = self.states;
        let roots = self.shares().map(f64::sqrt);
        let mut matrix = [[0.0; MOST]; MOST];
        for state in 0..count {
            matrix[state][state] = -self.per_s[state] - self.leave(state);
            if state + 1 < count {
                let link = (self.up[state] * self.down[state]).sqrt();
                matrix[state][state + 1] = link;
                matrix[state + 1][state] = link;
            }
        }
        let (values, vectors) = eigen(matrix, count);
        // What an arrival does, from eigenvector to eigenvector; the sum over states; the first arrival.
        let (mut arrival, mut whole, mut now) = ([[0.0; MOST]; MOST], [0.0; MOST], [0.0; MOST]);
        for one in 0..count {
            for state in 0..count {
                let part = vectors[state][one];
                whole[one] += part * roots[state];
                now[one] += part * roots[state] * self.per_s[state];
                for (other, arrival) in arrival[one][..count].iter_mut().enumerate() {
                    *arrival += part * self.per_s[state] * vectors[state][other];
                }
            }
        }
        let all = |now: &[f64; MOST]| -> f64 { now.iter().zip(whole).map(|(a, b)| a * b).sum() };
        let first = all(&now);
        now = now.map(|part| part / first);
        let most = values[..count]
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for &gap in gaps {
            // Without the largest of the exponentials, which is added as a logarithm.
            let mut later = [0.0; MOST];
            for one in 0..count {
                let kept = now[one] * ((values[one] - most) * gap).exp();
                for (later, arrival) in later[..count].iter_mut().zip(arrival[one]) {
                    *later += kept * arrival;
                }
            }
            let weight = all(&later);
            sum += weight.ln() + most * gap;
            now = later.map(|part| part / weight);
        }
        sum
    }
}

/// The eigenvalues of a symmetric matrix, and their vectors as columns, by the method of Jacobi.
fn eigen(mut matrix: Matrix, count: usize) -> ([f64; MOST], Matrix) {
    let mut vectors = [[0.0; MOST]; MOST];
    for (place, row) in vectors.iter_mut().enumerate() {
        row[place] = 1.0;
    }
    for _ in 0..60 {
        let (mut off, mut all) = (0.0, 0.0);
        for (row, numbers) in matrix.iter().enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                all += number * number;
                off += if row == column { 0.0 } else { number * number };
            }
        }
        if off <= 1e-30 * all {
            break;
        }
        for one in 0..count {
            for other in one + 1..count {
                if matrix[one][other] == 0.0 {
                    continue;
                }
                let half = (matrix[other][other] - matrix[one][one]) / (2.0 * matrix[one][other]);
                let tangent = half.signum() / (half.abs() + half.hypot(1.0));
                let cosine = tangent.hypot(1.0).recip();
                let sine = tangent * cosine;
                for row in &mut matrix[..count] {
                    (row[one], row[other]) = turn(row[one], row[other], cosine, sine);
                }
                let (above, below) = matrix.split_at_mut(other);
                for (a, b) in above[one].iter_mut().zip(&mut below[0]) {
                    (*a, *b) = turn(*a, *b, cosine, sine);
                }
                for row in &mut vectors[..count] {
                    (row[one], row[other]) = turn(row[one], row[other], cosine, sine);
                }
            }
        }
    }
    let mut values = [0.0; MOST];
    for (place, value) in values.iter_mut().enumerate() {
        *value = matrix[place][place];
    }
    (values, vectors)
}

fn turn(a: f64, b: f64, cosine: f64, sine: f64) -> (f64, f64) {
    (cosine * a - sine * b, sine * a + cosine * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_give_the_matrix_back() {
        let matrix = [
            [-3.0, 1.0, 0.0, 0.0],
            [1.0, -200.0, 0.5, 0.0],
            [0.0, 0.5, -0.1, 2.0],
            [0.0, 0.0, 2.0, 0.0],
        ];
        let (values, vectors) = eigen(matrix, 4);
        for row in 0..4 {
            for column in 0..4 {
                let parts = (0..4).map(|it| vectors[row][it] * values[it] * vectors[column][it]);
                assert!((parts.sum::<f64>() - matrix[row][column]).abs() < 1e-9);
            }
        }
    }

    /// States of one rate are Poisson, and one that is never left is all there is.
    #[test]
    fn likelihoods_are_those_of_simpler_processes() {
        let gaps = [0.1, 2.0, 0.7, 30.0, 1e-6];
        let sum: f64 = gaps.iter().sum();
        let same = Chain {
            states: 3,
            per_s: [2.0, 2.0, 2.0, 0.0],
            up: [0.1, 5.0, 0.0, 0.0],
            down: [1.0, 0.01, 0.0, 0.0],
        };
        let poisson = 5.0 * 2_f64.ln() - 2.0 * sum;
        assert!((same.log_likelihood(&gaps) - poisson).abs() < 1e-9);
        // Bursts of rate 2 that end at 0.5 and begin at 0.25: gaps are a mixture of two exponentials.
        let bursts = Chain {
            states: 2,
            per_s: [2.0, 0.0, 0.0, 0.0],
            up: [0.5, 0.0, 0.0, 0.0],
            down: [0.25, 0.0, 0.0, 0.0],
        };
        let (a, b) = (2.0 + 0.5 + 0.25, 2.0 * 0.25_f64);
        let root = (a * a - 4.0 * b).sqrt();
        let (fast, slow): (f64, f64) = ((a + root) / 2.0, (a - root) / 2.0);
        let share = (2.0 - slow) / (fast - slow);
        let density = |gap: f64| {
            share * fast * (-fast * gap).exp() + (1.0 - share) * slow * (-slow * gap).exp()
        };
        let expected: f64 = gaps.iter().map(|&gap| density(gap).ln()).sum();
        assert!((bursts.log_likelihood(&gaps) - expected).abs() < 1e-9);
    }
}
