//! A process is killed amid its grants, and no cell is granted twice; `examples/kill` does it more often.

#[path = "../examples/kill/drive.rs"]
mod drive;

use std::error::Error;

use paceline_core::SplitMix64;

fn main() -> Result<(), Box<dyn Error>> {
    drive::grant_if_child()?;
    let mut rng = SplitMix64::new(1);
    for (store, lease) in [("file", 100), ("file", 1), ("redb", 100)] {
        let seen = drive::drive(20, store, lease, &mut rng)?;
        assert_eq!((seen.double, seen.beyond), (0, 0), "{store}: {seen:?}");
        assert!(
            seen.grants > 0 && seen.lost <= 20 * lease,
            "{store}: {seen:?}"
        );
    }
    Ok(())
}
