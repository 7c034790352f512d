use std::time::Duration;

use paceline_core::Timestamp;
use rand_chacha::{ChaCha8Rng, rand_core::Rng};
use rand_distr::{Distribution, Normal};

use super::policy::{Policy, Sleeper};
use crate::engine::{EventQueue, Streams};

/// What one run of the experiment found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome {
    /// When the last client heard that its write succeeded, in milliseconds.
    pub(super) time_ms: f64,
    /// How many writes it took.
    pub(super) writes: u32,
}

/// What is on its way, and of which client.
#[derive(Debug)]
enum Event {
    /// A request for the row and its version.
    Read(u32),
    /// The answer to that, with the version of then.
    Found(u32, u32),
    /// A new row, if the version is still this one.
    Write(u32, u32),
    /// Whether it was.
    Written(u32, bool),
}

/// Clients that each write one row once, under optimistic concurrency control.
///
/// The server takes no time. Every message takes a time of its own, of 10 ms and a standard deviation
/// of 2 ms. A client whose write failed sleeps and reads again.
struct Experiment {
    events: EventQueue<Event>,
    now: Timestamp,
    version: u32,
    writes: u32,
    sleepers: Vec<Sleeper>,
    delay_ms: Normal<f64>,
    network: ChaCha8Rng,
}

/// Runs it once.
pub(super) fn run(policy: &Policy, clients: u32, streams: Streams) -> Outcome {
    let jitter = streams.named("jitter").next_u64();
    let mut experiment = Experiment {
        events: EventQueue::new(),
        now: Timestamp::EPOCH,
        version: 0,
        writes: 0,
        sleepers: (0..clients)
            .map(|number| Sleeper::new(number, jitter))
            .collect(),
        delay_ms: Normal::new(10.0, 2.0).expect("a standard deviation of 2 is legal"),
        network: streams.named("network"),
    };
    for client in 0..clients {
        experiment.send(Event::Read(client), Duration::ZERO);
    }
    while let Some((now, event)) = experiment.events.pop() {
        experiment.now = now;
        experiment.meet(event, policy);
    }
    Outcome {
        time_ms: since_start(experiment.now).as_secs_f64() * 1e3,
        writes: experiment.writes,
    }
}

const fn since_start(now: Timestamp) -> Duration {
    now.saturating_duration_since(Timestamp::EPOCH)
}

impl Experiment {
    fn meet(&mut self, event: Event, policy: &Policy) {
        match event {
            Event::Read(client) => {
                self.send(Event::Found(client, self.version), Duration::ZERO);
            }
            Event::Found(client, version) => {
                self.send(Event::Write(client, version), Duration::ZERO);
            }
            Event::Write(client, version) => {
                self.writes += 1;
                let in_time = version == self.version;
                self.version += u32::from(in_time);
                self.send(Event::Written(client, in_time), Duration::ZERO);
            }
            Event::Written(_, true) => {}
            Event::Written(client, false) => {
                let sleep = self.sleepers[client as usize].sleep(self.now, policy);
                self.send(Event::Read(client), sleep);
            }
        }
    }

    /// Sends a message after so long.
    fn send(&mut self, message: Event, after: Duration) {
        let delay_ms = self.delay_ms.sample(&mut self.network).abs();
        let at = self.now.saturating_add(after);
        let at = at.saturating_add(Duration::from_secs_f64(delay_ms / 1e3));
        self.events.schedule(at, message);
    }
}
