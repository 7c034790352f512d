use std::time::{Duration, Instant};

use paceline_core::Dimension;
use paceline_redis::{Outage, SharedLimit, SharedThrottle, Store};

use crate::{
    figures::{Lateness, check, wait},
    load::{Load, Seen},
    server::Server,
    setup::{ONE, monthly, rate, store},
};

const RESTARTS: u64 = 20;

struct Run {
    seen: Seen,
    recovered: Duration,
    losses: u64,
    timed_out: u64,
}

/// Kills the server 20 times while it logs every second: nothing that was answered is lost.
pub(crate) fn with_a_log(server: Server, _: Duration) -> bool {
    drop(server);
    let arguments = ["--appendonly", "yes", "--appendfsync", "everysec"];
    let Some(mut server) = Server::start_with(&arguments) else {
        return false;
    };
    let late = Lateness::watch();
    let run = wait(kill_and_restart(
        &mut server,
        &[monthly(Dimension::Requests, 1 << 40)],
        4,
    ));
    let stored = granted_in_store(&server);
    let figures = format!(
        "{} answered, {stored} stored, {} found lost",
        run.seen.granted, run.losses
    );
    let mut met = check(
        "answered and lost",
        figures,
        stored >= run.seen.granted && run.losses == 0,
    );
    met &= check("timed out, and so unknown", run.timed_out, true);
    met & times(&run, late)
}

/// Kills a server that persists nothing 20 times.
pub(crate) fn without_persistence(server: Server, _: Duration) -> bool {
    let mut server = server;
    let late = Lateness::watch();
    let run = wait(kill_and_restart(&mut server, &[rate(100, 50)], 4));
    let cells = u64::try_from(run.seen.took.as_millis()).unwrap_or(u64::MAX) / 10;
    let most = 50 * (RESTARTS + 1) + cells;
    let figures = format!("{} of at most {most}", run.seen.granted);
    let mut met = check(
        "a rate grants one burst more per restart",
        figures,
        run.seen.granted <= most,
    );
    met &= times(&run, late);
    // More is wanted than the quota has, so one over-grant would show.
    server.command(&["FLUSHALL"]);
    let run = wait(kill_and_restart(
        &mut server,
        &[monthly(Dimension::Requests, 4_000)],
        4,
    ));
    let left = wait(drain(&server));
    let figures = format!(
        "{} of 4000, then {left} more to those who know nothing",
        run.seen.granted
    );
    met &= check(
        "a quota grants no more than it has",
        figures,
        run.seen.granted <= 4_000,
    );
    met & check("losses that were found", run.losses, run.losses > 0)
}

fn times(run: &Run, late: Lateness) -> bool {
    let met = late.check(run.seen.worst);
    let second = Duration::from_secs(1);
    met & check(
        "slowest recovery",
        format!("{:?}", run.recovered),
        run.recovered < second,
    )
}

/// What the server has counted of the only quota.
fn granted_in_store(server: &Server) -> u64 {
    let keys = server.keys();
    let value = redis::cmd("GET")
        .arg(&keys[0])
        .query::<String>(&mut server.connection());
    let value = value.expect("it is a quota");
    let numbers: Vec<u64> = value
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    numbers[1] + numbers[2]
}

/// What a newcomer is granted of a quota that is used up.
async fn drain(server: &Server) -> u64 {
    let store = store(&server.url(), Duration::from_secs(1));
    let throttle = SharedThrottle::new(
        &store,
        "key",
        [monthly(Dimension::Requests, 4_000)],
        Outage::Closed,
    );
    let throttle = throttle.expect("it is valid");
    let mut granted = 0;
    while throttle
        .acquire_within(ONE, Duration::from_secs(5))
        .await
        .is_ok()
    {
        granted += 1;
    }
    granted
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn kill_and_restart(server: &mut Server, limits: &[SharedLimit], processes: usize) -> Run {
    let throttles: Vec<SharedThrottle> = (0..processes)
        .map(|_| {
            let store = store(&server.url(), Store::TIMEOUT);
            let builder = SharedThrottle::builder(&store, "key", limits.to_vec(), Outage::Closed);
            builder
                .hold(Duration::from_millis(600))
                .build()
                .expect("it is valid")
        })
        .collect();
    let load = Load::start(&throttles, 8, Duration::from_millis(5));
    let decided = |throttle: &SharedThrottle| throttle.counts().granted + throttle.counts().denied;
    let mut recovered = Duration::ZERO;
    for _ in 0..RESTARTS {
        tokio::time::sleep(Duration::from_millis(700)).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let before: Vec<u64> = throttles.iter().map(decided).collect();
        tokio::task::block_in_place(|| server.run()).expect("it runs again");
        let back = Instant::now();
        while throttles
            .iter()
            .zip(&before)
            .any(|(throttle, before)| decided(throttle) == *before)
            && back.elapsed() < Duration::from_secs(10)
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        recovered = recovered.max(back.elapsed());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = load.stop().await;
    let sum = |of: fn(&SharedThrottle) -> u64| throttles.iter().map(of).sum();
    Run {
        seen,
        recovered,
        losses: sum(|throttle| throttle.counts().data_losses),
        timed_out: sum(|throttle| throttle.counts().timed_out),
    }
}
