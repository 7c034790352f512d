use std::{
    error, fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use paceline_core::{Clock, Timestamp};
use paceline_tokio::TokioClock;
use redis::{
    Client, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use crate::{
    Salt, StoreUnavailable,
    breaker::{Breaker, Pass},
};

/// The one script, which the server keeps and is asked for by its hash.
pub(crate) const SCRIPT: &str = concat!(
    include_str!("script/common.lua"),
    include_str!("script/gcra.lua"),
    include_str!("script/sliding.lua"),
    include_str!("script/quota.lua"),
    include_str!("script/decide.lua"),
);

/// A Redis or Valkey server, of version 6 or later, that keeps the state of limits.
///
/// It connects with the first question, so that a program starts whether or not the server is there. All
/// throttles of a process share one connection, whose requests are pipelined. Clones share everything.
///
/// A question that is not answered in time, by default in 100 ms, counts as spent and is not repeated. From
/// then on the server is asked by one probe per 250 ms, until it answers.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    client: Client,
    salt: Salt,
    timeout: Duration,
    script: Script,
    /// There while the server answers.
    connection: Mutex<Option<(u64, ConnectionManager)>>,
    breaker: Breaker,
    clock: TokioClock,
}

impl Store {
    /// How long a question may take, unless stated.
    pub const TIMEOUT: Duration = Duration::from_millis(100);
    /// The time between two probes of a server that does not answer.
    pub const PROBE_SPACING: Duration = Duration::from_millis(250);

    /// Takes the address of a server, such as `redis://user:password@host:6379/0` or
    /// `redis+unix:///run/redis.sock`; does not connect yet.
    ///
    /// `rediss://` works if the program switches on a TLS feature of the crate `redis`.
    ///
    /// # Errors
    ///
    /// Fails if the address has another form, or asks for TLS that is not there. The error does not repeat it.
    pub fn open(url: &str, salt: Salt) -> Result<Self, AddressError> {
        Self::open_with_timeout(url, salt, Self::TIMEOUT)
    }

    /// The same with another time within which a question must be answered.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_with_timeout(
        url: &str,
        salt: Salt,
        timeout: Duration,
    ) -> Result<Self, AddressError> {
        Ok(Self(Arc::new(Inner {
            client: Client::open(url).map_err(|_| AddressError)?,
            salt,
            timeout,
            script: Script::new(SCRIPT),
            connection: Mutex::new(None),
            breaker: Breaker::new(Self::PROBE_SPACING),
            clock: TokioClock::new(),
        })))
    }

    /// How long a question may take.
    pub fn timeout(&self) -> Duration {
        self.0.timeout
    }

    pub(crate) fn salt(&self) -> &Salt {
        &self.0.salt
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn pass(&self) -> Pass {
        self.0.breaker.pass(self.now())
    }

    /// Whether it answered when it was last asked.
    pub(crate) fn is_free(&self) -> bool {
        self.0.breaker.is_free()
    }

    /// Begins a question.
    pub(crate) fn question(&self) -> ScriptInvocation<'_> {
        self.0.script.prepare_invoke()
    }

    /// Asks, once, and in time.
    pub(crate) async fn ask(
        &self,
        question: &ScriptInvocation<'_>,
    ) -> Result<Vec<i64>, StoreUnavailable> {
        let (serial, mut connection) = self.connection()?;
        let answer = timeout(self.0.timeout, question.invoke_async(&mut connection)).await;
        let why = match answer {
            Ok(Ok(numbers)) => {
                self.0.breaker.answered();
                return Ok(numbers);
            }
            Ok(Err(error)) if error.is_timeout() => StoreUnavailable::TimedOut,
            Ok(Err(error)) if error.is_io_error() || error.is_connection_dropped() => {
                StoreUnavailable::Disconnected
            }
            Ok(Err(error)) if error.kind() == redis::ErrorKind::UnexpectedReturnType => {
                StoreUnavailable::BadAnswer
            }
            Ok(Err(_)) => StoreUnavailable::Refused,
            Err(_) => StoreUnavailable::TimedOut,
        };
        self.0.breaker.failed(self.now());
        // A connection that stalls may do so for minutes after the network has healed.
        let mut current = self.lock();
        if current.as_ref().is_some_and(|(of, _)| *of == serial) {
            *current = None;
        }
        Err(why)
    }

    fn connection(&self) -> Result<(u64, ConnectionManager), StoreUnavailable> {
        let mut current = self.lock();
        if let Some(connection) = &*current {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(self.0.timeout))
            .set_response_timeout(Some(self.0.timeout));
        let made = ConnectionManager::new_lazy_with_config(self.0.client.clone(), config);
        let made = made.map_err(|_| StoreUnavailable::Disconnected)?;
        let connection = (self.now().as_nanos(), made);
        *current = Some(connection.clone());
        Ok(connection)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(u64, ConnectionManager)>> {
        let connection = self.0.connection.lock();
        connection.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Store");
        debug.field("timeout", &self.0.timeout);
        debug.finish_non_exhaustive()
    }
}

/// An address that is none of a Redis server, or asks for what is not built in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an address such as redis://user:password@host:6379/0")
    }
}

impl error::Error for AddressError {}
