use std::time::Duration;

use paceline_core::{Denied, Limiter, Quota, Timestamp};

const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Checks that a limiter answers by its laws at the ends of every range: limits from 0 to [`u64::MAX`], periods from a
/// nanosecond to a century, costs and times from 0 to the last.
///
/// `make` makes a limiter of a quota at a time; it gives none for a quota that the limiter refuses.
///
/// # Panics
///
/// Panics if the limiter does, and if an answer makes no sense.
#[track_caller]
pub fn defined_at_the_extremes<L: Limiter>(make: impl Fn(Quota, Timestamp) -> Option<L>) {
    let middle = Timestamp::from_nanos(1_790_000_000_000_000_000);
    let starts = [Timestamp::EPOCH, middle, Timestamp::MAX];
    for quota in quotas() {
        for start in starts {
            let Some(mut limiter) = make(quota, start) else {
                continue;
            };
            for wait in [0, 1, 1_000_000_000, u64::MAX / 2, u64::MAX] {
                let now = start.saturating_add(Duration::from_nanos(wait));
                for cost in [0, 1, 2, quota.burst(), u64::MAX - 1, u64::MAX] {
                    makes_sense(&limiter, now, cost);
                    if limiter.check(now, cost).is_ok() {
                        limiter.charge(now, cost);
                    }
                }
            }
            // Nor does a debt that no time pays.
            limiter.charge(Timestamp::MAX, u64::MAX);
            limiter.charge(start, u64::MAX);
            for cost in [0, 1, u64::MAX] {
                makes_sense(&limiter, start, cost);
                makes_sense(&limiter, Timestamp::MAX, cost);
            }
        }
    }
}

fn quotas() -> impl Iterator<Item = Quota> {
    let counts = [0, 1, 2, u64::from(u32::MAX), u64::MAX - 1, u64::MAX];
    let spans = [
        Duration::from_nanos(1),
        Duration::from_millis(1),
        Duration::from_secs(60),
        CENTURY,
    ];
    let with_burst = move |quota: Quota| {
        counts
            .into_iter()
            .filter_map(move |burst| quota.with_burst(burst).ok())
    };
    counts.into_iter().flat_map(move |limit| {
        let quotas = spans
            .into_iter()
            .filter_map(move |span| Quota::new(limit, span).ok());
        quotas.flat_map(move |quota| std::iter::once(quota).chain(with_burst(quota)))
    })
}

#[track_caller]
fn makes_sense(limiter: &impl Limiter, now: Timestamp, cost: u64) {
    let available = limiter.available(now);
    match limiter.check(now, cost) {
        Ok(()) => assert!(cost <= available, "{cost} conforms, {available} available"),
        Err(Denied::TooLarge { max }) => assert!(max < cost, "{cost} is no more than {max}"),
        Err(Denied::Until(at)) => {
            assert!(
                cost > 0 && (at > now || at == Timestamp::MAX),
                "{cost} conforms at {at:?}"
            );
        }
    }
}
