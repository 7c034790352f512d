use core::time::Duration;

use crate::{BackoffError, Delay, HintPolicy, HintUse, Jitter, RetryPolicy};

impl RetryPolicy {
    /// What the OpenAI and Anthropic SDKs for Python do: 2 retries, 0.5 s doubling to 8 s, up to 25 %
    /// less, and the server's hint exactly.
    ///
    /// A hint above two minutes fails, as in openai 3.54.0; anthropic 2.12.0 waits however long
    /// (both read 2026-11-24). Their mean total delay is 1.3 s, so without a hint they cannot outlast
    /// a limit per minute.
    ///
    /// # Errors
    ///
    /// None with these constants.
    pub fn openai_sdk() -> Result<Self, BackoffError> {
        let delay = Delay::exponential(Duration::from_millis(500), (2, 1), Duration::from_secs(8))?;
        let policy = Self::new(delay, Jitter::down(25)?).with_retries(2, 2);
        Ok(policy.with_hints(
            HintUse::Exact,
            HintPolicy::FailAbove(Duration::from_secs(120)),
        ))
    }

    /// What the AWS SDKs' standard mode does: 2 retries, full jitter on 1 s doubling to 20 s.
    ///
    /// They do not read `Retry-After`. Source: aws-smithy-runtime 1.16.2, read 2026-11-24. Combine it
    /// with [`TokenQuota::aws`](crate::TokenQuota::aws), as they do.
    ///
    /// # Errors
    ///
    /// None with these constants.
    pub fn aws_standard() -> Result<Self, BackoffError> {
        let delay = Delay::exponential(Duration::from_secs(1), (2, 1), Duration::from_secs(20))?;
        let policy = Self::new(delay, Jitter::FULL).with_retries(2, 2);
        Ok(policy.with_hints(HintUse::Ignore, HintPolicy::Honour))
    }
}
