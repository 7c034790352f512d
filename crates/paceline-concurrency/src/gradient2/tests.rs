//! The policy follows a reference in floating point, written from the formulas.

use paceline_core::Timestamp;
use proptest::{collection::vec, prelude::*};

use super::*;

/// The same policy in floating point.
struct Reference {
    estimate: f64,
    bounds: (f64, f64),
    smoothing: f64,
    queue: f64,
    tolerance: f64,
    window: f64,
    seen: f64,
    sum: f64,
    mean: f64,
}

impl Reference {
    fn of(policy: &Gradient2, window: u32) -> Self {
        let fraction = |(a, b)| f64::from(a) / f64::from(b);
        Self {
            estimate: f64::from(policy.limit()),
            bounds: (policy.bounds.min.into(), policy.bounds.max.into()),
            smoothing: fraction(policy.smoothing),
            queue: policy.queue.into(),
            tolerance: fraction(policy.tolerance),
            window: window.into(),
            seen: 0.0,
            sum: 0.0,
            mean: 0.0,
        }
    }

    fn add(&mut self, short: f64) -> f64 {
        if self.seen < 10.0 {
            self.seen += 1.0;
            self.sum += short;
            self.mean = self.sum / self.seen;
        } else {
            let weight = 2.0 / (self.window + 1.0);
            self.mean = self.mean * (1.0 - weight) + short * weight;
        }
        self.mean
    }

    fn observe(&mut self, short: f64, in_flight: f64) {
        let long = self.add(short);
        if long / short > 2.0 {
            self.mean *= 0.95;
        }
        if in_flight < self.estimate / 2.0 {
            return;
        }
        let gradient = (self.tolerance * long / short).clamp(0.5, 1.0);
        let target = self.estimate * gradient + self.queue;
        let next = self.estimate * (1.0 - self.smoothing) + target * self.smoothing;
        self.estimate = next.clamp(self.bounds.0, self.bounds.1);
    }

    /// Moves a call away from where rounding alone could tip one of the two comparisons.
    fn off_the_fence(&self, nanos: u64, in_flight: u32) -> (u64, u32) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b;
        let long = Self { ..*self }.add(nanos as f64);
        let is_near_half = near(2.0 * f64::from(in_flight), self.estimate);
        let is_near_twice = near(long, 2.0 * nanos as f64);
        (
            if is_near_twice {
                nanos + nanos / 50
            } else {
                nanos
            },
            in_flight + u32::from(is_near_half),
        )
    }
}

fn sample(nanos: u64, in_flight: u32) -> Sample {
    Sample {
        started_at: Timestamp::EPOCH,
        finished_at: Timestamp::from_nanos(nanos),
        in_flight,
        dropped: false,
    }
}

/// Microseconds to minutes, each order of magnitude as likely as the others.
fn nanos() -> impl Strategy<Value = u64> {
    (1_000..10_000_u64, 0..8_u32).prop_map(|(digits, zeros)| digits * 10_u64.pow(zeros))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn follows_floating_point_to_a_millionth(
        min in 1..50_u32, initial in 0..50_u32, more in 0..1_000_u32,
        smoothing in 1..=10_u32, queue in 0..10_u32, tolerance in 10..40_u32, window in 1..2_000_u32,
        scale in nanos(), calls in vec((nanos(), 500..2_500_u64, any::<bool>(), 0..=100_u32), 1..1_000),
    ) {
        let mut policy = Gradient2::netflix()
            .with_limits(min + initial, min..=min + initial + more).expect("in range")
            .with_smoothing((smoothing, 10)).expect("at most 1")
            .with_tolerance((tolerance, 10)).expect("at least 1")
            .with_long_window(window).expect("not zero")
            .with_queue(queue);
        let mut reference = Reference::of(&policy, window);
        for (wild, near, is_wild, share) in &calls {
            // Mostly near one scale, so that the gradient is not always at an end of its range.
            let nanos = if *is_wild && share % 8 == 0 { *wild } else { scale * near / 1_000 };
            let in_flight = (policy.limit() * share).div_ceil(100);
            let (nanos, in_flight) = reference.off_the_fence(nanos, in_flight);
            policy.observe(sample(nanos, in_flight));
            reference.observe(nanos as f64, f64::from(in_flight));
            let (estimate, mean) = (policy.estimate as f64 / 1e9, policy.average.mean as f64 / 1e9);
            prop_assert!((estimate / reference.estimate - 1.0).abs() < 1e-6, "limit {estimate}, not {}", reference.estimate);
            prop_assert!((mean / reference.mean - 1.0).abs() < 1e-6, "mean {mean}, not {}", reference.mean);
        }
    }
}

#[test]
fn grows_by_the_queue_times_the_smoothing_while_latency_is_steady() {
    let mut policy = Gradient2::netflix();
    for _ in 0..10 {
        policy.observe(sample(1_000, policy.limit()));
    }
    assert_eq!(policy.limit(), 28);
}

#[test]
fn a_call_falls_short_of_half_the_limit_or_counts() {
    let grown = |in_flight| {
        let mut policy = Gradient2::netflix();
        policy.observe(sample(1_000, in_flight));
        policy.estimate
    };
    assert_eq!((grown(9), grown(10)), (20 * BILLION, 20_800_000_000));
}

/// In floating point, zero by zero makes a limit that is not a number.
#[test]
fn calls_that_take_no_time_are_steady_latency() {
    let mut policy = Gradient2::netflix();
    for _ in 0..10 {
        policy.observe(sample(0, policy.limit()));
    }
    assert_eq!(policy.limit(), 28);
}

#[test]
fn extreme_constants_do_not_overflow() {
    let mut policy = Gradient2::netflix()
        .with_limits(u32::MAX, 1..=u32::MAX)
        .and_then(|policy| policy.with_smoothing((u32::MAX, u32::MAX)))
        .and_then(|policy| policy.with_tolerance((u32::MAX, 1)))
        .and_then(|policy| policy.with_long_window(u32::MAX))
        .expect("all are legal")
        .with_queue(u32::MAX);
    for nanos in [u64::MAX, 0, u64::MAX, 1] {
        policy.observe(sample(nanos, u32::MAX));
        assert_eq!(policy.limit(), u32::MAX);
    }
}

#[test]
fn refuses_what_has_no_meaning() {
    let error = |policy: Result<Gradient2, LimitError>| policy.err();
    let policy = Gradient2::netflix;
    assert_eq!(
        error(policy().with_limits(0, 0..=9)),
        Some(LimitError::ZeroMin)
    );
    for smoothing in [(0, 0), (0, 1), (2, 1)] {
        assert_eq!(
            error(policy().with_smoothing(smoothing)),
            Some(LimitError::Smoothing)
        );
    }
    for tolerance in [(0, 0), (1, 0), (9, 10)] {
        assert_eq!(
            error(policy().with_tolerance(tolerance)),
            Some(LimitError::Tolerance)
        );
    }
    assert_eq!(
        error(policy().with_long_window(0)),
        Some(LimitError::ZeroWindow)
    );
}
