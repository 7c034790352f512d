use std::time::Duration;

use paceline_admission::Gate as Pause;
use paceline_composite::All;
use paceline_core::Timestamp;

use crate::Throttle;

/// One pause for all who share a key, for those who state no limits of their own.
///
/// Pass before each request, and close when a server refuses one. While it is closed everybody
/// waits; it opens for one at a time, paced and jittered, as [`paceline_admission::Gate`] says.
/// Clones share one gate. A [`Throttle`] has one built in.
///
/// # Examples
///
/// ```
/// use paceline_tokio::Gate;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let gate = Gate::new(paceline_admission::Gate::new(7));
/// let sent_at = gate.pass().await;
/// // A 429 with `Retry-After: 20`: whoever shares the gate waits for 20 s.
/// gate.close(sent_at, Some(Duration::from_secs(20)));
/// let next = gate.pass().await;
/// assert!(next.saturating_duration_since(sent_at) >= Duration::from_secs(20));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Gate(Throttle<All<[Pause; 0]>>);

impl Gate {
    /// Makes a gate, open until it is first closed, for which any number may wait.
    pub fn new(gate: Pause) -> Self {
        let builder = Throttle::builder(All([])).gate(gate);
        Self(builder.max_waiting(usize::MAX).build())
    }

    /// Waits until a request may pass; says when it did, which [`close`](Self::close) needs.
    pub async fn pass(&self) -> Timestamp {
        match self.0.acquire(1).await {
            Ok(admitted) => admitted.at(),
            // No limit can be exceeded, and no line is full.
            Err(_) => self.0.now(),
        }
    }

    /// Closes it for everybody after a refusal of a request that passed at `sent_at`.
    ///
    /// `retry_after` is the server's hint, counted from now.
    pub fn close(&self, sent_at: Timestamp, retry_after: Option<Duration>) {
        self.0.close(sent_at, retry_after);
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }
}
