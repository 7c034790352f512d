//! GCRA in one word obeys the laws, and is strict beside the exact one, but not by much.

use std::time::Duration;

use paceline_core::{Denied, Limiter, Quota, Timestamp};
use paceline_gcra::{AtomicGcra, Gcra};
use paceline_laws::{Schedule, regimes};
use proptest::{collection::vec, prelude::*};

/// An [`AtomicGcra`] that can be cloned, which a shared limiter must not offer.
struct Replayed {
    limiter: AtomicGcra,
    charges: Vec<(Timestamp, u64)>,
}

impl Replayed {
    fn new(quota: Quota) -> Self {
        Self {
            limiter: AtomicGcra::new(quota, Timestamp::EPOCH),
            charges: Vec::new(),
        }
    }
}

impl Clone for Replayed {
    fn clone(&self) -> Self {
        let mut clone = Self::new(self.limiter.quota());
        for &(now, cost) in &self.charges {
            clone.charge(now, cost);
        }
        clone
    }
}

impl Limiter for Replayed {
    fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        Limiter::check(&&self.limiter, now, cost)
    }

    fn charge(&mut self, now: Timestamp, cost: u64) {
        Limiter::charge(&mut &self.limiter, now, cost);
        self.charges.push((now, cost));
    }

    fn available(&self, now: Timestamp) -> u64 {
        Limiter::available(&&self.limiter, now)
    }

    fn try_acquire(&mut self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        Limiter::try_acquire(&mut self.limiter, now, cost)?;
        self.charges.push((now, cost));
        Ok(())
    }
}

#[test]
fn obeys_the_laws() {
    for (quota, schedule) in regimes() {
        paceline_laws::obeys(schedule, || Replayed::new(quota));
    }
    let huge = Quota::per_minute(u64::MAX);
    let schedule = Schedule::new(Duration::from_secs(90), u64::MAX);
    paceline_laws::obeys(schedule, || Replayed::new(huge));
}

/// Calls run past the end of the range here, where all is refused for good: less is available as
/// `now` grows, so the laws end before it, and what is left of them is that nothing overflows.
#[test]
fn a_burst_that_outlasts_the_word_is_cut_to_it() {
    let quota = Quota::per_hour(1).with_burst(u64::MAX).expect("not zero");
    let hours = (1 << 60) / 3_600_000_000_000;
    let gcra = AtomicGcra::new(quota, Timestamp::EPOCH);
    assert_eq!(gcra.available(Timestamp::EPOCH), hours);
    let never = Err(Denied::Until(Timestamp::MAX));
    assert_eq!(gcra.check(Timestamp::EPOCH, hours + 1), never);
    assert_eq!(gcra.try_acquire(Timestamp::EPOCH, hours), Ok(()));
    assert_eq!(gcra.check(Timestamp::EPOCH, 1), never);
}

#[test]
fn stays_within_the_fluid_model() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        let make = || AtomicGcra::new(quota, Timestamp::EPOCH);
        paceline_laws::stays_within(schedule, make, |first, last| {
            let span = last.saturating_duration_since(first).as_nanos();
            let replenished = span * u128::from(quota.limit()) / period(quota);
            u128::from(quota.burst()) + replenished
        });
    }
}

fn period(quota: Quota) -> u128 {
    u128::from(quota.period_nanos())
}

fn quotas() -> impl Strategy<Value = Quota> {
    let limit = prop_oneof![1..20_u64, 1..5_000_000_000_u64];
    let period = prop_oneof![1..100_u64, 1..2_000_000_000_u64];
    (limit, period, 1..30_u64).prop_map(|(limit, period, burst)| {
        let quota = Quota::new(limit, Duration::from_nanos(period)).expect("a period");
        quota.with_burst(burst).expect("not zero")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn admits_at_most_what_the_exact_one_admits_and_a_sixteenth_later_per_call(
        quota in quotas(),
        calls in vec((0..16_u64, 0..30_u64, any::<bool>()), 1..80),
    ) {
        let mut exact = Gcra::new(quota);
        let word = AtomicGcra::new(quota, Timestamp::EPOCH);
        let cell = quota.period_nanos() / quota.limit();
        let (mut now, mut admitted) = (Timestamp::EPOCH, 0);
        for (gap, cost, whole) in calls {
            let wait = if whole { gap * cell / 4 } else { gap };
            now = now.saturating_add(Duration::from_nanos(wait));
            let lag = Duration::from_nanos(u64::div_ceil(admitted, 16));
            prop_assert!(word.available(now) <= exact.available(now), "more than the exact one");
            prop_assert!(
                exact.available(now) <= word.available(now.saturating_add(lag)),
                "later than a sixteenth of a nanosecond per call"
            );
            if word.try_acquire(now, cost).is_ok() {
                exact.charge(now, cost);
                admitted += 1;
            }
        }
    }
}
