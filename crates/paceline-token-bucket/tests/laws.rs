//! Both buckets obey the laws and agree with a naive model.

use std::time::Duration;

use paceline_core::{Limiter, Quota, Timestamp};
use paceline_laws::{Admission, Schedule, regimes};
use paceline_token_bucket::{SteppedBucket, TokenBucket};

/// An anchor that is no multiple of any period.
const ANCHOR: Timestamp = Timestamp::from_nanos(123_456_789);

#[test]
fn continuous_refill_obeys_the_laws() {
    for (quota, schedule) in regimes() {
        paceline_laws::obeys(schedule, || TokenBucket::new(quota));
        let half = quota.burst() / 2;
        paceline_laws::obeys(schedule, || TokenBucket::with_initial(quota, ANCHOR, half));
    }
    let schedule = Schedule::new(Duration::from_secs(90), u64::MAX);
    paceline_laws::obeys(schedule, || TokenBucket::new(Quota::per_minute(u64::MAX)));
}

#[test]
fn stepwise_refill_obeys_the_laws() {
    for (quota, schedule) in regimes() {
        paceline_laws::obeys(schedule, || SteppedBucket::new(quota, ANCHOR));
        let half = quota.burst() / 2;
        paceline_laws::obeys(schedule, || {
            SteppedBucket::with_initial(quota, ANCHOR, half)
        });
    }
    let schedule = Schedule::new(Duration::from_secs(90), u64::MAX);
    let huge = Quota::per_minute(u64::MAX);
    paceline_laws::obeys(schedule, || SteppedBucket::new(huge, ANCHOR));
}

#[test]
fn answers_are_defined_at_the_ends_of_every_range() {
    paceline_laws::defined_at_the_extremes(|quota, _| Some(TokenBucket::new(quota)));
    paceline_laws::defined_at_the_extremes(|quota, start| Some(SteppedBucket::new(quota, start)));
    paceline_laws::defined_at_the_extremes(|quota, start| {
        Some(TokenBucket::with_initial(quota, start, 0))
    });
}

#[test]
fn continuous_refill_admits_exactly_what_the_fluid_model_admits() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        let reference = paceline_laws::fluid(quota);
        paceline_laws::admits_like(schedule, || TokenBucket::new(quota), reference);
    }
}

#[test]
fn stepwise_refill_admits_exactly_what_a_walk_over_all_steps_admits() {
    for (quota, schedule) in regimes().into_iter().filter(|(q, _)| !q.is_unlimited()) {
        let reference =
            move |admitted: &[Admission], now, cost| stepped(quota, admitted, now, cost);
        paceline_laws::admits_like(schedule, || SteppedBucket::new(quota, ANCHOR), reference);
    }
}

/// No interval that ends now may hold more than the burst and the steps within it give.
fn stepped(quota: Quota, admitted: &[Admission], now: Timestamp, cost: u64) -> bool {
    let steps = |at: Timestamp| {
        let elapsed = at.saturating_duration_since(ANCHOR).as_nanos();
        elapsed / quota.period().as_nanos()
    };
    let mut held = u128::from(cost);
    let mut conforms = held <= u128::from(quota.burst());
    for earlier in admitted.iter().rev() {
        held += u128::from(earlier.cost);
        let gain = (steps(now) - steps(earlier.at)) * u128::from(quota.limit());
        conforms &= held <= u128::from(quota.burst()) + gain;
    }
    conforms
}

#[test]
fn restoring_undoes_a_charge_and_no_more() {
    for (quota, schedule) in regimes() {
        paceline_laws::restores(schedule, || TokenBucket::new(quota));
        paceline_laws::restores(schedule, || SteppedBucket::new(quota, Timestamp::EPOCH));
    }
}

#[test]
fn a_change_of_quota_hands_out_no_fresh_burst() {
    let quotas = [
        with_burst(Quota::per_second(7), 10),
        with_burst(Quota::per_second(7), 30),
        with_burst(Quota::per_minute(41), 3),
        Quota::per_day(5_000),
        Quota::per_minute(0),
        Quota::UNLIMITED,
    ];
    let schedule = Schedule::new(Duration::from_secs(2), 12);
    paceline_laws::quota_change_is_strict(
        schedule,
        || TokenBucket::new(quotas[0]),
        &quotas,
        TokenBucket::set_quota,
    );
    paceline_laws::quota_change_is_strict(
        schedule,
        || SteppedBucket::new(quotas[0], ANCHOR),
        &quotas,
        SteppedBucket::set_quota,
    );
}

#[test]
fn the_initial_fill_is_what_was_asked_for_and_never_more_than_the_burst() {
    let quota = Quota::per_minute(60);
    for (asked, held) in [(0, 0), (1, 1), (60, 60), (u64::MAX, 60)] {
        assert_eq!(
            TokenBucket::with_initial(quota, ANCHOR, asked).available(ANCHOR),
            held
        );
        assert_eq!(
            SteppedBucket::with_initial(quota, ANCHOR, asked).available(ANCHOR),
            held
        );
    }
}

#[test]
fn a_debt_is_paid_off_by_the_refill_before_anything_conforms() {
    let quota = Quota::per_second(10);
    let second = |n: u64| ANCHOR.saturating_add(Duration::from_secs(n));
    let (mut continuous, mut stepped) =
        (TokenBucket::new(quota), SteppedBucket::new(quota, ANCHOR));
    continuous.charge(ANCHOR, 35);
    stepped.charge(ANCHOR, 35);
    for (now, debt, available) in [(0, 25, 0), (1, 15, 0), (2, 5, 0), (3, 0, 5), (4, 0, 10)] {
        let now = second(now);
        assert_eq!(
            (continuous.debt(now), continuous.available(now)),
            (debt, available)
        );
        assert_eq!(
            (stepped.debt(now), stepped.available(now)),
            (debt, available)
        );
    }
}

fn with_burst(quota: Quota, burst: u64) -> Quota {
    quota.with_burst(burst).expect("the burst is not zero")
}
