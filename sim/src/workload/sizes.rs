use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

use super::size::Size;
use crate::scenario::workload::Workload;

/// How many tokens requests send and get back.
#[derive(Debug)]
pub(super) struct Sizes {
    input: Size,
    output: Size,
    /// The correlation of normal scores, if input and output go together.
    correlation: Option<f64>,
    rng: ChaCha8Rng,
    extra: Option<Extra>,
}

/// What some requests send on top.
#[derive(Debug)]
struct Extra {
    share: f64,
    input: Size,
    rng: ChaCha8Rng,
}

impl Sizes {
    /// Draws sizes from one stream, and what some requests send on top from another.
    pub(super) fn new(workload: &Workload, rng: ChaCha8Rng, extra: ChaCha8Rng) -> Self {
        let correlation = workload.correlation.map(|it| it.get());
        Self {
            input: Size::new(workload.input_tokens.as_ref()),
            output: Size::new(workload.output_tokens.as_ref()),
            correlation: correlation.filter(|&correlation| correlation != 0.0),
            rng,
            extra: workload.multimodal.as_ref().map(|multimodal| Extra {
                share: multimodal.share.get(),
                input: Size::new(Some(&multimodal.input_tokens)),
                rng: extra,
            }),
        }
    }

    /// The input and output tokens of the next request.
    pub(super) fn draw(&mut self) -> (u64, u64) {
        let (input, output) = match self.correlation {
            None => {
                let input = self.input.draw(&mut self.rng);
                (input, self.output.draw(&mut self.rng))
            }
            Some(correlation) => {
                let first: f64 = StandardNormal.sample(&mut self.rng);
                let other: f64 = StandardNormal.sample(&mut self.rng);
                let rest = (1.0 - correlation * correlation).sqrt();
                let second = correlation * first + rest * other;
                (self.input.at_score(first), self.output.at_score(second))
            }
        };
        let extra = self.extra.as_mut().map_or(0, Extra::draw);
        (input.saturating_add(extra), output)
    }
}

impl Extra {
    fn draw(&mut self) -> u64 {
        let lot: f64 = StandardUniform.sample(&mut self.rng);
        // Drawn in any case, so that another share leaves the sizes as they are.
        let tokens = self.input.draw(&mut self.rng);
        if lot < self.share { tokens } else { 0 }
    }
}
