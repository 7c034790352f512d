use core::time::Duration;

/// How a server's hint enters the delay.
///
/// A hint of zero counts as none, also if a [clamp](HintPolicy::Clamp) makes it so: a client that
/// waited for exactly zero would spin.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HintUse {
    /// Wait for what the server said, and the jittered delay on top.
    ///
    /// Everybody who was refused got a hint for the same moment. Only a jitter that grows above the
    /// hint keeps them from coming back together.
    #[default]
    Floor,
    /// Wait for exactly what the server said, as most clients do.
    Exact,
    /// Pay no attention.
    Ignore,
}

/// What to do about a hint that is long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HintPolicy {
    /// Wait, however long.
    Honour,
    /// Give up on a hint above this, and say when to come back.
    FailAbove(Duration),
    /// Wait for this long at most, and risk another refusal.
    Clamp(Duration),
}

impl HintPolicy {
    pub(crate) const DEFAULT: Self = Self::FailAbove(Duration::from_secs(120));
}

impl Default for HintPolicy {
    /// Fails above two minutes: a minute's limit resets within one, and what takes longer is a quota
    /// that a caller should know about. The OpenAI SDK for Python draws the line at the same place
    /// (3.54.0, read 2026-11-24).
    fn default() -> Self {
        Self::DEFAULT
    }
}
