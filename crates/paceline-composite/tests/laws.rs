//! Composites obey the same laws as their parts.

use std::time::Duration;

use paceline_composite::{All, OptimisticSettling, Settling, StrictSettling};
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use paceline_laws::{Schedule, regimes};
use paceline_sliding_window::SlidingLog;
use paceline_token_bucket::{SteppedBucket, TokenBucket};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn limits_held_together_obey_the_laws() {
    let schedule = Schedule::new(2 * SECOND, 6);
    let quota = |limit, s| Quota::new(limit, s * SECOND).expect("not zero");
    paceline_laws::obeys(schedule, || {
        All((Gcra::new(quota(5, 1)), SlidingLog::new(quota(20, 10))))
    });
    paceline_laws::obeys(schedule, || {
        let tokens = TokenBucket::new(quota(9, 3));
        let stepped = SteppedBucket::new(quota(7, 2), Timestamp::EPOCH);
        All((Gcra::new(quota(5, 1)), tokens, stepped))
    });
    paceline_laws::obeys(schedule, || {
        All([Gcra::new(quota(5, 1)), Gcra::new(quota(12, 6))])
    });
}

#[test]
fn nothing_admits_everything() {
    let none = All(Vec::<Gcra>::new());
    assert_eq!(none.check(Timestamp::EPOCH, u64::MAX), Ok(()));
    assert_eq!(none.available(Timestamp::EPOCH), u64::MAX);
}

#[test]
fn every_way_of_settling_obeys_the_laws() {
    for (quota, schedule) in regimes() {
        paceline_laws::obeys(schedule, || Settling::new(Gcra::new(quota)));
        paceline_laws::obeys(schedule, || StrictSettling::new(TokenBucket::new(quota)));
        paceline_laws::obeys(schedule, || OptimisticSettling::new(Gcra::new(quota)));
    }
}

/// A conjunction admits what every member admits, and waits for the one that takes longest.
#[test]
fn all_is_the_conjunction_of_its_members() {
    let (fast, slow) = (Quota::per_second(5), Quota::per_minute(40));
    let schedule = Schedule::new(3 * SECOND, 6);
    let reference = |members: &[paceline_laws::Admission], now, cost| {
        let (fast, slow) = (paceline_laws::fluid(fast), paceline_laws::fluid(slow));
        fast(members, now, cost) && slow(members, now, cost)
    };
    let limits = || All((Gcra::new(fast), Gcra::new(slow)));
    paceline_laws::admits_like(schedule, limits, reference);
}
