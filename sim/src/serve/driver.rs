use std::{collections::HashMap, sync::Arc, thread};

use paceline_core::Timestamp;
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::sleep_until,
};

use super::{clock::Clock, counts::Counts, error::ServeError, record::Record};
use crate::{
    model::{Heard, Live, Outside},
    scenario::Scenario,
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

/// What becomes a driver on a thread of its own, as the model itself cannot be sent to another one.
pub(super) struct Model {
    pub(super) scenario: Scenario,
    pub(super) provider: usize,
    pub(super) clock: Clock,
    pub(super) counts: Arc<Counts>,
    pub(super) record: Option<Record>,
}

impl Model {
    /// Starts the thread, so that whatever else calls the provider holds up nobody but itself; says how it ended.
    /// It ends when nobody can send commands any more.
    pub(super) fn start(
        self,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Result<oneshot::Receiver<Result<(), ServeError>>, ServeError> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(ServeError::Thread)?;
        let (ended, end) = oneshot::channel();
        let run = move || {
            let driver = self.drive();
            let end = driver.and_then(|driver| runtime.block_on(driver.drive(commands)));
            // Or nobody wants to know.
            let _ = ended.send(end);
        };
        let thread = thread::Builder::new().name("model".to_owned()).spawn(run);
        thread.map_err(ServeError::Thread)?;
        Ok(end)
    }

    fn drive(self) -> Result<Driver, ServeError> {
        let live = Live::start(&self.scenario, self.provider)?;
        Ok(Driver {
            live,
            start: self.scenario.start(),
            clock: self.clock,
            counts: self.counts,
            record: self.record,
            callers: HashMap::new(),
        })
    }
}

/// The model, in the time of a clock.
struct Driver {
    live: Live,
    start: Timestamp,
    clock: Clock,
    counts: Arc<Counts>,
    record: Option<Record>,
    callers: HashMap<u64, mpsc::UnboundedSender<Heard>>,
}

impl Driver {
    /// Lets things happen when they are due, until nobody can send commands any more.
    async fn drive(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) -> Result<(), ServeError> {
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
                    None => return self.record.map_or(Ok(()), Record::finish),
                },
                () = due => {}
            }
        }
    }

    /// Lets everything happen that is due, and tells of it.
    fn advance(&mut self) -> Result<(), ServeError> {
        self.live.advance(self.clock.now())?;
        self.tell();
        Ok(())
    }

    fn obey(&mut self, command: Command) -> Result<(), ServeError> {
        self.advance()?;
        match command {
            Command::Send(..) if self.live.pending() >= MOST_PENDING => {}
            Command::Send(mut call, caller) => {
                let now = self.clock.now();
                call.job.at = now;
                self.counts.arrived();
                // A retry is no request of its own.
                if let Some(record) = self.record.as_mut().filter(|_| call.attempt == 0) {
                    record.write(now.saturating_duration_since(self.start), &call.job)?;
                }
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
