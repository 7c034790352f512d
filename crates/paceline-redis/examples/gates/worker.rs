use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use paceline_redis::{AcquireError, Outage, SharedThrottle};

use crate::setup::{ONE, rate, store};

/// What a process of its own does: tasks that want more than there is.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) tasks: u64,
    pub(crate) span: Duration,
    pub(crate) per_second: u64,
    pub(crate) burst: u64,
    /// 0 for none.
    pub(crate) lease: u64,
}

/// A process that is about to begin.
pub(crate) struct Worker {
    child: Child,
    start: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Worker {
    pub(crate) fn spawn(url: &str, load: Load) -> Self {
        let program = std::env::current_exe().expect("it runs");
        let mut child = Command::new(program)
            .arg("worker")
            .arg(url)
            .args(
                [
                    load.tasks,
                    millis(load.span),
                    load.per_second,
                    load.burst,
                    load.lease,
                ]
                .map(|n| n.to_string()),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut says = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        says.read_line(&mut line).expect("it says that it is ready");
        let start = child.stdin.take().expect("it is piped");
        Self { child, start, says }
    }

    pub(crate) fn go(&mut self) {
        self.start.write_all(b"go\n").expect("it waits");
    }

    /// What it was granted, and how many questions it asked.
    pub(crate) fn result(mut self) -> (u64, u64) {
        let mut line = String::new();
        self.says
            .read_line(&mut line)
            .expect("it says what it was granted");
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
        let result = numbers
            .next()
            .zip(numbers.next())
            .expect("it says two numbers");
        drop(self.child.wait());
        result
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The other process.
pub(crate) fn run(words: &[String]) {
    let number = |i: usize| words[i].parse::<u64>().expect("it is a number");
    let load = Load {
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
        .block_on(work(&words[0], load));
    println!("{granted} {asked}");
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn work(url: &str, load: Load) -> (u64, u64) {
    // The machine is loaded on purpose; how long an answer takes is not the question here.
    let store = store(url, Duration::from_secs(2));
    let limits = [rate(load.per_second, load.burst)];
    let mut builder = SharedThrottle::builder(&store, "key", limits, Outage::Closed);
    if load.lease > 0 {
        builder = builder.lease(load.lease, Duration::from_secs(1));
    }
    let throttle = builder.build().expect("it is valid");
    // Connects, and charges nothing.
    drop(throttle.acquire(paceline_core::Demand::default()).await);
    println!("ready");
    std::io::stdin()
        .read_line(&mut String::new())
        .expect("somebody says go");
    let ends = Instant::now() + load.span;
    let tasks: Vec<_> = (0..load.tasks)
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
