use paceline_core::Timestamp;

use crate::Rate;

/// How fast something happens: a smoothed rate, brought up to date every half second.
#[derive(Clone, Debug)]
pub(crate) struct PaceMeter {
    rate: Rate,
    /// Cells since the last update.
    count: u64,
    /// When the last update was, in half seconds.
    updated_at: u64,
}

impl PaceMeter {
    /// Counts from the whole second before `now`, as the SDKs do.
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            rate: Rate::ZERO,
            count: 0,
            updated_at: now.as_nanos() / (2 * HALF_SECOND) * 2,
        }
    }

    /// Counts some cells, and gives the rate.
    pub(crate) fn count(&mut self, now: Timestamp, cells: u64) -> Rate {
        self.count = self.count.saturating_add(cells);
        let half_seconds = now.as_nanos() / HALF_SECOND;
        let elapsed = half_seconds.saturating_sub(self.updated_at);
        if elapsed > 0 {
            // Below 2^64 * 2^41.
            let picos = u128::from(self.count) * 2_000_000_000_000 / u128::from(elapsed);
            let old = u128::from(self.rate.as_picos());
            self.rate =
                Rate::of((picos * SMOOTHING.0 + old * (SMOOTHING.1 - SMOOTHING.0)) / SMOOTHING.1);
            (self.count, self.updated_at) = (0, half_seconds);
        }
        self.rate
    }

    /// The rate, or that of the half second under way if it is higher.
    pub(crate) fn fastest(&self) -> Rate {
        self.rate.max(Rate::per_second(self.count))
    }
}

const HALF_SECOND: u64 = 500_000_000;
/// How much of the rate is the newest, as a fraction.
const SMOOTHING: (u128, u128) = (8, 10);
