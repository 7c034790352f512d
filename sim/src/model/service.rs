use std::time::Duration;

use rand_chacha::rand_core::Rng;
use rand_distr::{Distribution, Exp1, LogNormal};

use crate::scenario::{latency::Latency, provider::Provider};

/// How long a provider takes for what it admits, and how often it fails.
pub(super) struct Service {
    first_token: Latency,
    per_output_token: Latency,
    error_rate: f64,
}

impl Service {
    pub(super) fn new(spec: &Provider) -> Self {
        Self {
            first_token: spec.first_token.clone(),
            per_output_token: spec.per_output_token.clone(),
            error_rate: spec.error_rate.get(),
        }
    }

    /// How long a call takes whose answer has so many tokens, or `None` if it fails.
    pub(super) fn draw(&self, output_tokens: u64, rng: &mut impl Rng) -> Option<Duration> {
        if unit(rng.next_u64()) < self.error_rate {
            return None;
        }
        let first = draw(&self.first_token, rng);
        let each = draw(&self.per_output_token, rng);
        #[expect(clippy::cast_precision_loss, reason = "a latency needs no 53 bits")]
        let seconds = first + each * output_tokens as f64;
        Some(span(seconds))
    }
}

/// Draws a time from a distribution.
pub(super) fn time(latency: &Latency, rng: &mut impl Rng) -> Duration {
    span(draw(latency, rng))
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

fn draw(latency: &Latency, rng: &mut impl Rng) -> f64 {
    match *latency {
        Latency::FixedS(seconds) => seconds.get().as_secs_f64(),
        Latency::Exponential { mean_s } => {
            let drawn: f64 = Exp1.sample(rng);
            mean_s.get().as_secs_f64() * drawn
        }
        Latency::Lognormal { median_s, sigma } => {
            let drawn = LogNormal::new(median_s.get().ln(), sigma.get());
            // Both were checked when the scenario was read.
            drawn.map_or_else(|_| median_s.get(), |lognormal| lognormal.sample(rng))
        }
    }
}

/// A number in [0, 1) from 64 random bits.
#[expect(clippy::cast_precision_loss, reason = "only 53 bits are left")]
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
