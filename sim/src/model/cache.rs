use rand_chacha::rand_core::Rng;

use super::service::unit;
use crate::{engine::Streams, scenario::entry, workload::Job};

/// Answers that clients have at hand.
pub(crate) struct Cache {
    hit_ratio: f64,
    streams: Streams,
}

impl Cache {
    pub(crate) fn new(spec: Option<entry::Cache>, streams: Streams) -> Self {
        Self {
            hit_ratio: spec.map_or(0.0, |cache| cache.hit_ratio.get()),
            streams,
        }
    }

    /// Whether it answers a request: by lot, which depends on the request alone, so that a larger cache
    /// answers whatever a smaller one does.
    pub(crate) fn answers(&self, job: &Job) -> bool {
        let lot = || self.streams.few("cache", &[job.id]).next_u64();
        self.hit_ratio > 0.0 && unit(lot()) < self.hit_ratio
    }
}
