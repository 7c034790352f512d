//! Seeded runs through everything that goes wrong; `examples/simulate.rs` does ten thousand.

mod faulty;
#[path = "simulation/mod.rs"]
mod world;

use world::{Tally, run};

#[test]
fn no_window_exceeds_its_limit_whatever_goes_wrong() {
    let mut tally = Tally::default();
    for seed in 0..300 {
        run(seed, 1_000, &mut tally);
    }
    // Nothing holds if nothing happens.
    assert!(
        tally.grants > 50_000 && tally.refusals > 50_000 && tally.faults > 10_000,
        "{tally:?}"
    );
    assert!(
        tally.restarts > 5_000 && tally.crashes > 10_000 && tally.rotten > 50,
        "{tally:?}"
    );
    assert!(tally.torn_twice > 1_000, "{tally:?}");
    assert!(tally.windows > 10_000 && tally.lost > 10_000, "{tally:?}");
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    let story = |seed| run(seed, 1_000, &mut Tally::default());
    for seed in 0..10 {
        assert_eq!(story(seed), story(seed));
    }
    assert_ne!(story(1), story(2));
}
