//! Retries stay within their policy, budget and deadline, and share one gate.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_backoff::{Delay, Jitter, RatioBudget, Reason, RetryPolicy};
use paceline_composite::{ByDimension, Settling};
use paceline_core::{Demand, Dimension, Quota};
use paceline_gcra::Gcra;
use paceline_tokio::{AcquireError, Attempt, Retry, RetryError, Stop, Throttle};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

type Answer = Attempt<u32, &'static str, u64>;

fn policy(retries: u32) -> RetryPolicy {
    RetryPolicy::new(Delay::constant(SECOND), Jitter::NONE).with_retries(retries, retries)
}

fn unlimited() -> Throttle<Gcra> {
    Throttle::new(Gcra::new(Quota::UNLIMITED))
}

const REFUSED: Answer = Attempt::Throttled {
    error: "429",
    retry_after: Some(SECOND),
};

#[tokio::test(start_paused = true)]
async fn it_tries_until_done() {
    let (calls, start) = (Cell::new(0), Instant::now());
    let (throttle, retry) = (unlimited(), Retry::new(policy(5), 1));
    let answer = retry.run(&throttle, 1, || async {
        calls.set(calls.get() + 1);
        match calls.get() {
            1 => REFUSED,
            2 => Attempt::Failed("503"),
            _ => Answer::Done {
                value: 7,
                actual: Some(1),
            },
        }
    });
    assert_eq!(answer.await, Ok(7));
    assert_eq!(calls.get(), 3);
    // The hint is a floor under one delay, and the other follows a failure.
    assert!(start.elapsed() >= 3 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn it_stops_where_the_policy_says() {
    let calls = Cell::new(0);
    let (throttle, retry) = (unlimited(), Retry::new(policy(2), 1));
    let answer = retry.run(&throttle, 1, || async {
        calls.set(calls.get() + 1);
        REFUSED
    });
    let stop = Stop::Policy(Reason::Attempts);
    let failed = RetryError::Failed {
        error: "429",
        calls: 3,
        stop,
    };
    assert_eq!(answer.await, Err(failed));
    assert_eq!(calls.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_no_retry_cures_is_not_tried_again() {
    let (throttle, retry) = (unlimited(), Retry::new(policy(2), 1));
    let answer = retry.run(&throttle, 1, || async { Answer::Fatal("401") });
    let failed = RetryError::Failed {
        error: "401",
        calls: 1,
        stop: Stop::Fatal,
    };
    assert_eq!(answer.await, Err(failed));
}

#[tokio::test(start_paused = true)]
async fn operations_share_one_budget() {
    // No retry is earned, and two are there to begin with.
    let budget = RatioBudget::new((0, 100), 0, 10)
        .expect("a legal budget")
        .with_initial(2);
    let retry = Retry::new(policy(9), 1).with_budget(budget);
    let mut calls_in_all = 0;
    for _ in 0..4 {
        let answer = retry.run(&unlimited(), 1, || async { REFUSED }).await;
        let Err(RetryError::Failed { calls, stop, .. }) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(stop, Stop::Budget);
        calls_in_all += calls;
    }
    assert_eq!(calls_in_all, 4 + 2);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_deadline() {
    let start = Instant::now();
    let retry = Retry::new(policy(99), 1).within(10 * SECOND);
    let last = Cell::new(start);
    let throttle = unlimited();
    let answer = retry.run(&throttle, 1, || async {
        last.set(Instant::now());
        REFUSED
    });
    assert!(answer.await.is_err());
    let last = last.get().duration_since(start);
    assert!(5 * SECOND < last && last < 10 * SECOND, "{last:?}");

    // A limiter that would admit it too late refuses at once.
    let throttle = Throttle::new(Gcra::new(Quota::per_minute(1)));
    drop(throttle.acquire(1).await);
    let start = Instant::now();
    let answer = retry.run(&throttle, 1, || async { REFUSED }).await;
    let refused = matches!(
        answer,
        Err(RetryError::NotAdmitted(AcquireError::NotInTime {
            ready_at: Some(_)
        }))
    );
    assert!(refused, "{answer:?}");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// The error of the last attempt is what a caller wants to see.
#[tokio::test(start_paused = true)]
async fn a_retry_that_is_not_admitted_keeps_the_last_error() {
    let throttle = Throttle::new(Gcra::new(Quota::per_minute(1)));
    let retry = Retry::new(policy(9), 1).within(10 * SECOND);
    let answer = retry.run(&throttle, 1, || async { Answer::Failed("503") });
    let answer = answer.await;
    let Err(RetryError::Failed { error, calls, stop }) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((error, calls), ("503", 1));
    let late = matches!(stop, Stop::NotAdmitted(AcquireError::NotInTime { .. }));
    assert!(late, "{stop:?}");
}

#[tokio::test(start_paused = true)]
async fn every_attempt_waits_with_its_priority() {
    // With a deadline and without.
    for within in [None, Some(60 * SECOND)] {
        let throttle = Throttle::new(Gcra::new(Quota::per_second(1)));
        let retry = Retry::new(policy(9), 1).with_priority(Priority::BATCH);
        let retry = match within {
            Some(within) => retry.within(within),
            None => retry,
        };
        drop(throttle.acquire(1).await);
        let start = Instant::now();
        let batch = tokio::spawn({
            let throttle = throttle.clone();
            async move {
                let done = || async {
                    Answer::Done {
                        value: 1,
                        actual: None,
                    }
                };
                retry.run(&throttle, 1, done).await.map(|_| start.elapsed())
            }
        });
        tokio::task::yield_now().await;
        // They come later, and are served first.
        for _ in 0..3 {
            drop(throttle.acquire(1).await);
        }
        let took = batch.await.expect("no panic").expect("it is served");
        assert!(took >= 4 * SECOND, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_actual_usage_is_settled() {
    let tokens = Settling::new(Gcra::new(Quota::per_day(10_000)));
    let throttle = Throttle::new(ByDimension::new([(Dimension::Tokens, tokens)]));
    let demand = |tokens| Demand {
        output_tokens: tokens,
        ..Demand::default()
    };
    let retry = Retry::new(policy(1), 1);
    let answer = retry.run(&throttle, demand(8_000), || async {
        Attempt::<_, &str, _>::Done {
            value: 7,
            actual: Some(demand(100)),
        }
    });
    assert_eq!(answer.await, Ok(7));
    assert!(throttle.try_acquire(demand(9_900)).is_ok());
}

/// One a second: whoever failed stands before those who came later, and waits for no more than its turn.
#[tokio::test(start_paused = true)]
async fn a_retry_takes_its_old_place_in_line() {
    let quota = Quota::per_second(1).with_burst(1).expect("not zero");
    for within in [None, Some(60 * SECOND)] {
        let throttle = Throttle::new(Gcra::new(quota));
        let mut retry = Retry::new(policy(1), 1);
        if let Some(within) = within {
            retry = retry.within(within);
        }
        let start = Instant::now();
        let first = {
            let throttle = throttle.clone();
            tokio::spawn(async move {
                let calls = AtomicU32::new(0);
                let answer = retry.run(&throttle, 1, || async {
                    match calls.fetch_add(1, Ordering::Relaxed) {
                        0 => Attempt::Failed("503"),
                        _ => Answer::Done {
                            value: 7,
                            actual: None,
                        },
                    }
                });
                (answer.await, start.elapsed())
            })
        };
        tokio::task::yield_now().await;
        let mut later = Vec::new();
        for _ in 0..5 {
            let throttle = throttle.clone();
            later.push(tokio::spawn(async move {
                drop(throttle.acquire(1).await);
                start.elapsed()
            }));
        }
        // Its second begins when the first of them is served, and ends before the others are.
        let (answer, took) = first.await.expect("no panic");
        assert_eq!(answer, Ok(7));
        assert!(took < 3 * SECOND, "{took:?}");
        for (served_before, task) in later.into_iter().enumerate() {
            let seconds = if served_before == 0 {
                1
            } else {
                served_before + 2
            };
            let expected = u32::try_from(seconds).expect("few") * SECOND;
            let took = task.await.expect("no panic");
            assert!(took >= expected, "{served_before}: {took:?}");
        }
    }
}

/// A thousand jobs at once against 100 a window: per-request policies alone need 5,500 calls.
#[tokio::test(start_paused = true)]
async fn a_thousand_siblings_share_one_gate() {
    use std::sync::{Arc, Mutex};

    let throttle = unlimited();
    let retry = Retry::new(policy(u32::MAX), 1);
    let start = Instant::now();
    let server = Arc::new(Mutex::new((0_u64, 0_u32, 0_u32)));
    let tasks: Vec<_> = (0..1_000)
        .map(|_| {
            let (throttle, retry, server) = (throttle.clone(), retry.clone(), Arc::clone(&server));
            tokio::spawn(async move {
                retry
                    .run(&throttle, 1, || async {
                        let mut server = server.lock().expect("no panic");
                        let (window, used, calls) = &mut *server;
                        *calls += 1;
                        let seconds = start.elapsed().as_secs();
                        if seconds / 60 != *window {
                            (*window, *used) = (seconds / 60, 0);
                        }
                        if *used < 100 {
                            *used += 1;
                            return Attempt::<_, &str, _>::Done {
                                value: (),
                                actual: None,
                            };
                        }
                        let hint = Duration::from_secs(60 - seconds % 60);
                        Attempt::Throttled {
                            error: "429",
                            retry_after: Some(hint),
                        }
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("no panic"), Ok(()));
    }
    let (_, _, calls) = *server.lock().expect("no panic");
    assert!(calls <= 1_060, "{calls} calls");
}
