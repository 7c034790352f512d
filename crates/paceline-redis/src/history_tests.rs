//! What many clients see at once could have happened one after the other.
//!
//! Every answer carries the server's time, and the server does one thing at a time. So the history is put in the order of
//! these times, which must lie between question and answer, and is replayed in the exact limiter of one process. Where two
//! answers carry the same microsecond, some order of them must do.
//!
//! `PACELINE_HISTORIES` says how many histories there are, each of 10,000 questions; unless set, two of 2,000.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use paceline_core::{Denied, Dimension, Limiter, Quota, Rng, SplitMix64, Timestamp};
use paceline_gcra::Gcra;

use crate::{
    Salt, SharedLimit, Store,
    plan::{Carried, Plan},
    reply::{Reply, Verdict},
    server::Server,
};

const CLIENTS: u64 = 16;

#[derive(Clone, Copy, Debug)]
struct Event {
    asked_at: u64,
    answered_at: u64,
    /// By the server's clock.
    decided_at: u64,
    cost: u64,
    verdict: Verdict,
}

#[expect(
    clippy::disallowed_methods,
    reason = "server and test share the machine's clock"
)]
fn wall() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is later");
    u64::try_from(since.as_micros()).expect("it is earlier than the year 500,000")
}

/// What some clients see who ask for random costs.
async fn history(server: &Server, quota: Quota, questions: u64, seed: u64) -> Vec<Event> {
    let limit = SharedLimit::gcra(Dimension::Requests, quota);
    let plan = Plan::new(&limit, 1, format!("history {seed}")).expect("it has a state");
    let plan = Arc::new(plan);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (plan, url) = (Arc::clone(&plan), server.url());
            tokio::spawn(async move {
                let salt = Salt::new(&[1; 16]).expect("it is long enough");
                // A store is a connection, as another process has.
                let timeout = std::time::Duration::from_secs(30);
                let store = Store::open_with_timeout(&url, salt, timeout).expect("it is valid");
                let mut rng = SplitMix64::new(seed * CLIENTS + client);
                let mut events = Vec::new();
                for _ in 0..questions / CLIENTS {
                    let cost = rng.next_u64() % 5;
                    let mut question = store.question();
                    question.key("pause").key(&plan.key).arg("ask");
                    plan.ask(&mut question, cost, Carried::default(), 0);
                    let asked_at = wall();
                    let numbers = store.ask(&question).await.expect("it answers");
                    let answered_at = wall();
                    let reply = Reply::read(&numbers, 1).expect("it is an answer");
                    events.push(Event {
                        asked_at,
                        answered_at,
                        decided_at: reply.now,
                        cost,
                        verdict: reply.verdict,
                    });
                }
                events
            })
        })
        .collect();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.expect("it does not panic"));
    }
    all
}

/// Whether a limiter decides so, and what it is then.
fn step(limiter: &Gcra, event: &Event) -> Option<Gcra> {
    let now = Timestamp::from_nanos(event.decided_at * 1_000);
    let mut next = limiter.clone();
    let agrees = match (next.try_acquire(now, event.cost), event.verdict) {
        (Ok(()), Verdict::Granted { .. }) => true,
        (Err(Denied::Until(at)), Verdict::Denied { wait, .. }) => {
            (at.as_nanos() - now.as_nanos()).div_ceil(1_000) == wait
        }
        _ => false,
    };
    agrees.then_some(next)
}

/// Whether the events, which were decided in the same microsecond, fit in some order.
fn any_order(limiter: &Gcra, events: &mut [Event], done: usize) -> Option<Gcra> {
    if done == events.len() {
        return Some(limiter.clone());
    }
    for i in done..events.len() {
        events.swap(done, i);
        if let Some(next) = step(limiter, &events[done])
            && let Some(last) = any_order(&next, events, done + 1)
        {
            return Some(last);
        }
        events.swap(done, i);
    }
    None
}

/// The first event that no order explains.
fn anomaly(quota: Quota, events: &mut [Event]) -> Option<Event> {
    let outside =
        |event: &&Event| event.decided_at < event.asked_at || event.decided_at > event.answered_at;
    if let Some(event) = events.iter().find(outside) {
        return Some(*event);
    }
    events.sort_by_key(|event| event.decided_at);
    let mut limiter = Gcra::new(quota);
    for same in events.chunk_by_mut(|a, b| a.decided_at == b.decided_at) {
        match any_order(&limiter, same, 0) {
            Some(next) => limiter = next,
            None => return Some(same[0]),
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_are_linearizable() {
    let Some(server) = Server::start() else {
        return;
    };
    let stated = std::env::var("PACELINE_HISTORIES")
        .ok()
        .and_then(|text| text.parse().ok());
    let (runs, questions) = stated.map_or((2, 2_000), |runs: u64| (runs, 10_000));
    for seed in 0..runs {
        let quota = Quota::per_second(9_973)
            .with_burst(64)
            .expect("it is above zero");
        let mut events = history(&server, quota, questions, seed).await;
        let anomaly = anomaly(quota, &mut events);
        assert!(anomaly.is_none(), "history {seed}: {anomaly:?}");
        // Both answers were given, or the test would show little.
        let granted = events
            .iter()
            .filter(|event| matches!(event.verdict, Verdict::Granted { .. }));
        let granted = granted.count();
        assert!(granted > 0 && granted < events.len(), "{granted}");
    }
}

/// A grant too many, or an answer from the past, does not pass.
#[test]
fn the_check_finds_what_is_wrong() {
    let quota = Quota::per_second(1)
        .with_burst(2)
        .expect("it is above zero");
    let event = |decided_at: u64, verdict| Event {
        asked_at: decided_at - 10,
        answered_at: decided_at + 10,
        decided_at,
        cost: 1,
        verdict,
    };
    let granted = Verdict::Granted { again_after: 0 };
    let denied = Verdict::Denied {
        wait: 1_000_000,
        binding: 1,
    };
    let at = 1_790_000_000_000_000;
    // In the same microsecond, in the wrong order.
    let mut fine = [event(at, denied), event(at, granted), event(at, granted)];
    assert!(anomaly(quota, &mut fine).is_none());
    let mut too_many = [
        event(at, granted),
        event(at, granted),
        event(at + 1, granted),
    ];
    assert!(anomaly(quota, &mut too_many).is_some());
    let mut stale = [Event {
        answered_at: at - 1,
        ..event(at, granted)
    }];
    assert!(anomaly(quota, &mut stale).is_some());
}
