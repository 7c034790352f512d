use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use crate::scenario::workload::{Tokens, Workload};

/// How many tokens requests send and get back.
#[derive(Debug)]
pub(super) struct Sizes {
    input: Size,
    output: Size,
    rng: ChaCha8Rng,
}

#[derive(Debug)]
enum Size {
    Fixed(u64),
    Lognormal { draw: LogNormal<f64>, max: u64 },
}

/// Without a stated maximum, no request is larger than this.
const LARGEST: u64 = 1 << 32;

impl Sizes {
    pub(super) fn new(workload: &Workload, rng: ChaCha8Rng) -> Self {
        Self {
            input: Size::new(workload.input_tokens.as_ref()),
            output: Size::new(workload.output_tokens.as_ref()),
            rng,
        }
    }

    /// The input and output tokens of the next request.
    pub(super) fn draw(&mut self) -> (u64, u64) {
        let input = self.input.draw(&mut self.rng);
        (input, self.output.draw(&mut self.rng))
    }
}

impl Size {
    fn new(tokens: Option<&Tokens>) -> Self {
        match tokens {
            None => Self::Fixed(0),
            Some(&Tokens::Fixed(tokens)) => Self::Fixed(tokens),
            Some(&Tokens::Lognormal { median, sigma, max }) => {
                let max = max.unwrap_or(LARGEST);
                match LogNormal::new(median.get().ln(), sigma.get()) {
                    Ok(draw) => Self::Lognormal { draw, max },
                    // The median is above zero and sigma finite, so this is out of reach.
                    Err(_) => Self::Fixed(max),
                }
            }
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> u64 {
        match self {
            Self::Fixed(tokens) => *tokens,
            Self::Lognormal { draw, max } => whole(draw.sample(rng)).clamp(1, *max),
        }
    }
}

/// The nearest whole number; huge ones saturate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts from floats saturate, and a lognormal is above zero"
)]
fn whole(tokens: f64) -> u64 {
    tokens.round() as u64
}
