//! Rates of arrivals that take turns: the likeliest ones.

use super::{
    chain::{Chain, MOST},
    simplex,
    statistics::{counts, mean, number},
};

/// A chain, and the logarithm of its likelihood.
type Found = (Chain, f64);

/// The likeliest chain of two states.
pub(super) fn two_states(gaps: &[f64]) -> Option<Found> {
    best(starts(gaps).iter().map(|start| climb(start, gaps)))
}

/// The likeliest chain of two states of which the second is silent.
pub(super) fn on_off(gaps: &[f64]) -> Option<Found> {
    best(starts(gaps).iter().map(|start| {
        let from = [start.per_s[0], start.up[0], start.down[0]].map(f64::ln);
        let of = |logs: &[f64]| {
            let mut chain = Chain::of(2, &[logs[0], 0.0, logs[1], logs[2]]);
            chain.per_s[1] = 0.0;
            chain
        };
        let (logs, value) = simplex::least(&from, 0.5, |logs| -of(logs).log_likelihood(gaps));
        (of(&logs), -value)
    }))
}

/// The likeliest chain of one state more than this one.
pub(super) fn one_more(chain: &Chain, gaps: &[f64]) -> Option<Found> {
    let busiest = (0..chain.states).max_by(|&a, &b| chain.per_s[a].total_cmp(&chain.per_s[b]))?;
    let quietest = (0..chain.states).min_by(|&a, &b| chain.per_s[a].total_cmp(&chain.per_s[b]))?;
    let starts = [
        // A shorter and busier one beside the busiest, or a longer and quieter one beside the quietest.
        beside(chain, busiest, 3.0, 4.0),
        beside(chain, quietest, 0.1, 0.25),
    ];
    best(
        starts
            .into_iter()
            .flatten()
            .map(|start| climb(&start, gaps)),
    )
}

fn climb(start: &Chain, gaps: &[f64]) -> Found {
    let of = |logs: &[f64]| Chain::of(start.states, logs);
    let likelihood = |logs: &[f64]| -of(logs).log_likelihood(gaps);
    let (logs, value) = simplex::least(&start.logs(), 0.5, likelihood);
    (of(&logs), -value)
}

/// The likeliest of those that can be drawn from: with fewer than a thousand changes of state a request.
fn best(found: impl Iterator<Item = Found>) -> Option<Found> {
    let drawable = |(chain, likely): &Found| {
        let leaves = (0..chain.states).map(|state| chain.leave(state));
        let changes: f64 = chain
            .shares()
            .iter()
            .zip(leaves)
            .map(|(share, per_s)| share * per_s)
            .sum();
        likely.is_finite() && changes < 1_000.0 * chain.mean_per_s()
    };
    let found = found.filter(drawable);
    found.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// The same chain with another state at the end that is nearer to this one: with so many times its rate,
/// and given up so many times as often.
fn beside(chain: &Chain, state: usize, rate: f64, leave: f64) -> Option<Chain> {
    let count = chain.states;
    if count == MOST {
        return None;
    }
    let mut more = *chain;
    more.states += 1;
    if state * 2 < count {
        // At the front, so that all others move back.
        for place in (0..count).rev() {
            more.per_s[place + 1] = more.per_s[place];
        }
        for place in (0..count - 1).rev() {
            more.up[place + 1] = more.up[place];
            more.down[place + 1] = more.down[place];
        }
        more.per_s[0] = chain.per_s[state] * rate;
        more.up[0] = chain.leave(state) * leave;
        more.down[0] = chain.leave(state);
    } else {
        more.per_s[count] = chain.per_s[state] * rate;
        more.up[count - 1] = chain.leave(state);
        more.down[count - 1] = chain.leave(state) * leave;
    }
    Some(more)
}

/// Where to look: windows of several widths, taken for busy or quiet by how many arrivals they hold.
fn starts(gaps: &[f64]) -> Vec<Chain> {
    let mut clock = 0.0;
    let times = gaps.iter().map(|gap| {
        clock += gap;
        clock
    });
    let times: Vec<f64> = times.collect();
    let mean_gap = mean(gaps);
    let of_width = |width: f64| {
        let counts = counts(&times, width);
        let most = mean(&counts).max(0.5);
        let busy: Vec<bool> = counts.iter().map(|count| *count > most).collect();
        let of = |wanted: bool| {
            let counts = counts
                .iter()
                .zip(&busy)
                .filter(|(_, busy)| **busy == wanted);
            let counts: Vec<f64> = counts.map(|(count, _)| *count).collect();
            let runs = busy.chunk_by(|a, b| a == b).filter(|run| run[0] == wanted);
            let length_s = width * number(counts.len()) / number(runs.count().max(1));
            (
                mean(&counts).max(0.02 * most) / width,
                length_s.max(mean_gap),
            )
        };
        let ((busy, busy_s), (quiet, quiet_s)) = (of(true), of(false));
        let first = |number: f64| [number, 0.0, 0.0, 0.0];
        Chain {
            states: 2,
            per_s: [busy, quiet, 0.0, 0.0],
            up: first(busy_s.recip()),
            down: first(quiet_s.recip()),
        }
    };
    [0.5, 5.0, 50.0]
        .map(|gaps| of_width(gaps * mean_gap))
        .to_vec()
}
