//! Slow growth from short delays is not rounded away.

use std::time::Duration;

use paceline_backoff::Delay;

#[test]
fn a_thousandth_more_each_time_adds_up() {
    let first = Duration::from_nanos(100);
    let delay = Delay::exponential(first, (1_001, 1_000), Duration::from_secs(60));
    let delay = delay.expect("the factor is above 1");
    for retry in [1_000, 10_000] {
        let expected = 1e-7 * 1.001_f64.powi(retry);
        let nominal = delay.nominal(retry.unsigned_abs()).as_secs_f64();
        // Truncation to whole nanoseconds at the end, and to 2^-32 of one at each step.
        assert!(
            (nominal - expected).abs() < 1.1e-9 + expected * 1e-6,
            "{nominal} {expected}"
        );
    }
}
