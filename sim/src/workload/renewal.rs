use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardUniform, Weibull};
use statrs::function::gamma::gamma;

/// Independent gaps of one distribution.
#[derive(Clone, Copy, Debug)]
pub(super) enum Renewal {
    /// Gamma gaps, and the gaps in which a moment falls that was chosen without looking.
    Gamma { gaps: Gamma<f64>, met: Gamma<f64> },
    /// Weibull gaps, and the power of the scale's share of those in which such a moment falls.
    Weibull {
        gaps: Weibull<f64>,
        met: Gamma<f64>,
        scale: f64,
        shape: f64,
    },
    /// What cannot be drawn from, because its mean underflows: no gap at all.
    Instant,
}

impl Renewal {
    /// Gamma gaps with this mean.
    pub(super) fn gamma(mean_s: f64, shape: f64) -> Self {
        let scale = mean_s / shape;
        match (Gamma::new(shape, scale), Gamma::new(shape + 1.0, scale)) {
            (Ok(gaps), Ok(met)) => Self::Gamma { gaps, met },
            _ => Self::Instant,
        }
    }

    /// Weibull gaps with this mean.
    pub(super) fn weibull(mean_s: f64, shape: f64) -> Self {
        let scale = mean_s / gamma(1.0 + 1.0 / shape);
        let met = Gamma::new(1.0 + 1.0 / shape, 1.0);
        match (Weibull::new(scale, shape), met) {
            (Ok(gaps), Ok(met)) => Self::Weibull {
                gaps,
                met,
                scale,
                shape,
            },
            _ => Self::Instant,
        }
    }

    /// The next gap.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Self::Gamma { gaps, .. } => gaps.sample(rng),
            Self::Weibull { gaps, .. } => gaps.sample(rng),
            Self::Instant => 0.0,
        }
    }

    /// The time from a moment that was chosen without looking to the next event.
    ///
    /// Such a moment falls into a gap in proportion to its length, and anywhere in it.
    pub(super) fn residual(&self, rng: &mut ChaCha8Rng) -> f64 {
        let gap = match self {
            Self::Gamma { met, .. } => met.sample(rng),
            Self::Weibull {
                met, scale, shape, ..
            } => scale * met.sample(rng).powf(1.0 / shape),
            Self::Instant => 0.0,
        };
        let into: f64 = StandardUniform.sample(rng);
        gap * into
    }
}
