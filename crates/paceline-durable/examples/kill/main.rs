//! Kills a process that grants, hundreds of times, and counts what it granted: `kill [kills]`.

#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

mod drive;

use std::{env, error::Error};

use paceline_core::SplitMix64;

fn main() -> Result<(), Box<dyn Error>> {
    drive::grant_if_child()?;
    let kills = env::args().nth(1).map_or(Ok(100), |text| text.parse())?;
    let mut rng = SplitMix64::new(7);
    println!("store lease   kills     grants twice      lost lost/kill");
    for (store, lease) in [
        ("file", 100),
        ("file", 1),
        ("file", 1_000),
        ("redb", 100),
        ("redb", 1),
    ] {
        let seen = drive::drive(kills, store, lease, &mut rng)?;
        let mean = seen.lost / u64::from(kills.max(1));
        let drive::Seen {
            grants,
            double,
            lost,
            beyond,
        } = seen;
        println!("{store} {lease:6} {kills:7} {grants:10} {double:5} {lost:9} {mean:9}");
        if double > 0 || beyond > 0 {
            return Err(
                format!("{double} cells granted twice, {beyond} losses beyond a lease").into(),
            );
        }
    }
    Ok(())
}
