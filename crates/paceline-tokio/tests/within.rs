//! A deadline is refused at once exactly if those ahead, and what the limits lack, take longer.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_core::{Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::{AcquireError, Throttle, TokioClock};
use proptest::{collection::vec, prelude::*};
use tokio::{task::yield_now, time::sleep};

use paused::paused;

mod paused;

const MS: Duration = Duration::from_millis(1);
/// One cell every 10 ms.
const INTERVAL: u64 = 10_000_000;
const BURST: u64 = 20;

#[derive(Clone, Copy, Debug)]
struct Waiter {
    /// After the one before.
    wait_ms: u32,
    cost: u64,
    yields_ms: u32,
}

fn waiter() -> impl Strategy<Value = Waiter> {
    let yields_ms = prop_oneof![Just(0_u32), 0..300_u32];
    (0..30_u32, 1..=BURST, yields_ms).prop_map(|(wait_ms, cost, yields_ms)| Waiter {
        wait_ms,
        cost,
        yields_ms,
    })
}

/// The time from which a cost conforms, and the state once it is charged: GCRA by its definition.
fn gcra(now: u64, tat: u64, cost: u64) -> (u64, u64) {
    let at = now.max((tat + cost * INTERVAL).saturating_sub(BURST * INTERVAL));
    (at, tat.max(at) + cost * INTERVAL)
}

/// A time to wait for: in milliseconds, or so many nanoseconds off what it takes.
#[derive(Clone, Copy, Debug)]
enum Within {
    Ms(u32),
    Off(i64),
}

fn within() -> impl Strategy<Value = Within> {
    let ms = (0..1_500_u32).prop_map(Within::Ms);
    prop_oneof![ms, (-1..=1_i64).prop_map(Within::Off)]
}

/// What was asked, what was to be expected, and what came of it.
struct Asked {
    answer: Poll<Result<(), AcquireError>>,
    ready_at: u64,
    deadline: u64,
}

/// Lets everybody take a place, asks the question, and says when the others were admitted.
async fn play(
    waiters: &[Waiter],
    question: Option<(Waiter, Within)>,
) -> Result<(Vec<Option<u64>>, Option<Asked>), TestCaseError> {
    let quota = Quota::per_second(100).with_burst(BURST).expect("not zero");
    let clock = TokioClock::starting_at(Timestamp::EPOCH);
    let throttle = Throttle::builder(Gcra::new(quota)).clock(clock).build();
    let admitted_at = Arc::new(Mutex::new(vec![None; waiters.len()]));
    let (mut tasks, mut due_at) = (Vec::new(), Vec::new());
    for (id, &waiter) in waiters.iter().enumerate() {
        sleep(waiter.wait_ms * MS).await;
        let yields = waiter.yields_ms * MS;
        due_at.push(throttle.now().saturating_add(yields));
        let acquire = throttle.acquire(waiter.cost);
        let acquire = acquire.with_priority(Priority::yielding_for(yields));
        let admitted_at = Arc::clone(&admitted_at);
        tasks.push(tokio::spawn(async move {
            let admitted = acquire.await.expect("within the burst");
            admitted_at.lock().expect("no panic")[id] = Some(admitted.at().as_nanos());
        }));
        yield_now().await;
    }
    let asked = match question {
        None => None,
        Some((asker, within)) => {
            let yields = asker.yields_ms * MS;
            let due = throttle.now().saturating_add(yields);
            let (now, mut tat) = (throttle.now().as_nanos(), 0);
            let (mut served, mut ahead) = (Vec::new(), Vec::new());
            for (id, at) in admitted_at.lock().expect("no panic").iter().enumerate() {
                match at {
                    Some(at) => served.push((*at, id)),
                    // Among equals, whoever came first.
                    None if due_at[id] <= due => ahead.push((due_at[id], id)),
                    None => {}
                }
            }
            served.sort_unstable();
            ahead.sort_unstable();
            for (at, id) in served {
                tat = gcra(at, tat, waiters[id].cost).1;
            }
            let mut at = now;
            for (_, id) in ahead {
                (at, tat) = gcra(at, tat, waiters[id].cost);
            }
            let ready_at = gcra(at, tat, asker.cost).0;
            let within = match within {
                Within::Ms(ms) => ms * MS,
                Within::Off(off) => {
                    Duration::from_nanos((ready_at - now).saturating_add_signed(off))
                }
            };
            let acquire = throttle.acquire_within(asker.cost, within);
            let acquire = pin!(acquire.with_priority(Priority::yielding_for(yields)));
            let waiting = throttle.waiting();
            let answer = acquire.poll(&mut Context::from_waker(Waker::noop()));
            if matches!(answer, Poll::Ready(Err(_))) {
                prop_assert_eq!(throttle.waiting(), waiting);
            }
            Some(Asked {
                answer: answer.map(|answer| answer.map(drop)),
                ready_at,
                deadline: now + u64::try_from(within.as_nanos()).expect("short"),
            })
        }
    };
    for task in tasks {
        task.await.expect("no panic");
    }
    prop_assert_eq!(throttle.waiting(), 0);
    let admitted_at = admitted_at.lock().expect("no panic").clone();
    Ok((admitted_at, asked))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_deadline_is_refused_at_once_exactly_if_it_cannot_be_met(
        waiters in vec(waiter(), 0..12),
        asker in waiter(),
        within in within(),
    ) {
        let (others, asked) = paused(play(&waiters, Some((asker, within))))?;
        let Asked { answer, ready_at, deadline } = asked.expect("there was a question");
        let expected = Some(Timestamp::from_nanos(ready_at));
        match answer {
            Poll::Ready(Ok(())) => prop_assert!(ready_at <= deadline),
            Poll::Pending => prop_assert!(ready_at <= deadline, "it waits in vain"),
            Poll::Ready(Err(error)) => {
                prop_assert!(ready_at > deadline, "{:?} though it is ready in time", error);
                prop_assert_eq!(error, AcquireError::NotInTime { ready_at: expected });
            }
        }
        // Neither a refusal nor an asker who leaves at once makes a difference to the others.
        if answer != Poll::Ready(Ok(())) {
            let (alone, _) = paused(play(&waiters, None))?;
            prop_assert_eq!(others, alone);
        }
    }

    /// What is not refused is served in time, but for what timers are late, which adds up if a line
    /// is never short of work.
    #[test]
    fn a_deadline_that_is_not_refused_is_met(
        costs in vec(1..=BURST, 0..12),
        cost in 1..=BURST,
        spare_ms in 0..20_u32,
    ) {
        let in_line = u32::try_from(costs.len()).expect("few");
        let outcome = paused(async {
            let quota = Quota::per_second(100).with_burst(BURST).expect("not zero");
            let throttle = Throttle::new(Gcra::new(quota));
            let mut tasks = Vec::new();
            for &cost in &costs {
                tasks.push(tokio::spawn(throttle.acquire(cost)));
                yield_now().await;
            }
            // Refused at first, it learns when it would be ready.
            let refused = throttle.acquire_within(cost, Duration::ZERO).await;
            let within = match refused {
                Err(AcquireError::NotInTime { ready_at: Some(at) }) => {
                    at.saturating_duration_since(throttle.now())
                }
                _ => return Ok(()),
            };
            let asked_at = throttle.now();
            let late = (in_line + 1) * MS;
            let admitted = throttle.acquire_within(cost, within + late + spare_ms * MS).await;
            let at = admitted.map_err(|error| TestCaseError::fail(error.to_string()))?.at();
            let took = at.saturating_duration_since(asked_at);
            prop_assert!(within <= took && took <= within + late, "{:?} of {:?}", took, within);
            Ok(())
        });
        outcome?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_patient_request_is_asked_about_behind_those_who_come_before_it() {
    let throttle = Throttle::new(Gcra::new(
        Quota::per_second(1).with_burst(1).expect("not zero"),
    ));
    drop(throttle.acquire(1).await);
    let urgent = tokio::spawn(throttle.acquire(1));
    yield_now().await;
    let half_a_minute = Priority::yielding_for(30_000 * MS);
    let batch = tokio::spawn(throttle.acquire(1).with_priority(half_a_minute));
    yield_now().await;
    // Two seconds if it comes before the batch, and three behind it.
    let within = Duration::from_millis(2_500);
    let patient = throttle.acquire_within(1, within);
    let patient = patient.with_priority(Priority::yielding_for(60_000 * MS));
    assert!(matches!(
        patient.await,
        Err(AcquireError::NotInTime { ready_at: Some(_) })
    ));
    assert!(throttle.acquire_within(1, within).await.is_ok());
    assert!(urgent.await.is_ok() && batch.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_end_is_refused_at_once_and_a_cost_too_large_says_so() {
    let throttle = Throttle::new(Gcra::new(Quota::per_second(1)));
    let too_large = throttle.acquire_within(2, Duration::MAX).await.map(|_| ());
    assert_eq!(too_large, Err(AcquireError::TooLarge { max: 1 }));
    // Charged until beyond the end of time.
    throttle.update(|gcra, now| paceline_core::Limiter::charge(gcra, now, u64::MAX));
    let never = throttle.acquire_within(1, 10 * MS).await.map(|_| ());
    assert_eq!(never, Err(AcquireError::NotInTime { ready_at: None }));
    assert_eq!(throttle.waiting(), 0);
}
