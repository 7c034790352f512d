use std::{cell::RefCell, future::Future, pin::pin, rc::Rc, time::Duration};

use anyhow::{Context, anyhow, bail};
use paceline_core::{Clock, Timestamp};
use tokio::{
    runtime,
    task::{JoinError, JoinSet, LocalSet},
    time::{MissedTickBehavior, interval},
};

use super::{
    client::Client,
    clock::FastClock,
    course::World,
    http::Caller,
    record::Record,
    supported,
    target::{Key, Target},
    trouble::Trouble,
};
use crate::{
    engine::Streams,
    model::{Assignment, Cache, Patience, Sessions, Tally},
    scenario::{Scenario, strategy::Strategy},
    workload::{Job, Jobs},
};

/// What to send, and to whom.
#[derive(Clone, Debug)]
pub struct Drive<'a> {
    /// Who asks.
    pub scenario: &'a Scenario,
    /// How.
    pub strategy: &'a Strategy,
    /// Whom.
    pub target: Target,
    /// With which key.
    pub key: Key,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Driven {
    /// What happened.
    pub tally: Tally,
    /// When it was stopped, counted from the start of the scenario, if it was.
    pub stopped_after: Option<Duration>,
}

/// How often progress is told.
const TICK: Duration = Duration::from_millis(200);

/// Sends the workload of a scenario through one of its strategies, until all requests have ended or the scenario
/// has, or until `stop` is ready.
///
/// `clock` makes the clock at the moment at which the run begins; it shows the start of the scenario then.
/// `progress` is told now and then how much of the scenario is over.
///
/// # Errors
///
/// Fails before anything is sent if the strategy cannot be driven, a trace cannot be read or nobody listens;
/// and later if the server does not know the address or the key.
///
/// # Panics
///
/// Panics if the strategy was not checked.
pub fn drive(
    drive: &Drive<'_>,
    clock: impl FnOnce() -> FastClock,
    stop: impl Future<Output = ()>,
    progress: impl FnMut(Duration),
) -> anyhow::Result<Driven> {
    supported::check(drive.scenario, drive.strategy).map_err(|err| anyhow!(err))?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start a runtime")?;
    runtime.block_on(drive.target.reach())?;
    let run = run(drive, clock, stop, progress);
    LocalSet::new().block_on(&runtime, run)
}

async fn run(
    drive: &Drive<'_>,
    clock: impl FnOnce() -> FastClock,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(Duration),
) -> anyhow::Result<Driven> {
    let Drive {
        scenario, strategy, ..
    } = drive;
    let streams = Streams::new(scenario.seed);
    let mut jobs = Jobs::start(scenario, streams)?;
    let mut next = jobs.next_job()?;
    let sessions = Sessions::new(scenario, streams)?;
    let beginnings = sessions.beginnings();
    let caller = Caller::new(drive.target.clone(), drive.key.clone());
    let clock = clock();
    let clients = (0..strategy.clients.get())
        .map(|number| Client::new(scenario, strategy, number, streams, clock));
    let world = Rc::new(World {
        clock,
        clients: clients.collect::<anyhow::Result<_>>()?,
        caller,
        assignment: Assignment::new(strategy, &scenario.workloads, streams),
        cache: Cache::new(strategy.cache, streams),
        patience: Patience::new(&scenario.workloads, streams),
        sessions: RefCell::new(sessions),
        record: RefCell::new(Record::new(scenario)),
        trouble: Trouble::default(),
    });
    let mut tasks = JoinSet::new();
    for (session, at) in beginnings {
        let world = Rc::clone(&world);
        tasks.spawn_local(async move { world.see_session_through(session, at).await });
    }
    let (mut stop, mut end) = (pin!(stop), pin!(clock.sleep_until(scenario.end())));
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let stopped_at = loop {
        if next.is_none() && tasks.is_empty() {
            break None;
        }
        tokio::select! {
            biased;
            () = &mut stop => break Some(clock.now()),
            () = &mut end => break None,
            trouble = world.trouble.comes() => bail!(trouble),
            _ = ticks.tick() => progress(clock.now().saturating_duration_since(scenario.start())),
            () = arrival(&clock, next.as_ref()) => {
                while let Some(job) = next.take_if(|job| job.at <= clock.now()) {
                    let world = Rc::clone(&world);
                    tasks.spawn_local(async move { world.see_through(job).await });
                    next = jobs.next_job()?;
                }
            }
            Some(done) = tasks.join_next() => pass_on(done),
        }
    };
    // What is under way is left there.
    tasks.abort_all();
    while let Some(done) = tasks.join_next().await {
        pass_on(done);
    }
    let stopped_at = stopped_at.filter(|at| *at < scenario.end());
    let record = world.record.replace(Record::new(scenario));
    Ok(Driven {
        tally: record.close(stopped_at, |job| world.deadline(job)),
        stopped_after: stopped_at.map(|at| at.saturating_duration_since(scenario.start())),
    })
}

/// Sleeps until the next request arrives; for ever if none does.
async fn arrival(clock: &FastClock, next: Option<&Job>) {
    let at = next.map_or(Timestamp::MAX, |job| job.at);
    clock.sleep_until(at).await;
}

/// Panics if a task did.
fn pass_on(done: Result<(), JoinError>) {
    if let Err(error) = done
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
