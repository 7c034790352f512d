use paceline_core::Timestamp;

use super::{gauges::ALL, provider::Provider};

/// What each limit of each provider has left just before a moment, at which a window may end, in the order of
/// [`Scenario::limits`]: the mean of its keys.
///
/// [`Scenario::limits`]: crate::scenario::Scenario::limits
pub(super) fn left(keys: &mut [Provider], before: Timestamp) -> impl Iterator<Item = u64> {
    let now = Timestamp::from_nanos(before.as_nanos().saturating_sub(1));
    let providers = keys.chunk_by_mut(|one, next| one.of == next.of);
    providers.flat_map(move |keys| {
        let count = keys.len() as u64;
        let mut sums = Vec::new();
        for key in keys {
            for (place, left) in key.left(now).enumerate() {
                match sums.get_mut(place) {
                    Some(sum) => *sum += left,
                    None => sums.push(left),
                }
            }
        }
        sums.into_iter().map(move |sum: u64| sum / count)
    })
}

impl Provider {
    /// What each of its limits has left, in billionths of what it holds at most; calls under way come last.
    fn left(&mut self, now: Timestamp) -> impl Iterator<Item = u64> {
        self.upgrade(now);
        let rates = self.limits.iter().map(move |(rate, limiter)| {
            let most = rate.quota.burst();
            share(limiter.available(now), most)
        });
        let free = |most: u64| share(most.saturating_sub(self.under_way), most);
        rates.chain(self.concurrency.map(free))
    }
}

fn share(part: u64, whole: u64) -> u64 {
    let part = u128::from(part.min(whole)) * u128::from(ALL);
    let share = part / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(ALL)
}
