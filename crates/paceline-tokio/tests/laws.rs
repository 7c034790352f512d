//! Whatever arrives and whoever gives up, the log of what happened is that of a fair line.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_concurrency::Fixed;
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_tokio::{Throttle, TokioClock};
use proptest::{collection::vec, option, prelude::*};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

use paused::paused;

mod paused;

const MS: Duration = Duration::from_millis(1);
/// A timer may go off so much late: its resolution is 1 ms.
const LATE: Duration = MS;

#[derive(Clone, Debug)]
struct Arrival {
    /// After the one before.
    wait_ms: u32,
    cost: u64,
    yields_ms: u32,
    gives_up_ms: Option<u32>,
    /// How long it is in flight.
    takes_ms: u32,
}

fn arrival() -> impl Strategy<Value = Arrival> {
    let gives_up_ms = option::weighted(0.4, 0..150_u32);
    let yields_ms = prop_oneof![Just(0), 0..200_u32];
    (0..40_u32, 0..=20_u64, yields_ms, gives_up_ms, 0..60_u32).prop_map(
        |(wait_ms, cost, yields_ms, gives_up_ms, takes_ms)| Arrival {
            wait_ms: wait_ms / 2,
            cost,
            yields_ms,
            gives_up_ms,
            takes_ms,
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Joined,
    Admitted,
    GaveUp,
    Finished,
}

type Log = Arc<Mutex<Vec<(Timestamp, usize, Event)>>>;

fn quota() -> Quota {
    Quota::per_second(300).with_burst(20).expect("not zero")
}

/// Lets everybody arrive, and waits for all of them.
async fn play(arrivals: &[Arrival], permits: Option<u32>) -> (Throttle<Gcra>, Log) {
    let builder = Throttle::builder(Gcra::new(quota()));
    let builder = builder.clock(TokioClock::starting_at(Timestamp::EPOCH));
    let throttle = match permits {
        Some(permits) => builder.concurrency(Fixed::new(permits)).build(),
        None => builder.build(),
    };
    let (log, mut tasks) = (Log::default(), Vec::new());
    for (id, arrival) in arrivals.iter().cloned().enumerate() {
        sleep(arrival.wait_ms * MS).await;
        let (throttle, log) = (throttle.clone(), Arc::clone(&log));
        tasks.push(tokio::spawn(async move {
            let note = |event| {
                let mut log = log.lock().expect("no panic");
                log.push((throttle.now(), id, event));
            };
            note(Event::Joined);
            let priority = Priority::yielding_for(arrival.yields_ms * MS);
            let acquire = throttle.acquire(arrival.cost).with_priority(priority);
            let admitted = match arrival.gives_up_ms {
                Some(most) => timeout(most * MS, acquire).await.ok(),
                None => Some(acquire.await),
            };
            let Some(admitted) = admitted else {
                return note(Event::GaveUp);
            };
            let admitted = admitted.expect("it conforms some day");
            note(Event::Admitted);
            sleep(arrival.takes_ms * MS).await;
            drop(admitted);
            note(Event::Finished);
        }));
        yield_now().await;
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    (throttle, log)
}

/// Replays a log against a limiter, a sorted line and a count, which know nothing of tasks.
struct Replay<'a> {
    arrivals: &'a [Arrival],
    permits: u32,
    gcra: Gcra,
    /// Who waits, by when it is due and when it came.
    line: BTreeMap<(Timestamp, usize), usize>,
    places: BTreeMap<usize, (Timestamp, usize)>,
    in_flight: u32,
    /// Since when the head has been the head, and a permit free.
    turn_since: Timestamp,
    free_since: Timestamp,
}

impl Replay<'_> {
    fn leave(&mut self, at: Timestamp, id: usize) -> Result<(), TestCaseError> {
        let place = self.places.remove(&id);
        let place = place.ok_or_else(|| TestCaseError::fail("it left twice"))?;
        if self.line.keys().next() == Some(&place) {
            self.turn_since = at;
        }
        self.line.remove(&place);
        Ok(())
    }

    fn step(&mut self, at: Timestamp, id: usize, event: Event) -> Result<(), TestCaseError> {
        let arrival = &self.arrivals[id];
        match event {
            Event::Joined => {
                let place = (at.saturating_add(arrival.yields_ms * MS), id);
                if self.line.keys().next().is_none_or(|head| place < *head) {
                    self.turn_since = at;
                }
                self.line.insert(place, id);
                self.places.insert(id, place);
            }
            Event::GaveUp => self.leave(at, id)?,
            Event::Admitted => {
                let head = self.line.values().next();
                prop_assert_eq!(head, Some(&id), "out of turn");
                prop_assert!(self.in_flight < self.permits, "too many in flight");
                prop_assert_eq!(self.gcra.check(at, arrival.cost), Ok(()), "above the limit");
                let since = self.turn_since.max(self.free_since);
                let conforms_at = match self.gcra.check(since, arrival.cost) {
                    Ok(()) => since,
                    Err(denied) => denied.retry_at().expect("within the burst"),
                };
                let late = at.saturating_duration_since(conforms_at);
                prop_assert!(late <= LATE, "{id} is {late:?} late");
                self.gcra.charge(at, arrival.cost);
                self.in_flight += 1;
                self.leave(at, id)?;
            }
            Event::Finished => {
                if self.in_flight == self.permits {
                    self.free_since = at;
                }
                self.in_flight -= 1;
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Limits and permits are never exceeded, the order is that of the line, whoever gives up delays
    /// nobody from then on, everybody is served as soon as may be, and nothing is left behind.
    #[test]
    fn a_line_is_fair_punctual_and_leaves_nothing_behind(
        arrivals in vec(arrival(), 1..40),
        permits in option::of(1..4_u32),
    ) {
        paused(async {
            let (throttle, log) = play(&arrivals, permits).await;
            let mut replay = Replay {
                arrivals: &arrivals,
                permits: permits.unwrap_or(u32::MAX),
                gcra: Gcra::new(quota()),
                line: BTreeMap::new(),
                places: BTreeMap::new(),
                in_flight: 0,
                turn_since: Timestamp::EPOCH,
                free_since: Timestamp::EPOCH,
            };
            for &(at, id, event) in log.lock().expect("no panic").iter() {
                replay.step(at, id, event)?;
            }
            prop_assert_eq!(replay.line.len(), 0);
            prop_assert_eq!((throttle.waiting(), throttle.in_flight()), (0, 0));
            let now = throttle.now();
            let left = throttle.update(|gcra, now| gcra.available(now));
            prop_assert_eq!(left, replay.gcra.available(now), "something was spent in vain");
            Ok(())
        })?;
    }
}
