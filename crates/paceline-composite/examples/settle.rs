//! Shows what three ways of settling give back once a limiter has idled.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::{error::Error, time::Duration};

use paceline_composite::{OptimisticSettling, Settle, Settling, StrictSettling};
use paceline_core::{Quota, Timestamp};
use paceline_gcra::Gcra;

fn main() -> Result<(), Box<dyn Error>> {
    // 600 tokens a minute, so ten a second.
    let gcra = || Gcra::new(Quota::per_minute(600));
    let policies: [(&str, Box<dyn Settle>); 3] = [
        ("replay", Box::new(Settling::new(gcra()))),
        ("strict", Box::new(StrictSettling::new(gcra()))),
        ("optimistic", Box::new(OptimisticSettling::new(gcra()))),
    ];
    println!("400 of 600 reserved at 0 s, 500 at 30 s; at 31 s the first turns out to be 100");
    for (name, mut tokens) in policies {
        let at = |s| Timestamp::EPOCH.saturating_add(Duration::from_secs(s));
        let receipt = tokens.reserve(at(0), 400)?;
        // 30 s later, 300 of the 400 have replenished: 100 are missing, then 600.
        tokens.try_acquire(at(30), 500)?;
        tokens.settle(at(31), receipt, 100)?;
        println!("{name:10} {:4} available at 31 s", tokens.available(at(31)));
    }
    Ok(())
}
