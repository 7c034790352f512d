//! A wait is a span, from taking a place to being admitted; no wait, no span.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use paceline_core::{Clock, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::{Throttle, TokioClock};
use tokio::{task::yield_now, time::sleep};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};

const SECOND: Duration = Duration::from_secs(1);

/// Notes when spans begin and end.
struct Spans {
    clock: TokioClock,
    next: AtomicU64,
    seen: Arc<Mutex<Vec<(&'static str, u64)>>>,
}

impl Spans {
    fn note(&self, what: &'static str) {
        let since = self.clock.now().saturating_duration_since(Timestamp::EPOCH);
        let mut seen = self.seen.lock().expect("no panic");
        seen.push((what, since.as_secs()));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("paceline")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        assert_eq!(span.metadata().name(), "paceline.wait");
        self.note("begins");
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn try_close(&self, _: Id) -> bool {
        self.note("ends");
        true
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_a_span() {
    let seen = Arc::default();
    let spans = Spans {
        clock: TokioClock::starting_at(Timestamp::EPOCH),
        next: AtomicU64::new(1),
        seen: Arc::clone(&seen),
    };
    let _in_this_thread = tracing::subscriber::set_default(spans);
    let throttle = Throttle::new(Gcra::new(Quota::per_minute(1)));
    drop(throttle.acquire(1).await);
    drop(throttle.acquire(1).await);
    let given_up = tokio::spawn(throttle.acquire(1));
    yield_now().await;
    sleep(10 * SECOND).await;
    given_up.abort();
    assert!(given_up.await.is_err());
    let late = throttle.acquire_within(1, 20 * SECOND).await;
    assert!(late.is_err());
    let seen = seen.lock().expect("no panic");
    let expected = [("begins", 0), ("ends", 60), ("begins", 60), ("ends", 70)];
    assert_eq!(*seen, expected);
}
