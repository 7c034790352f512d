use std::path::Path;

use paceline_core::Timestamp;
use rand_distr::{Distribution, StandardUniform};

use super::statistics::number;
use crate::{engine::Streams, workload::Trace};

/// What a trace holds, in numbers.
#[derive(Debug)]
pub(super) struct Sample {
    /// When requests arrived, in seconds since the first; sorted.
    pub(super) at_s: Vec<f64>,
    /// Input tokens of those that were answered.
    pub(super) input: Vec<f64>,
    /// Output tokens of those that were answered.
    pub(super) output: Vec<f64>,
    /// Requests without any tokens, which say nothing of sizes.
    pub(super) empty: usize,
    /// The step in which stamps came and over which they were spread, in seconds.
    pub(super) spread_s: Option<f64>,
    /// Who publishes such traces.
    pub(super) format: &'static str,
    /// The date and time of its start, if it has dates.
    pub(super) starts_at: Option<Timestamp>,
}

/// Fewer requests say too little.
const LEAST: usize = 100;
/// More are not read: they would say no more, and fill the memory.
pub(super) const MOST: usize = 2_000_000;

impl Sample {
    /// Reads a trace.
    ///
    /// Where requests share a stamp, all are spread by lot over the step in which stamps come, as those
    /// that share one arrived at different times.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let mut trace = Trace::open(path).map_err(|err| err.to_string())?;
        let (mut nanos, mut input, mut output) = (Vec::new(), Vec::new(), Vec::new());
        let mut empty = 0;
        while nanos.len() < MOST {
            let Some(row) = trace.next_row().map_err(|err| err.to_string())? else {
                break;
            };
            nanos.push(u64::try_from(row.arrival.as_nanos()).unwrap_or(u64::MAX));
            if (row.input_tokens, row.output_tokens) == (0, 0) {
                empty += 1;
            } else {
                input.push(tokens(row.input_tokens));
                output.push(tokens(row.output_tokens));
            }
        }
        let shown = path.display();
        if nanos.len() < LEAST || input.len() < LEAST {
            let found = input.len();
            return Err(format!(
                "{shown}: expected at least {LEAST} requests with tokens, found {found}"
            ));
        }
        let first = nanos[0];
        let since: Vec<u64> = nanos.iter().map(|nanos| nanos - first).collect();
        let step = since.iter().fold(0, |step, &nanos| greatest_divisor(step, nanos));
        if step == 0 {
            return Err(format!("{shown}: expected requests at different times"));
        }
        let mut at_s: Vec<f64> = since.iter().map(|&nanos| seconds(nanos)).collect();
        let shared = since.windows(2).any(|pair| pair[0] == pair[1]);
        if shared {
            let mut rng = Streams::new(1).named("spread");
            for at_s in &mut at_s {
                let lot: f64 = StandardUniform.sample(&mut rng);
                *at_s += lot * seconds(step);
            }
            at_s.sort_by(f64::total_cmp);
            let first = at_s[0];
            at_s.iter_mut().for_each(|at_s| *at_s -= first);
        }
        Ok(Self {
            at_s,
            input,
            output,
            empty,
            spread_s: shared.then(|| seconds(step)),
            format: trace.format(),
            starts_at: trace
                .starts_at()
                .map(|start| start.saturating_add(std::time::Duration::from_nanos(first))),
        })
    }

    /// From the first request to the last, in seconds.
    pub(super) fn span_s(&self) -> f64 {
        self.at_s.last().copied().unwrap_or_default()
    }

    /// The mean rate, in requests a second.
    pub(super) fn per_s(&self) -> f64 {
        number(self.at_s.len() - 1) / self.span_s()
    }
}

const fn greatest_divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[expect(clippy::cast_precision_loss, reason = "microseconds in a century are enough")]
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// Tokens, of which 0 has no logarithm.
#[expect(clippy::cast_precision_loss, reason = "tokens are below 2^53")]
fn tokens(tokens: u64) -> f64 {
    tokens.max(1) as f64
}
