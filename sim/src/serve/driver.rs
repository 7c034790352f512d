use std::{collections::HashMap, io, sync::Arc, thread};

use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::sleep_until,
};

use super::{clock::Clock, counts::Counts};
use crate::{
    model::{Heard, Live, Outside},
    scenario::Scenario,
    workload::TraceError,
};

/// What calls ask of the model.
#[derive(Debug)]
pub(super) enum Command {
    /// Sends a call; whoever it is hears of it there. If there are too many, nothing is heard.
    Send(Outside, mpsc::UnboundedSender<Heard>),
    /// The client of the call of this number waits no longer.
    Leave(u64),
}

/// As many events may be pending as this before calls are turned away; the engine takes 16 times as many.
const MOST_PENDING: usize = 1 << 20;

/// The model, in the time of a clock.
pub(super) struct Driver {
    live: Live,
    clock: Clock,
    counts: Arc<Counts>,
    callers: HashMap<u64, mpsc::UnboundedSender<Heard>>,
}

impl Driver {
    /// Starts a provider of a scenario on a thread of its own, so that whatever else calls it holds up nobody but
    /// itself; says how that ended. It ends when nobody can send commands any more.
    pub(super) fn start(
        scenario: Scenario,
        provider: usize,
        clock: Clock,
        counts: Arc<Counts>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> io::Result<oneshot::Receiver<Result<(), TraceError>>> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let (ended, end) = oneshot::channel();
        let model = move || {
            let live = Live::start(&scenario, provider);
            let end = live.and_then(|live| {
                let driver = Self {
                    live,
                    clock,
                    counts,
                    callers: HashMap::new(),
                };
                runtime.block_on(driver.drive(commands))
            });
            // Or nobody wants to know.
            let _ = ended.send(end);
        };
        thread::Builder::new()
            .name("model".to_owned())
            .spawn(model)?;
        Ok(end)
    }

    /// Lets things happen when they are due, until nobody can send commands any more.
    async fn drive(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) -> Result<(), TraceError> {
        loop {
            self.advance()?;
            let next = self.live.next_at().map(|at| self.clock.instant(at));
            let due = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command)?,
                    None => return Ok(()),
                },
                () = due => {}
            }
        }
    }

    /// Lets everything happen that is due, and tells of it.
    fn advance(&mut self) -> Result<(), TraceError> {
        self.live.advance(self.clock.now())?;
        self.tell();
        Ok(())
    }

    fn obey(&mut self, command: Command) -> Result<(), TraceError> {
        self.advance()?;
        match command {
            Command::Send(..) if self.live.pending() >= MOST_PENDING => {}
            Command::Send(mut call, caller) => {
                call.job.at = self.clock.now();
                self.counts.arrived();
                self.callers.insert(call.number, caller);
                self.live.send(call);
            }
            Command::Leave(number) => {
                if self.callers.remove(&number).is_some() {
                    self.counts.hung_up();
                    self.live.leave(number);
                }
            }
        }
        self.tell();
        Ok(())
    }

    fn tell(&mut self) {
        for heard in self.live.take_heard() {
            let caller = match &heard {
                Heard::Begins(number, _) => self.callers.get(number).cloned(),
                Heard::Ends(number, ending) => {
                    let caller = self.callers.remove(number);
                    if caller.is_some() {
                        self.counts.ended(ending.outcome);
                    }
                    caller
                }
            };
            if let Some(caller) = caller {
                // Or it left in this moment, and says so.
                let _ = caller.send(heard);
            }
        }
    }
}
