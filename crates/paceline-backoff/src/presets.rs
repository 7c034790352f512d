use core::time::Duration;

use crate::{Delay, HintPolicy, HintUse, Jitter, RetryPolicy};

/// Unwraps a constant; what is not legal does not compile.
macro_rules! legal {
    ($made:expr) => {
        match $made {
            Ok(made) => made,
            Err(_) => panic!(),
        }
    };
}

const SDK_DELAY: Delay = legal!(Delay::exponential(
    Duration::from_millis(500),
    (2, 1),
    Duration::from_secs(8),
));
const SDK_JITTER: Jitter = legal!(Jitter::down(25));
const AWS_DELAY: Delay = legal!(Delay::exponential(
    Duration::from_secs(1),
    (2, 1),
    Duration::from_secs(20),
));

impl RetryPolicy {
    /// What the OpenAI and Anthropic SDKs for Python do: 2 retries, 0.5 s doubling to 8 s, up to 25 %
    /// less, and the server's hint exactly.
    ///
    /// A hint above two minutes fails, as in openai 3.54.0; anthropic 2.12.0 waits for up to 50 days
    /// (both read 2026-11-24). Their mean total delay is 1.3 s, so without a hint they cannot outlast
    /// a limit per minute.
    pub const fn openai_sdk() -> Self {
        Self::new(SDK_DELAY, SDK_JITTER)
            .with_retries(2, 2)
            .with_hints(
                HintUse::Exact,
                HintPolicy::FailAbove(Duration::from_secs(120)),
            )
    }

    /// What the AWS SDKs' standard mode does: 2 retries, full jitter on 1 s doubling to 20 s.
    ///
    /// They do not read `Retry-After`. Since mode 2.1, retries after errors rather than throttling
    /// start at 50 ms; here both start at 1 s, as before. [`TokenQuota::aws`](crate::TokenQuota::aws) is
    /// the budget that goes with it. Source: aws-smithy-runtime 1.16.2, read 2026-11-24.
    pub const fn aws_standard() -> Self {
        Self::new(AWS_DELAY, Jitter::FULL)
            .with_retries(2, 2)
            .with_hints(HintUse::Ignore, HintPolicy::Honour)
    }
}
