use paceline_core::{Denied, Dimension, Limiter, Timestamp};

use crate::{AimdRate, Rate};

/// A limit that no response speaks of, known only by its refusals.
#[derive(Clone, Debug)]
pub(crate) struct Unannounced {
    pub(crate) dimension: Dimension,
    pub(crate) rate: AimdRate,
    burst: u64,
}

impl Unannounced {
    /// Starts from the rate that was refused, a second of it at once.
    ///
    /// It never falls below a request a minute, and a small one where tokens are counted.
    pub(crate) fn new(dimension: Dimension, refused: Rate) -> Self {
        let least = Rate::per_minute(match dimension {
            Dimension::Requests => 1,
            _ => 1_000,
        });
        let refused = refused.max(least);
        let burst = (refused.as_picos() / Rate::per_second(1).as_picos()).max(1);
        Self {
            dimension,
            rate: AimdRate::new(refused, burst).at_least(least),
            burst,
        }
    }

    /// A request that costs more than the burst passes on a full burst, and leaves a debt.
    pub(crate) fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        self.rate.check(now, cost.min(self.burst))
    }

    pub(crate) fn available(&self, now: Timestamp) -> u64 {
        match self.rate.available(now) {
            full if full >= self.burst => u64::MAX,
            available => available,
        }
    }
}
