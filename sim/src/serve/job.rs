use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hyper::HeaderMap;
use paceline_core::Timestamp;

use super::{ask::Ask, fault::Fault};
use crate::{
    engine::Streams,
    model::Outside,
    scenario::workload::Workload,
    workload::{self, Job},
};

/// Says how large answers are, and which luck calls have.
#[derive(Debug)]
pub(super) struct Jobs {
    /// From which answers are drawn.
    workload: Workload,
    streams: Streams,
    next: AtomicU64,
}

/// An answer is no longer than this, in tokens: 2^17.
pub(super) const LONGEST_ANSWER: u64 = 1 << 17;
/// The length of answers without a cap where the scenario draws none, in tokens.
const USUAL_ANSWER: u64 = 64;

impl Jobs {
    pub(super) const fn new(workload: Workload, streams: Streams) -> Self {
        Self {
            workload,
            streams,
            next: AtomicU64::new(0),
        }
    }

    /// The call that a request with these headers makes.
    ///
    /// `x-paceline-job` and `x-paceline-attempt` choose its luck; if absent, calls are numbered, and each is the
    /// first of its request, unless `x-stainless-retry-count`, which SDKs send, says otherwise.
    /// `x-paceline-input-tokens` and `x-paceline-output-tokens` say how large it is; if absent, the prompt is
    /// estimated and the answer drawn.
    pub(super) fn call(&self, ask: &Ask, headers: &HeaderMap) -> Result<Outside, Fault> {
        let number = self.next.fetch_add(1, Relaxed);
        let id = whole(headers, "x-paceline-job", u64::MAX)?.unwrap_or(number);
        let attempt = match whole(headers, "x-paceline-attempt", u32::MAX.into())? {
            None => whole(headers, "x-stainless-retry-count", u32::MAX.into())?,
            given => given,
        };
        let input_tokens = whole(headers, "x-paceline-input-tokens", u64::MAX)?;
        let output_tokens = whole(headers, "x-paceline-output-tokens", LONGEST_ANSWER)?;
        let cap = ask.max_tokens.or(self.workload.max_tokens);
        let output_tokens = output_tokens.unwrap_or_else(|| self.draw(id, cap));
        let max_tokens = cap.unwrap_or(output_tokens);
        Ok(Outside {
            number,
            key: 0,
            job: Job {
                id,
                workload: 0,
                // The model says when.
                at: Timestamp::EPOCH,
                input_tokens: input_tokens.unwrap_or(ask.input_tokens),
                output_tokens: output_tokens.min(max_tokens),
                max_tokens,
            },
            attempt: u32::try_from(attempt.unwrap_or_default()).unwrap_or(u32::MAX),
        })
    }

    fn draw(&self, id: u64, cap: Option<u64>) -> u64 {
        if self.workload.output_tokens.is_none() {
            return cap.unwrap_or(USUAL_ANSWER).min(LONGEST_ANSWER);
        }
        let stream = |name| self.streams.numbered(name, &[id]);
        let (_, drawn) = workload::size(
            &self.workload,
            stream("served"),
            stream("served multimodal"),
        );
        drawn.min(LONGEST_ANSWER)
    }
}

/// A whole number in a header, if it is there.
fn whole(headers: &HeaderMap, name: &str, most: u64) -> Result<Option<u64>, Fault> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    match number.filter(|number| *number <= most) {
        Some(number) => Ok(Some(number)),
        None => Err(Fault::Bad(format!(
            "{name}: expected a whole number from 0 to {most}"
        ))),
    }
}
