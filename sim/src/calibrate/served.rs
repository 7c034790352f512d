use std::{
    num::NonZeroU32,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use anyhow::{Context, anyhow};
use tokio::{runtime, sync::oneshot, time::Instant};

use crate::{
    drive::{FastClock, Target},
    scenario::{Scenario, strategy::Strategy},
    serve::{Options, Server},
};

/// The provider that a strategy calls, served on threads of its own.
pub(super) struct Served {
    address: String,
    /// Lets its clock begin.
    begin: Option<oneshot::Sender<()>>,
    began: mpsc::Receiver<Instant>,
    end: Option<oneshot::Sender<()>>,
    thread: JoinHandle<anyhow::Result<()>>,
    clock: (paceline_core::Timestamp, NonZeroU32),
}

impl Served {
    /// Takes a free port, at which calls wait until its clock begins.
    pub(super) fn bind(
        scenario: &Scenario,
        strategy: &Strategy,
        speed: NonZeroU32,
    ) -> anyhow::Result<Self> {
        let options = Options {
            provider: strategy.provider.clone(),
            speed: speed.get().into(),
            ..Options::default()
        };
        let (bound, address) = mpsc::channel();
        let (begin, go) = oneshot::channel();
        let (tell, began) = mpsc::channel();
        let (end, over) = oneshot::channel();
        let start = scenario.start();
        let scenario = scenario.clone();
        let serve = async move {
            let server = Server::bind(&scenario, "127.0.0.1:0", &options).await?;
            // Whoever does not wait for this any more has failed, and says so.
            let _ = bound.send(server.local_addr()?);
            if go.await.is_err() {
                return Ok(());
            }
            let _ = tell.send(Instant::now());
            let over = async {
                let _ = over.await;
            };
            Ok(server.run(over).await?)
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start a runtime")?;
        let thread = thread::Builder::new().name("server".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serve))?;
        let Ok(address) = address.recv() else {
            // It says why.
            joined(thread)?;
            return Err(anyhow!("the server ended before its time"));
        };
        Ok(Self {
            address: format!("http://{address}"),
            begin: Some(begin),
            began,
            end: Some(end),
            thread,
            clock: (start, speed),
        })
    }

    /// Where it listens.
    pub(super) fn target(&self) -> anyhow::Result<Target> {
        self.address.parse().map_err(|err: String| anyhow!(err))
    }

    /// Lets its clock begin, and gives a clock that shows the same.
    pub(super) fn begin(&mut self) -> FastClock {
        if let Some(begin) = self.begin.take() {
            let _ = begin.send(());
        }
        let (start, speed) = self.clock;
        // If it is no more, calls will tell.
        let began = self.began.recv();
        FastClock::since(start, began.unwrap_or_else(|_| Instant::now()), speed)
    }

    /// Ends it.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        drop((self.begin.take(), self.end.take()));
        joined(self.thread)
    }
}

/// What became of a server.
fn joined(thread: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    match thread.join() {
        Ok(served) => served,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
