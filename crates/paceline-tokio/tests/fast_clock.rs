//! Where a clock runs faster than time, waits are as much shorter.

use std::{cell::Cell, time::Duration};

use paceline_backoff::{Delay, Jitter, RetryPolicy};
use paceline_core::{Clock, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::{AcquireError, Attempt, Retry, Throttle};
use proptest::{collection::vec, prelude::*};
use tokio::time::Instant;

use paused::paused;

mod paused;

const SECOND: Duration = Duration::from_secs(1);
/// Tokio's timers go off up to so much late.
const MS: Duration = Duration::from_millis(1);

/// Goes so many times as fast as tokio's time.
struct Fast(Instant, u32);

impl Fast {
    fn new(speed: u32) -> Self {
        Self(Instant::now(), speed)
    }
}

impl Clock for Fast {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.saturating_add(self.0.elapsed() * self.1)
    }

    fn in_real_time(&self, span: Duration) -> Duration {
        over(span, self.1)
    }
}

/// A span over a number, rounded up.
fn over(span: Duration, by: u32) -> Duration {
    let nanos = span.as_nanos().div_ceil(by.into());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn throttle(quota: Quota, speed: u32) -> Throttle<Gcra> {
    let builder = Throttle::builder(Gcra::new(quota));
    builder.clock(Fast::new(speed)).build()
}

/// Whether so many waits, one after the other, took about so long: none is early, and each is late by a timer's
/// resolution at most.
fn about(took: Duration, expected: Duration, waits: usize) -> bool {
    let late = MS * u32::try_from(waits).expect("few");
    (expected..=expected + late).contains(&took)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// One cell a second: the n-th waits for n - 1 seconds of the clock, alone or behind others.
    #[test]
    fn admissions_follow_the_clock(speed in 1..50_u32, count in 2..12_u32, together: bool) {
        let (took, shown) = paused(async {
            let start = Instant::now();
            let throttle = throttle(Quota::per_second(1), speed);
            if together {
                let all = (0..count).map(|_| tokio::spawn(throttle.acquire(1)));
                for one in all.collect::<Vec<_>>() {
                    drop(one.await.expect("no task panics"));
                }
            } else {
                for _ in 0..count {
                    drop(throttle.acquire(1).await);
                }
            }
            (start.elapsed(), throttle.now())
        });
        let waited = SECOND * (count - 1);
        prop_assert!(shown >= Timestamp::EPOCH.saturating_add(waited));
        let waits = count as usize - 1;
        prop_assert!(about(took, over(waited, speed), waits), "{took:?}");
    }

    /// Delays between tries are spans of the clock, too.
    #[test]
    fn retries_follow_the_clock(speed in 1..50_u32, delays in vec(1..5_000_u64, 1..6)) {
        let spans: Vec<Duration> = delays.into_iter().map(Duration::from_millis).collect();
        let tries = Cell::new(spans.len());
        let (took, sum) = paused(async {
            let throttle = throttle(Quota::UNLIMITED, speed);
            let delay = Delay::schedule(spans.clone()).expect("a schedule");
            let retry = Retry::new(RetryPolicy::new(delay, Jitter::NONE).with_retries(9, 9), 1);
            let start = Instant::now();
            let run = retry.run(&throttle, 1, || async {
                match tries.replace(tries.get().saturating_sub(1)) {
                    0 => Attempt::Done { value: (), actual: None },
                    _ => Attempt::Failed("503"),
                }
            });
            run.await.expect("the last one succeeds");
            let sum: Duration = spans.iter().map(|span| over(*span, speed)).sum();
            (start.elapsed(), sum)
        });
        prop_assert!(about(took, sum, spans.len()), "{took:?} of {sum:?}");
    }
}

/// A permit cannot be foreseen, so the deadline itself has to end the wait.
#[tokio::test(start_paused = true)]
async fn deadlines_follow_the_clock() {
    let builder = Throttle::builder(Gcra::new(Quota::UNLIMITED));
    let builder = builder.concurrency(paceline_concurrency::Fixed::new(1));
    let throttle = builder.clock(Fast::new(20)).build();
    let _held = throttle.acquire(1).await.expect("the permit is free");
    let start = Instant::now();
    let refused = throttle.acquire_within(1, 10 * SECOND).await;
    assert!(matches!(
        refused.err(),
        Some(AcquireError::NotInTime { ready_at: None })
    ));
    let took = start.elapsed();
    assert!(about(took, 500 * MS, 1), "{took:?}");
}
