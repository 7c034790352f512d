//! What is admitted, made to wait, given up and refused is counted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::AtomicU64, atomic::Ordering},
    time::Duration,
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::Throttle;
use tokio::{runtime::Builder, task::yield_now};

#[derive(Default)]
struct Counters(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.0.lock().expect("no panic");
        Counter::from_arc(Arc::clone(
            counters.entry(key.name().to_owned()).or_default(),
        ))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn every_end_of_a_wait_is_counted_once() {
    let counters = Counters::default();
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    with_local_recorder(&counters, || runtime.expect("a runtime").block_on(waits()));
    let counters = counters.0.into_inner().expect("no panic");
    let counted: Vec<_> = counters
        .iter()
        .map(|(name, count)| (name.as_str(), count.load(Ordering::Relaxed)))
        .collect();
    let expected = [
        ("paceline_admitted_total", 3),
        ("paceline_cancelled_total", 1),
        ("paceline_not_in_time_total", 2),
        ("paceline_refused_total", 1),
        ("paceline_waited_total", 3),
    ];
    assert_eq!(counted, expected);
}

async fn waits() {
    let second = Duration::from_secs(1);
    let throttle = Throttle::builder(Gcra::new(Quota::per_second(1)))
        .concurrency(paceline_concurrency::Fixed::new(1))
        .build();
    // At once, then after a wait.
    drop(throttle.acquire(1).await);
    let held = throttle.acquire(1).await.expect("it conforms");
    let given_up = tokio::spawn(throttle.acquire(1));
    yield_now().await;
    given_up.abort();
    assert!(given_up.await.is_err());
    // Refused at once, and at the deadline, because a permit stays in use.
    assert!(throttle.acquire_within(1, second / 2).await.is_err());
    assert!(throttle.acquire_within(1, 2 * second).await.is_err());
    held.refused(None);
    tokio::time::sleep(10 * second).await;
    assert!(throttle.try_acquire(1).is_ok());
}
