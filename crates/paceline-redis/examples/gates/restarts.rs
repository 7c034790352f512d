use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use paceline_redis::{Outage, SharedLimit, SharedThrottle, Store, TryAcquireError};

use crate::{
    server::Server,
    setup::{Lateness, ONE, check, monthly, rate, store, wait},
};

const RESTARTS: u64 = 20;

struct Run {
    granted: u64,
    worst: Duration,
    recovered: Duration,
    took: Duration,
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
    let run = wait(kill_and_restart(&mut server, &[monthly(1 << 40)], 4));
    let stored = granted_in_store(&server);
    let figures = format!(
        "{} answered, {stored} stored, {} found lost",
        run.granted, run.losses
    );
    let mut met = check(
        "answered and lost",
        figures,
        stored >= run.granted && run.losses == 0,
    );
    met &= check("timed out, and so unknown", run.timed_out, true);
    met & times(&run, late)
}

/// Kills a server that persists nothing 20 times.
pub(crate) fn without_persistence(server: Server, _: Duration) -> bool {
    let mut server = server;
    let late = Lateness::watch();
    let run = wait(kill_and_restart(&mut server, &[rate(100, 50)], 4));
    let cells = u64::try_from(run.took.as_millis()).unwrap_or(u64::MAX) / 10;
    let most = 50 * (RESTARTS + 1) + cells;
    let figures = format!("{} of at most {most}", run.granted);
    let mut met = check(
        "a rate grants one burst more per restart",
        figures,
        run.granted <= most,
    );
    met &= times(&run, late);
    // More is wanted than the quota has, so one over-grant would show.
    server.command(&["FLUSHALL"]);
    let run = wait(kill_and_restart(&mut server, &[monthly(4_000)], 4));
    let left = wait(drain(&server));
    let figures = format!(
        "{} of 4000, then {left} more to those who know nothing",
        run.granted
    );
    met &= check(
        "a quota grants no more than it has",
        figures,
        run.granted <= 4_000,
    );
    met & check("losses that were found", run.losses, run.losses > 0)
}

fn times(run: &Run, late: Lateness) -> bool {
    let met = late.check(run.worst);
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
    let throttle = SharedThrottle::new(&store, "key", [monthly(4_000)], Outage::Closed);
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
    let begin = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let worst = Arc::new(Mutex::new(Duration::ZERO));
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
    let tasks: Vec<_> = throttles
        .iter()
        .flat_map(|throttle| std::iter::repeat_n(throttle.clone(), 8))
        .map(|throttle| {
            let (stop, worst) = (Arc::clone(&stop), Arc::clone(&worst));
            tokio::spawn(async move {
                let mut granted = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let answer = throttle.try_acquire(ONE).await;
                    let took = asked.elapsed();
                    {
                        let mut worst = worst.lock().expect("nobody panics");
                        *worst = worst.max(took);
                    }
                    match answer {
                        Ok(admitted) => {
                            admitted.succeeded();
                            granted += 1;
                        }
                        Err(TryAcquireError::StoreUnavailable(_) | TryAcquireError::Denied(_)) => {}
                        Err(other) => panic!("{other}"),
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                granted
            })
        })
        .collect();
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
    stop.store(true, Ordering::Relaxed);
    let mut granted = 0;
    for task in tasks {
        granted += task.await.expect("it does not panic");
    }
    let worst = *worst.lock().expect("nobody panics");
    let sum = |of: fn(&SharedThrottle) -> u64| throttles.iter().map(of).sum();
    Run {
        granted,
        worst,
        recovered,
        took: begin.elapsed(),
        losses: sum(|throttle| throttle.counts().data_losses),
        timed_out: sum(|throttle| throttle.counts().timed_out),
    }
}
