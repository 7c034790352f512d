//! Memory does not grow by what a run leaves behind, however many runs there are.

use std::{
    alloc::System,
    fs,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use paceline_sim::{compare::compare, scenario::Scenario};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The only test here, as nobody else may allocate meanwhile.
#[test]
fn a_replication_leaves_a_few_numbers_behind() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    let text = "seed = 1
        duration_s = 10
        workload = { arrivals.batch.jobs = 2, input_tokens.fixed = 1, output_tokens.fixed = 1 }
        strategy = [{ name = \"one\" }]";
    fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(&path, &[]).expect("the test's scenario is legal");
    // The most that is held at once while so many run.
    let peak = |replications| {
        let (region, most) = (Region::new(GLOBAL), AtomicUsize::new(0));
        let comparison = compare(&scenario, replications, || {
            let change = region.change();
            let held = change
                .bytes_allocated
                .saturating_sub(change.bytes_deallocated);
            most.fetch_max(held, Relaxed);
        });
        let comparison = comparison.expect("there is no trace to fail");
        assert_eq!(comparison.replications, replications);
        most.into_inner()
    };
    let (few, many) = (peak(300), peak(3_000));
    assert!(few > 0, "nothing was counted");
    // A histogram takes more than a hundred thousand bytes.
    let each = many.saturating_sub(few) / 2_700;
    assert!(each < 500, "{each} bytes for each replication");
}
