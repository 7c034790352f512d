use paceline_concurrency::{Aimd, Fixed, Gradient2, Limit as Policy, LimitError};

use super::limiters;
use crate::scenario::{admission::Adaptive, provider::Provider, strategy::Strategy};

/// How many requests of a client may be in flight; `None` if that is not limited.
///
/// # Errors
///
/// Says what in the strategy has no meaning.
pub(crate) fn policy(
    strategy: &Strategy,
    provider: &Provider,
) -> Result<Option<Box<dyn Policy + Send>>, String> {
    if let Some(spec) = strategy.adaptive {
        return adaptive(spec)
            .map(Some)
            .map_err(|err| format!("adaptive: {err}"));
    }
    let from = strategy.limits_from.as_ref();
    let from = from.and_then(|from| limiters::concurrency(from.of(provider)));
    let own = limiters::concurrency(&strategy.limits);
    Ok(own.into_iter().chain(from).min().map(|most| {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Box::new(Fixed::new(most)) as Box<dyn Policy + Send>
    }))
}

fn adaptive(spec: Adaptive) -> Result<Box<dyn Policy + Send>, LimitError> {
    let (initial, range) = spec.bounds();
    match spec {
        Adaptive::Aimd {
            backoff_percent,
            timeout_s,
            ..
        } => {
            let policy = Aimd::netflix().with_limits(initial, range)?;
            let policy = policy.with_backoff((backoff_percent, 100))?;
            // Answers of language models take long, so only a stated timeout says anything.
            let timeout = timeout_s.map_or(std::time::Duration::MAX, |timeout| timeout.get());
            Ok(Box::new(policy.with_timeout(timeout)?))
        }
        Adaptive::Gradient2 {
            smoothing_percent,
            queue,
            ..
        } => {
            let policy = Gradient2::netflix().with_limits(initial, range)?;
            let policy = policy.with_smoothing((smoothing_percent, 100))?;
            Ok(Box::new(policy.with_queue(queue)))
        }
    }
}
