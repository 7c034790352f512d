//! A limit that starts afresh every two seconds of the clock, and Anthropic's way to say so.

use jiff::Timestamp as Moment;
use paceline_core::{Demand, Timestamp};
use serde_json::json;

use crate::provider::{Answer, Dialect};

/// So many requests in every window of two seconds.
pub(crate) struct Anthropic {
    limit: u64,
    spent: u64,
    /// The second at which what was spent is forgotten.
    resets_at: u64,
}

/// In seconds.
const WINDOW: u64 = 2;

impl Anthropic {
    pub(crate) const fn per_window(limit: u64) -> Self {
        Self {
            limit,
            spent: 0,
            resets_at: 0,
        }
    }
}

impl Dialect for Anthropic {
    fn answer(&mut self, now: Timestamp, demand: Demand) -> Answer {
        let second = now.as_nanos() / 1_000_000_000;
        if second >= self.resets_at {
            self.spent = 0;
            self.resets_at = (second / WINDOW + 1) * WINDOW;
        }
        let refused = self.spent + demand.requests > self.limit;
        if !refused {
            self.spent += demand.requests;
        }
        let per_minute = self.limit * 60 / WINDOW;
        let resets_at = i64::try_from(self.resets_at).expect("this millennium");
        let resets_at = Moment::from_second(resets_at).expect("this millennium");
        let mut headers = Vec::from([
            ("anthropic-ratelimit-requests-limit", per_minute.to_string()),
            (
                "anthropic-ratelimit-requests-remaining",
                (self.limit - self.spent).to_string(),
            ),
            ("anthropic-ratelimit-requests-reset", resets_at.to_string()),
        ]);
        if !refused {
            return Answer {
                status: 200,
                headers,
                body: json!({ "content": [{ "type": "text", "text": "42" }] }),
            };
        }
        let wait = self.resets_at - second;
        headers.push(("retry-after", wait.to_string()));
        let message = format!(
            "This request would exceed the rate limit of {per_minute} requests per minute."
        );
        Answer {
            status: 429,
            headers,
            body: json!({
                "type": "error",
                "error": { "type": "rate_limit_error", "message": message },
            }),
        }
    }
}
