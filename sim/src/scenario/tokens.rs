//! How large requests are.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{NonNegative, Positive, Share};

/// How many tokens. What is drawn is rounded to whole tokens, and is 1 at least.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tokens {
    /// Always the same; may be 0.
    Fixed(u64),
    /// Lognormal: the logarithm is normal.
    Lognormal(Lognormal),
    /// Gamma: exponential at shape 1, more even above.
    Gamma(GammaTokens),
    /// Pareto: a heavy tail above a least size.
    Pareto(Pareto),
    /// One of several kinds by lot, for sizes with more than one peak.
    Mixture(Mixture),
    /// Quantiles as measured: pairs of a share, and the tokens that this share of requests does not
    /// exceed.
    Quantiles(Quantiles),
}

/// Lognormal sizes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// The median, in tokens.
    pub median: Positive,
    /// The standard deviation of the natural logarithm.
    pub sigma: NonNegative,
    /// No more tokens than this. If absent, there is no bound.
    pub max: Option<u64>,
}

/// Gamma sizes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GammaTokens {
    /// The mean, in tokens.
    pub mean: Positive,
    /// The shape; the coefficient of variation is its inverse square root.
    pub shape: Positive,
    /// No more tokens than this. If absent, there is no bound.
    pub max: Option<u64>,
}

/// Pareto sizes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pareto {
    /// The smallest, in tokens.
    pub least: Positive,
    /// How fast the tail falls: the share above x is `least / x` to this power. No mean at 1 and below.
    pub alpha: Positive,
    /// No more tokens than this. If absent, there is no bound.
    pub max: Option<u64>,
}

/// One of several kinds of sizes by lot.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<RawPart>")]
#[schemars(with = "Vec<RawPart>", extend("minItems" = 1, "maxItems" = 16))]
pub struct Mixture(Vec<Part>);

/// One kind of sizes in a mixture.
#[derive(Clone, Debug)]
pub struct Part {
    /// How likely it is, beside the weights of the others.
    pub weight: Positive,
    /// Its sizes: not a mixture, and no quantiles.
    pub tokens: Tokens,
}

/// One kind of sizes: a weight, and one of the others.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPart {
    /// How likely it is, beside the weights of the others.
    weight: Positive,
    /// Always the same number of tokens. If absent, it is of another kind.
    fixed: Option<u64>,
    /// Lognormal sizes. If absent, it is of another kind.
    lognormal: Option<Lognormal>,
    /// Gamma sizes. If absent, it is of another kind.
    gamma: Option<GammaTokens>,
    /// Pareto sizes. If absent, it is of another kind.
    pareto: Option<Pareto>,
}

impl TryFrom<Vec<RawPart>> for Mixture {
    type Error = String;

    fn try_from(raw: Vec<RawPart>) -> Result<Self, String> {
        if !(1..=16).contains(&raw.len()) {
            return Err(format!("expected 1 to 16 parts, found {}", raw.len()));
        }
        let part = |part: RawPart| {
            let kinds = [
                part.fixed.map(Tokens::Fixed),
                part.lognormal.map(Tokens::Lognormal),
                part.gamma.map(Tokens::Gamma),
                part.pareto.map(Tokens::Pareto),
            ];
            let mut kinds = kinds.into_iter().flatten();
            match (kinds.next(), kinds.next()) {
                (Some(tokens), None) => Ok(Part {
                    weight: part.weight,
                    tokens,
                }),
                _ => Err("expected one of `fixed`, `lognormal`, `gamma` and `pareto` in each part"),
            }
        };
        let parts = raw.into_iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self(parts))
    }
}

impl Mixture {
    /// Its parts.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

/// Quantiles in rising order. Between two, the logarithm of the tokens grows evenly with the normal
/// score of the share, so that two of them are a lognormal, and so are the tails beyond the outermost.
/// Shares of 0 and 1 are bounds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<(Share, Positive)>")]
#[schemars(with = "Vec<(Share, Positive)>", extend("minItems" = 2, "maxItems" = 1_000))]
pub struct Quantiles(Vec<(f64, f64)>);

impl TryFrom<Vec<(Share, Positive)>> for Quantiles {
    type Error = String;

    fn try_from(raw: Vec<(Share, Positive)>) -> Result<Self, String> {
        let points = raw
            .into_iter()
            .map(|(share, tokens)| (share.get(), tokens.get()));
        let points: Vec<_> = points.collect();
        let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        if !points.windows(2).all(rises) {
            return Err("expected rising shares, and tokens that do not fall".to_owned());
        }
        let inner = points
            .iter()
            .filter(|(share, _)| 0.0 < *share && *share < 1.0);
        if inner.count() < 2 || points.len() > 1_000 {
            return Err(
                "expected at least 2 pairs with shares between 0 and 1, such as [0.5, 493], and at most 1000"
                    .to_owned(),
            );
        }
        Ok(Self(points))
    }
}

impl Quantiles {
    /// Pairs of a share, and the tokens that this share of requests does not exceed.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.0
    }
}

/// Pictures and sound that some requests bring beside text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Multimodal {
    /// The share of requests that bring any.
    pub share: Share,
    /// The input tokens that these cost on top.
    pub input_tokens: Tokens,
}
