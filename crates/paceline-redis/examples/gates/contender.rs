use std::{
    io,
    time::{Duration, Instant},
};

use paceline_redis::{AcquireError, Outage, SharedThrottle};

use crate::{
    setup::{ONE, rate, store},
    worker::{Worker, ready},
};

/// What a process of its own does: tasks that want more than there is.
#[derive(Clone, Copy)]
pub(crate) struct Wants {
    pub(crate) tasks: u64,
    pub(crate) span: Duration,
    pub(crate) per_second: u64,
    pub(crate) burst: u64,
    /// 0 for none.
    pub(crate) lease: u64,
}

impl Wants {
    /// A process of its own that wants this.
    pub(crate) fn spawn(self, url: &str) -> io::Result<Worker> {
        let numbers = [
            self.tasks,
            millis(self.span),
            self.per_second,
            self.burst,
            self.lease,
        ];
        let numbers = numbers.map(|number| number.to_string());
        Worker::spawn(std::iter::once(url.to_owned()).chain(numbers))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The other process.
pub(crate) fn run(words: &[String]) {
    let number = |i: usize| words[i].parse::<u64>().expect("it is a number");
    let wants = Wants {
        tasks: number(1),
        span: Duration::from_millis(number(2)),
        per_second: number(3),
        burst: number(4),
        lease: number(5),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (granted, asked) = runtime
        .expect("a runtime can be made")
        .block_on(work(&words[0], wants));
    println!("{granted} {asked}");
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn work(url: &str, wants: Wants) -> (u64, u64) {
    // The machine is loaded on purpose; how long an answer takes is not the question here.
    let store = store(url, Duration::from_secs(2));
    let limits = [rate(wants.per_second, wants.burst)];
    let mut builder = SharedThrottle::builder(&store, "key", limits, Outage::Closed);
    if wants.lease > 0 {
        builder = builder.lease(wants.lease, Duration::from_secs(1));
    }
    let throttle = builder.build().expect("it is valid");
    // Connects, and charges nothing.
    drop(throttle.acquire(paceline_core::Demand::default()).await);
    ready().expect("somebody says go");
    let ends = Instant::now() + wants.span;
    let tasks: Vec<_> = (0..wants.tasks)
        .map(|_| {
            let throttle = throttle.clone();
            tokio::spawn(async move {
                let mut granted = 0_u64;
                loop {
                    let left = ends.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return granted;
                    }
                    match throttle.acquire_within(ONE, left).await {
                        Ok(admitted) => {
                            admitted.succeeded();
                            granted += 1;
                        }
                        Err(AcquireError::NotInTime { .. }) => return granted,
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    let mut granted = 0;
    for task in tasks {
        granted += task.await.expect("it does not panic");
    }
    let counts = throttle.counts();
    (granted, counts.granted + counts.denied)
}
