use std::time::Duration;

use paceline_core::Quota;

use crate::Schedule;

/// Quotas from the smallest to the largest, each with a schedule that keeps it busy.
///
/// Costs and limits of all but the last stay below 2^32, as the reference models ask.
///
/// # Panics
///
/// Never: the quotas are legal constants.
pub fn regimes() -> [(Quota, Schedule); 8] {
    let schedule = |wait_ms, cost| Schedule::new(Duration::from_millis(wait_ms), cost);
    let with_burst = |quota: Quota, burst| quota.with_burst(burst).expect("the burst is not zero");
    let month = Duration::from_secs(30 * 86_400);
    let monthly = Quota::new(1, month).expect("a month is a period");
    [
        (with_burst(Quota::per_second(7), 10), schedule(2_000, 12)),
        (with_burst(Quota::per_minute(3), 4), schedule(60_000, 5)),
        (Quota::per_minute(40), schedule(9_000, 2)),
        (with_burst(Quota::per_day(5_000), 1), schedule(30_000, 2)),
        (Quota::per_minute(450_000_000), schedule(9_000, 500_000_000)),
        (monthly, Schedule::new(month, 3)),
        (Quota::per_minute(0), schedule(1_000, 3)),
        (Quota::UNLIMITED, schedule(1_000, u64::MAX)),
    ]
}
