use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::erf::erfc,
};

use super::statistics::{number, quantile};

/// More points than this describe accidents.
const MOST_POINTS: usize = 40;

/// As few quantiles of these sizes, which are sorted, as keep the distribution between them closer than
/// this, and how close it is: from three on, one more where it is furthest off.
pub(super) fn points(sorted: &[f64], close: f64) -> (Vec<(f64, f64)>, f64) {
    let groups = groups(sorted);
    let mut points: Vec<(f64, f64)> = [0.01, 0.5, 0.99]
        .map(|share| (share, quantile(sorted, share)))
        .to_vec();
    loop {
        let (off, (before, after, tokens)) = furthest(&points, &groups);
        if off <= close || points.len() >= MOST_POINTS {
            points.insert(0, (0.0, quantile(sorted, 0.0)));
            points.push((1.0, quantile(sorted, 1.0)));
            return (points, off);
        }
        let known = points.len();
        // What many requests share is a step, and two points, the first just above the size before; else
        // one will do.
        let step = after - before > close / 2.0;
        let first = if step { before + 1e-4 } else { after };
        for share in [first, after] {
            // Four digits, and none that is a bound.
            let share = (share * 1e4).round() / 1e4;
            let place = points.partition_point(|point| point.0 < share);
            let there = points.get(place).is_some_and(|point| point.0 <= share);
            if share > 0.0 && share < 1.0 && !there {
                points.insert(place, (share, tokens));
            }
        }
        if points.len() == known {
            // Nothing that can be written is closer.
            points.insert(0, (0.0, quantile(sorted, 0.0)));
            points.push((1.0, quantile(sorted, 1.0)));
            return (points, off);
        }
    }
}

/// The share of requests below each size and up to it, and that size.
fn groups(sorted: &[f64]) -> Vec<(f64, f64, f64)> {
    let mut seen = 0;
    let groups = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq());
    let groups = groups.map(|group| {
        let before = number(seen) / number(sorted.len());
        seen += group.len();
        (before, number(seen) / number(sorted.len()), group[0])
    });
    groups.collect()
}

/// The largest distance at any size or just below one, and that size.
fn furthest(points: &[(f64, f64)], groups: &[(f64, f64, f64)]) -> (f64, (f64, f64, f64)) {
    let curve = points
        .iter()
        .map(|&(share, tokens)| (Normal::standard().inverse_cdf(share), tokens.ln()));
    let curve: Vec<(f64, f64)> = curve.collect();
    let offs = groups.iter().enumerate().map(|(place, group)| {
        let &(before, after, tokens) = group;
        // The largest is a bound, so all is up to it; and nothing is below the least.
        let up_to_it = match place + 1 == groups.len() {
            true => 0.0,
            false => (up_to(&curve, tokens) - after).abs(),
        };
        // Too little below it is too little at the size before, too.
        let below_it = match place {
            0 => 0.0,
            _ => up_to(&curve, tokens - 1.0) - before,
        };
        (up_to_it.max(below_it), *group)
    });
    offs.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
}

/// The share of requests of at most so many tokens, along lines between points.
fn up_to(curve: &[(f64, f64)], tokens: f64) -> f64 {
    let log = (tokens + 0.5).ln();
    let right = curve
        .partition_point(|point| point.1 <= log)
        .clamp(1, curve.len() - 1);
    let (from, to) = (curve[right - 1], curve[right]);
    let along = (log - from.1) / (to.1 - from.1).max(1e-12);
    // Beyond the last of them, a line that is level never reaches anything larger.
    let score = from.0 + along * (to.0 - from.0);
    erfc(-score * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}
