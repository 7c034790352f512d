use statrs::function::erf::erfc;

use super::statistics::{digits, mean, number, quantile};

/// Sizes of one kind as a scenario writes them, and why.
#[derive(Debug)]
pub(super) struct FittedSizes {
    /// The right side of the line: `lognormal = { … }`.
    pub(super) law: String,
    /// What was chosen, and what else was tried.
    pub(super) reason: String,
}

/// One lognormal of a mixture: its weight, and mean and deviation of the logarithm.
#[derive(Clone, Copy, Debug)]
struct Part {
    weight: f64,
    mean: f64,
    sigma: f64,
}

/// A family is close enough if its distribution is nowhere further off than this.
const CLOSE: f64 = 0.03;
/// So many quantiles describe what no family describes, denser where tails are.
const SHARES: [f64; 13] = [
    0.001, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 0.999,
];

/// The simplest family that is close enough to these sizes, which are sorted: a lognormal, a mixture of two
/// or three, or quantiles.
pub(super) fn sizes(sorted: &[f64]) -> FittedSizes {
    let (least, most) = (quantile(sorted, 0.0), quantile(sorted, 1.0));
    if least >= most {
        return FittedSizes {
            law: format!("fixed = {most:.0}"),
            reason: "all the same".to_owned(),
        };
    }
    let logs: Vec<f64> = sorted.iter().map(|tokens| tokens.ln()).collect();
    let mut tried = Vec::new();
    for count in 1..=3 {
        let parts = mixture(&logs, count);
        let off = distance(sorted, &parts);
        let name = match count {
            1 => "a lognormal".to_owned(),
            _ => format!("a mixture of {count} lognormals"),
        };
        if off <= CLOSE {
            return FittedSizes {
                law: written(&parts, most),
                reason: format!("{name}, KS distance {off:.3}{}", but(&tried)),
            };
        }
        tried.push(format!("{name} {off:.3}"));
    }
    let mut points = vec![format!("[0, {least:.0}]")];
    points.extend(SHARES.iter().filter_map(|&share| {
        // A quantile far in the tail needs requests beyond it.
        let tail = share.min(1.0 - share);
        let known = tail * number(sorted.len()) >= 2.0;
        known.then(|| format!("[{share}, {:.0}]", quantile(sorted, share)))
    }));
    points.push(format!("[1, {most:.0}]"));
    FittedSizes {
        law: format!("quantiles = [{}]", points.join(", ")),
        reason: format!("quantiles{}", but(&tried)),
    }
}

fn but(tried: &[String]) -> String {
    if tried.is_empty() {
        return String::new();
    }
    format!(" ({})", tried.join(", "))
}

fn written(parts: &[Part], most: f64) -> String {
    let lognormal = |part: &Part| {
        format!(
            "lognormal = {{ median = {}, sigma = {}, max = {most:.0} }}",
            digits(part.mean.exp()),
            digits(part.sigma)
        )
    };
    match parts {
        [only] => lognormal(only),
        several => {
            let parts = several.iter().map(|part| {
                format!("    {{ weight = {}, {} }},\n", digits(part.weight), lognormal(part))
            });
            format!("mixture = [\n{}]", parts.collect::<String>())
        }
    }
}

/// The likeliest mixture of so many normals, by expectation and maximisation; logarithms are sorted.
fn mixture(logs: &[f64], count: usize) -> Vec<Part> {
    // Every so many of the sorted are as good as all of them.
    let every = logs.len().div_ceil(20_000);
    let logs: Vec<f64> = match count {
        1 => logs.to_vec(),
        _ => logs.iter().copied().skip(every / 2).step_by(every).collect(),
    };
    let parts = logs.chunks(logs.len().div_ceil(count));
    let mut parts: Vec<Part> = parts
        .map(|logs| Part::of(logs, &vec![1.0; logs.len()], number(count).recip()))
        .collect();
    let rounds = if count == 1 { 0 } else { 300 };
    for _ in 0..rounds {
        let shares: Vec<Vec<f64>> = logs
            .iter()
            .map(|&log| {
                let densities: Vec<f64> = parts.iter().map(|part| part.density(log)).collect();
                let all: f64 = densities.iter().sum();
                densities.iter().map(|density| density / all.max(f64::MIN_POSITIVE)).collect()
            })
            .collect();
        let before = parts.clone();
        for (place, part) in parts.iter_mut().enumerate() {
            let shares: Vec<f64> = shares.iter().map(|shares| shares[place]).collect();
            *part = Part::of(&logs, &shares, mean(&shares));
        }
        let moved = before.iter().zip(&parts).map(|(a, b)| (a.weight - b.weight).abs());
        if moved.fold(0.0, f64::max) < 1e-6 {
            break;
        }
    }
    parts.retain(|part| part.weight > 0.001);
    parts
}

impl Part {
    /// The normal of these logarithms, each with a share of its own.
    fn of(logs: &[f64], shares: &[f64], weight: f64) -> Self {
        let all = shares.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let weighed = |of: &dyn Fn(f64) -> f64| {
            let pairs = logs.iter().zip(shares);
            pairs.map(|(log, share)| of(*log) * share).sum::<f64>() / all
        };
        let mean = weighed(&|log| log);
        let variance = weighed(&|log| (log - mean).powi(2));
        Self {
            weight,
            mean,
            // A part of a single size would have an infinite density.
            sigma: variance.sqrt().max(0.02),
        }
    }

    fn density(&self, log: f64) -> f64 {
        let score = (log - self.mean) / self.sigma;
        self.weight * (-score * score / 2.0).exp() / self.sigma
    }

    /// The share of it up to so many tokens, which are rounded.
    fn up_to(&self, tokens: f64) -> f64 {
        let score = ((tokens + 0.5).ln() - self.mean) / self.sigma;
        self.weight * erfc(-score * std::f64::consts::FRAC_1_SQRT_2) / 2.0
    }
}

/// The largest distance between these sizes, which are sorted, and a mixture (Kolmogorov and Smirnov).
fn distance(sorted: &[f64], parts: &[Part]) -> f64 {
    let weights: f64 = parts.iter().map(|part| part.weight).sum();
    let mut seen = 0;
    let groups = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq());
    let distances = groups.map(|group| {
        let before = number(seen) / number(sorted.len());
        seen += group.len();
        let after = number(seen) / number(sorted.len());
        let up_to = |tokens: f64| {
            parts.iter().map(|part| part.up_to(tokens)).sum::<f64>() / weights
        };
        // Nothing is smaller than 1, so there is nothing below it to be off.
        let below = if group[0] > 1.0 { up_to(group[0] - 1.0) } else { 0.0 };
        (up_to(group[0]) - after).abs().max((below - before).abs())
    });
    distances.fold(0.0, f64::max)
}
