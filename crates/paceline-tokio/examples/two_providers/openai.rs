//! Limits that replenish all the time, and OpenAI's way to say so.

use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use serde_json::json;

use crate::provider::{Answer, Dialect, whole_seconds};

/// So many requests and tokens a minute, of which a second's worth is let through at once.
pub(crate) struct OpenAi {
    limits: [Limit; 2],
}

struct Limit {
    dimension: Dimension,
    per_minute: u64,
    burst: u64,
    gcra: Gcra,
}

impl OpenAi {
    pub(crate) fn per_second(requests: u64, tokens: u64) -> Self {
        let limit = |dimension, burst| {
            let quota = Quota::per_minute(60 * burst).with_burst(burst);
            Limit {
                dimension,
                per_minute: 60 * burst,
                burst,
                gcra: Gcra::new(quota.expect("above zero")),
            }
        };
        Self {
            limits: [
                limit(Dimension::Requests, requests),
                limit(Dimension::Tokens, tokens),
            ],
        }
    }
}

impl Dialect for OpenAi {
    fn answer(&mut self, now: Timestamp, demand: Demand) -> Answer {
        let refuses = |limit: &Limit| limit.gcra.check(now, limit.dimension.cost(demand)).err();
        let refused = self
            .limits
            .iter()
            .find_map(|limit| Some((limit, refuses(limit)?)));
        let Some((limit, denied)) = refused else {
            for limit in &mut self.limits {
                limit.gcra.charge(now, limit.dimension.cost(demand));
            }
            return Answer {
                status: 200,
                headers: self.headers(now),
                body: json!({ "choices": [{ "message": { "content": "42" } }] }),
            };
        };
        let wait = denied.retry_after(now).unwrap_or(Duration::MAX);
        let (what, short) = match limit.dimension {
            Dimension::Requests => ("requests", "RPM"),
            _ => ("tokens", "TPM"),
        };
        let message = format!(
            "Rate limit reached for mock on {what} per min ({short}): Limit {}, Used {}, Requested {}. \
             Please try again in {}.",
            limit.per_minute,
            limit.per_minute - limit.gcra.available(now),
            limit.dimension.cost(demand),
            go(wait),
        );
        let mut headers = self.headers(now);
        headers.push(("retry-after", whole_seconds(wait).to_string()));
        Answer {
            status: 429,
            headers,
            body: json!({ "error": {
                "message": message, "type": what, "param": null, "code": "rate_limit_exceeded",
            } }),
        }
    }
}

impl OpenAi {
    fn headers(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let [requests, tokens] = &self.limits;
        Vec::from([
            (
                "x-ratelimit-limit-requests",
                requests.per_minute.to_string(),
            ),
            ("x-ratelimit-remaining-requests", requests.remaining(now)),
            ("x-ratelimit-reset-requests", requests.reset(now)),
            ("x-ratelimit-limit-tokens", tokens.per_minute.to_string()),
            ("x-ratelimit-remaining-tokens", tokens.remaining(now)),
            ("x-ratelimit-reset-tokens", tokens.reset(now)),
        ])
    }
}

impl Limit {
    fn remaining(&self, now: Timestamp) -> String {
        self.gcra.available(now).to_string()
    }

    /// When it is full again.
    fn reset(&self, now: Timestamp) -> String {
        let full = self.gcra.check(now, self.burst).err();
        go(full
            .and_then(|denied: Denied| denied.retry_after(now))
            .unwrap_or_default())
    }
}

/// A duration below a minute as Go writes it, rounded up to milliseconds.
fn go(span: Duration) -> String {
    let ms = span.as_nanos().div_ceil(1_000_000);
    if ms < 1_000 {
        return format!("{ms}ms");
    }
    format!("{}.{:03}s", ms / 1_000, ms % 1_000)
}
