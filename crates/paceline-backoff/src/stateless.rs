use paceline_core::{Rng, SplitMix64};

/// Jitter that depends on a seed, the request and the attempt alone.
///
/// There is no generator to share, to lock or to clone: a generator that is cloned per request gives
/// every request the same first delay. Retries draw the same jitter in whatever order they happen,
/// which lets a simulation compare strategies on equal luck.
///
/// Seed each process from a source of its own, or a fleet draws the same jitter.
///
/// # Examples
///
/// ```
/// use paceline_backoff::StatelessJitter;
/// use paceline_core::Rng;
///
/// let jitter = StatelessJitter::new(7);
/// assert_eq!(jitter.rng(1, 0).next_u64(), jitter.rng(1, 0).next_u64());
/// assert_ne!(jitter.rng(1, 0).next_u64(), jitter.rng(2, 0).next_u64());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatelessJitter {
    seed: u64,
}

impl StatelessJitter {
    /// Makes the jitter of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The generator for one attempt of one request.
    pub fn rng(self, request: u64, attempt: u32) -> SplitMix64 {
        // Each step passes through the whole mixer, so that near numbers end up far apart.
        let seed = SplitMix64::new(self.seed).next_u64();
        let request = SplitMix64::new(seed ^ request).next_u64();
        let attempt = SplitMix64::new(request ^ u64::from(attempt)).next_u64();
        SplitMix64::new(attempt)
    }
}
