use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, LogNormal, Pareto, StandardNormal};
use statrs::{
    distribution::{ContinuousCDF, Gamma as GammaLaw, Normal},
    function::erf::erfc,
};

use super::modulated::choose;
use crate::scenario::tokens::{Mixture, Quantiles, Tokens};

/// A distribution of tokens.
#[derive(Debug)]
pub(super) enum Size {
    Fixed(u64),
    Lognormal {
        draw: LogNormal<f64>,
        median_ln: f64,
        sigma: f64,
        max: u64,
    },
    Gamma {
        draw: Gamma<f64>,
        law: GammaLaw,
        max: u64,
    },
    Pareto {
        draw: Pareto<f64>,
        least: f64,
        alpha: f64,
        max: u64,
    },
    Mixture {
        chances: Vec<f64>,
        parts: Vec<Self>,
    },
    Quantiles(Curve),
}

/// The logarithm of tokens by normal score, in lines between points.
#[derive(Debug)]
pub(super) struct Curve {
    /// Scores and logarithms, both rising; two at least.
    points: Vec<(f64, f64)>,
    least: u64,
    max: u64,
}

/// Without a stated maximum, no request is larger than this.
const LARGEST: u64 = 1 << 32;

impl Size {
    pub(super) fn new(tokens: Option<&Tokens>) -> Self {
        match tokens {
            None => Self::Fixed(0),
            Some(Tokens::Fixed(tokens)) => Self::Fixed(*tokens),
            Some(Tokens::Lognormal(law)) => {
                let max = law.max.unwrap_or(LARGEST);
                let (median_ln, sigma) = (law.median.get().ln(), law.sigma.get());
                match LogNormal::new(median_ln, sigma) {
                    Ok(draw) => Self::Lognormal {
                        draw,
                        median_ln,
                        sigma,
                        max,
                    },
                    // The median is above zero and sigma finite, so this is out of reach.
                    Err(_) => Self::Fixed(max),
                }
            }
            Some(Tokens::Gamma(law)) => {
                let max = law.max.unwrap_or(LARGEST);
                let (shape, scale) = (law.shape.get(), law.mean.get() / law.shape.get());
                match (
                    Gamma::new(shape, scale),
                    GammaLaw::new(shape, scale.recip()),
                ) {
                    (Ok(draw), Ok(law)) => Self::Gamma { draw, law, max },
                    // Only what underflows.
                    _ => Self::Fixed(whole(law.mean.get(), max)),
                }
            }
            Some(Tokens::Pareto(law)) => {
                let max = law.max.unwrap_or(LARGEST);
                let (least, alpha) = (law.least.get(), law.alpha.get());
                match Pareto::new(least, alpha) {
                    Ok(draw) => Self::Pareto {
                        draw,
                        least,
                        alpha,
                        max,
                    },
                    // Only what underflows.
                    Err(_) => Self::Fixed(whole(least, max)),
                }
            }
            Some(Tokens::Mixture(mixture)) => Self::mixture(mixture),
            Some(Tokens::Quantiles(quantiles)) => Self::Quantiles(Curve::new(quantiles)),
        }
    }

    fn mixture(mixture: &Mixture) -> Self {
        let parts = mixture.parts();
        let all: f64 = parts.iter().map(|part| part.weight.get()).sum();
        Self::Mixture {
            chances: parts.iter().map(|part| part.weight.get() / all).collect(),
            parts: parts
                .iter()
                .map(|part| Self::new(Some(&part.tokens)))
                .collect(),
        }
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> u64 {
        match self {
            Self::Fixed(tokens) => *tokens,
            Self::Lognormal { draw, max, .. } => whole(draw.sample(rng), *max),
            Self::Gamma { draw, max, .. } => whole(draw.sample(rng), *max),
            Self::Pareto { draw, max, .. } => whole(draw.sample(rng), *max),
            Self::Mixture { chances, parts } => parts[choose(chances, rng)].draw(rng),
            Self::Quantiles(curve) => curve.at(StandardNormal.sample(rng)),
        }
    }

    /// The tokens at a normal score: a draw from the normal distribution becomes a draw from this one.
    pub(super) fn at_score(&self, score: f64) -> u64 {
        match self {
            Self::Fixed(tokens) => *tokens,
            Self::Lognormal {
                median_ln,
                sigma,
                max,
                ..
            } => whole((median_ln + sigma * score).exp(), *max),
            Self::Gamma { law, max, .. } => whole(law.inverse_cdf(below(score)), *max),
            Self::Pareto {
                least, alpha, max, ..
            } => whole(least * above(score).powf(-1.0 / alpha), *max),
            Self::Mixture { .. } => self.search(score),
            Self::Quantiles(curve) => curve.at(score),
        }
    }

    /// The least tokens that at least the share below a score does not exceed, by halving.
    fn search(&self, score: f64) -> u64 {
        // In the upper half, what is above is the number with more digits.
        let reached = |tokens: u64| match score > 0.0 {
            true => self.beyond(tokens) <= above(score),
            false => 1.0 - self.beyond(tokens) >= below(score),
        };
        let (mut low, mut high) = (0, LARGEST);
        while low < high {
            let middle = low + (high - low) / 2;
            if reached(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// The share of draws that are larger than so many tokens.
    #[expect(clippy::cast_precision_loss, reason = "tokens are below 2^33")]
    fn beyond(&self, tokens: u64) -> f64 {
        // What is rounded is larger if it was larger by half a token.
        let edge = tokens as f64 + 0.5;
        match self {
            Self::Fixed(fixed) => f64::from(*fixed > tokens),
            Self::Lognormal { max, .. } | Self::Gamma { max, .. } | Self::Pareto { max, .. }
                if tokens >= *max =>
            {
                0.0
            }
            _ if tokens == 0 => 1.0,
            Self::Lognormal {
                median_ln, sigma, ..
            } => match edge.ln() - median_ln {
                distance if *sigma > 0.0 => above(distance / sigma),
                distance if distance < 0.0 => 1.0,
                _ => 0.0,
            },
            Self::Gamma { law, .. } => law.sf(edge),
            Self::Pareto { least, alpha, .. } => (least / edge).powf(*alpha).min(1.0),
            Self::Mixture { chances, parts } => {
                let parts = chances.iter().zip(parts);
                parts
                    .map(|(chance, part)| chance * part.beyond(tokens))
                    .sum()
            }
            // No part of a mixture.
            Self::Quantiles(_) => 0.0,
        }
    }
}

impl Curve {
    fn new(quantiles: &Quantiles) -> Self {
        let (mut least, mut max, mut points) = (1, LARGEST, Vec::new());
        for &(share, tokens) in quantiles.points() {
            if share <= 0.0 {
                least = whole(tokens, LARGEST);
            } else if share >= 1.0 {
                max = whole(tokens, LARGEST);
            } else {
                points.push((Normal::standard().inverse_cdf(share), tokens.ln()));
            }
        }
        Self { points, least, max }
    }

    fn at(&self, score: f64) -> u64 {
        let right = self.points.partition_point(|point| point.0 < score);
        // Outside of the points, the outermost line goes on.
        let right = right.clamp(1, self.points.len() - 1);
        let (from, to) = (self.points[right - 1], self.points[right]);
        let along = (score - from.0) / (to.0 - from.0);
        whole((from.1 + along * (to.1 - from.1)).exp(), self.max).max(self.least)
    }
}

/// The share of the normal distribution below a score.
fn below(score: f64) -> f64 {
    above(-score)
}

/// The share of the normal distribution above a score.
fn above(score: f64) -> f64 {
    erfc(score * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// The nearest whole number, from 1 on and up to `max`; huge ones saturate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "casts from floats saturate, sizes are above zero, and huge ones have no fraction"
)]
fn whole(tokens: f64, max: u64) -> u64 {
    let down = tokens as u64;
    // Without a call into the library, which sizes are drawn too often for.
    let up = u64::from(tokens - down as f64 >= 0.5);
    down.saturating_add(up).max(1).min(max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they saturate")]
        fn sizes_are_rounded_as_the_library_rounds(tokens in prop_oneof![
            0.0..1e7_f64,
            0.0..1e20_f64,
            (0..1_000_u32).prop_map(|halves| f64::from(halves) / 2.0),
            any::<f64>().prop_map(f64::abs),
        ]) {
            prop_assert_eq!(whole(tokens, u64::MAX), (tokens.round() as u64).max(1));
        }
    }
}
