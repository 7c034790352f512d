use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    body::Bodies,
    clock::Clock,
    connection::{Calls, serve},
    counts::Counts,
    driver::Model,
    error::ServeError,
    handle::Shared,
    job::Jobs,
    labels::Labels,
    record::Record,
};
use crate::{engine::Streams, scenario::Scenario};

/// Which provider to serve, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the provider; the first one, if absent.
    pub provider: Option<String>,
    /// How many times as fast as real time its clock runs: above 0, to [`Server::FASTEST`].
    pub speed: f64,
    /// Where to write the requests that come, as a trace; nowhere, if absent. It is CSV, or JSON lines if its
    /// name ends in `.jsonl`, and stands there once the server has stopped.
    pub record: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            provider: None,
            speed: 1.0,
            record: None,
        }
    }
}

/// A provider of a scenario that listens, and answers once it runs.
///
/// Connections are accepted while fewer than [`Server::MOST_CONNECTIONS`] are open; the others wait to be.
pub struct Server {
    listener: TcpListener,
    jobs: Jobs,
    labels: Labels,
    name: String,
    scenario: Scenario,
    provider: usize,
    speed: f64,
    counts: Arc<Counts>,
    record: Option<Record>,
}

/// How long to wait when the system has no more connections to give.
const BREATH: Duration = Duration::from_millis(50);

impl Server {
    /// The highest speed: 1,000.
    pub const FASTEST: f64 = 1_000.0;
    /// How many connections are open at a time.
    pub const MOST_CONNECTIONS: usize = 16_384;
    /// How long calls under way may take to end once the server is told to stop, in real time.
    pub const GRACE: Duration = Duration::from_secs(10);

    /// Makes a server that listens at `address`, such as `127.0.0.1:0`, which is any free port.
    ///
    /// # Errors
    ///
    /// Says which option does not fit the scenario, or why it cannot listen.
    ///
    /// # Panics
    ///
    /// Panics if the scenario was not checked.
    pub async fn bind(
        scenario: &Scenario,
        address: &str,
        options: &Options,
    ) -> Result<Self, ServeError> {
        let speed = options.speed;
        if !(speed > 0.0 && speed <= Self::FASTEST) {
            return Err(ServeError::Speed(speed));
        }
        let place = place(scenario, options.provider.as_deref())?;
        let workload = scenario.workloads[0].clone();
        let name = match scenario.providers[place].name.as_str() {
            "" => "simulated",
            name => name,
        };
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|err| ServeError::Listen(address.to_owned(), err))?;
        let record = options.record.as_deref().map(Record::create);
        Ok(Self {
            listener,
            record: record.transpose()?,
            jobs: Jobs::new(workload, Streams::new(scenario.seed)),
            labels: Labels::new().map_err(ServeError::Random)?,
            name: name.to_owned(),
            scenario: scenario.clone(),
            provider: place,
            speed,
            counts: Arc::default(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// Fails if the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What it counts while it runs.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Answers from now on, which is the start of the scenario, until `shutdown` comes; then lets calls under way
    /// end, for [`Server::GRACE`] at most.
    ///
    /// # Errors
    ///
    /// Fails if the trace of a tenant cannot be read.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let clock = Clock::begin(self.scenario.start(), self.speed);
        let (model, commands) = mpsc::unbounded_channel();
        let driver = Model {
            scenario: self.scenario,
            provider: self.provider,
            clock,
            counts: self.counts,
            record: self.record,
        };
        let mut driver = driver.start(commands)?;
        let shared = Arc::new(Shared {
            clock,
            labels: self.labels,
            bodies: Bodies::new(),
            jobs: self.jobs,
            name: self.name,
            model,
        });
        let graceful = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(Self::MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                ended = &mut driver => return how(ended),
                Some(_) = connections.join_next() => {}
                (stream, permit) = accept(&self.listener, &permits) => {
                    // Pieces of answers are small, and each is for now.
                    let _ = stream.set_nodelay(true);
                    let connection = serve(stream, Calls(Arc::clone(&shared)));
                    let connection = graceful.watch(connection);
                    connections.spawn(async move {
                        // Whoever breaks a connection off knows.
                        let _ = connection.await;
                        drop(permit);
                    });
                }
            }
        }
        drop(self.listener);
        drop(shared);
        // Whoever is not done by then is cut off.
        let _ = timeout(Self::GRACE, graceful.shutdown()).await;
        connections.shutdown().await;
        how(driver.await)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// How the model ended.
fn how(ended: Result<Result<(), ServeError>, oneshot::error::RecvError>) -> Result<(), ServeError> {
    ended.map_err(|_| ServeError::Model)?
}

/// The place of the provider of this name.
fn place(scenario: &Scenario, name: Option<&str>) -> Result<usize, ServeError> {
    let Some(name) = name else {
        return Ok(0);
    };
    let providers = &scenario.providers;
    let place = providers.iter().position(|it| it.name == name);
    place.ok_or_else(|| {
        let all = providers.iter().map(|it| it.name.clone()).collect();
        ServeError::NoSuchProvider(name.to_owned(), all)
    })
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // It is never closed.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            // Of that connection, or for want of files, which others give back.
            Err(_) => sleep(BREATH).await,
        }
    }
}
