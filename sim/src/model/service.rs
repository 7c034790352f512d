use std::time::Duration;

use rand_chacha::rand_core::Rng;
use rand_distr::{Distribution, Exp1, LogNormal};

use crate::scenario::{latency::Latency, provider::Provider};

/// How long a provider takes for what it admits, and how often it fails.
pub(super) struct Service {
    first_token: Span,
    per_output_token: Span,
    error_rate: f64,
    break_off_rate: f64,
}

/// How a worker answers a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    /// Seconds until the first token.
    pub(super) first: f64,
    /// Seconds for each token.
    pub(super) each: f64,
    /// Until the last one, or until it breaks off.
    pub(super) takes: Duration,
    pub(super) breaks_off: bool,
}

/// A span of time to be drawn, in seconds.
pub(super) enum Span {
    Fixed(f64),
    Exponential(f64),
    Lognormal(LogNormal<f64>),
}

impl Service {
    pub(super) fn new(spec: &Provider) -> Self {
        Self {
            first_token: Span::new(&spec.first_token),
            per_output_token: Span::new(&spec.per_output_token),
            error_rate: spec.error_rate.get(),
            break_off_rate: spec.break_off_rate.get(),
        }
    }

    /// How a call is answered whose answer has so many tokens, or `None` if it fails.
    pub(super) fn draw(&self, output_tokens: u64, rng: &mut impl Rng) -> Option<Drawn> {
        if unit(rng.next_u64()) < self.error_rate {
            return None;
        }
        let first = self.first_token.draw(rng);
        let each = self.per_output_token.draw(rng);
        #[expect(clippy::cast_precision_loss, reason = "a latency needs no 53 bits")]
        let seconds = first + each * output_tokens as f64;
        // Without this fault, nothing is drawn for it.
        let breaks_off = self.break_off_rate > 0.0 && unit(rng.next_u64()) < self.break_off_rate;
        let share = if breaks_off {
            unit(rng.next_u64())
        } else {
            1.0
        };
        Some(Drawn {
            first,
            each,
            takes: duration(seconds * share),
            breaks_off,
        })
    }
}

impl Span {
    pub(super) fn new(latency: &Latency) -> Self {
        match *latency {
            Latency::FixedS(seconds) => Self::Fixed(seconds.get().as_secs_f64()),
            Latency::Exponential { mean_s } => Self::Exponential(mean_s.get().as_secs_f64()),
            Latency::Lognormal { median_s, sigma } => {
                let drawn = LogNormal::new(median_s.get().ln(), sigma.get());
                // Both were checked when the scenario was read.
                drawn.map_or_else(|_| Self::Fixed(median_s.get()), Self::Lognormal)
            }
        }
    }

    fn draw(&self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Exponential(mean) => {
                let drawn: f64 = Exp1.sample(rng);
                mean * drawn
            }
            Self::Lognormal(lognormal) => lognormal.sample(rng),
        }
    }

    /// Draws a time.
    pub(super) fn time(&self, rng: &mut impl Rng) -> Duration {
        duration(self.draw(rng))
    }
}

pub(super) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// A number in [0, 1) from 64 random bits.
#[expect(clippy::cast_precision_loss, reason = "only 53 bits are left")]
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
