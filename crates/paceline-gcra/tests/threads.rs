//! However many threads ask at once, the burst is shared out exactly.
#![cfg(not(loom))]

use paceline_core::{Quota, Timestamp};
use paceline_gcra::AtomicGcra;

const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

#[test]
fn a_hundred_threads_share_five_cells() {
    let quota = Quota::per_hour(5);
    paceline_laws::threads_share_exactly(
        5,
        || AtomicGcra::new(quota, NOW),
        |gcra| gcra.try_acquire(NOW, 1).is_ok(),
    );
}
