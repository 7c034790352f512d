//! Each way of settling keeps its promise, however estimates, settlements and idle times interleave.

use std::time::Duration;

use paceline_composite::{OptimisticSettling, Receipt, Settle, Settling, StrictSettling};
use paceline_core::{Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;
use proptest::{collection::vec, prelude::*, sample::Index};

/// One reservation, and one settlement of an earlier one or of itself.
#[derive(Clone, Debug)]
struct Call {
    wait_ms: u64,
    lag_ms: u64,
    estimate: u64,
    actual: u64,
    settle: Option<Index>,
}

/// Calls against 7 cells a second with a burst of 10; the truth is at most `excess` above estimates.
fn calls(excess: u64) -> impl Strategy<Value = Vec<Call>> {
    let wait = prop_oneof![2 => Just(0), 3 => 0..400_u64, 1 => 0..3_000_u64];
    let lag = prop_oneof![4 => Just(0), 1 => 0..1_500_u64];
    let call = (wait, lag, 0..9_u64, 0..9_u64, any::<Option<Index>>()).prop_map(
        move |(wait_ms, lag_ms, estimate, actual, settle)| Call {
            wait_ms,
            lag_ms,
            estimate,
            actual: actual.min(estimate + excess),
            settle,
        },
    );
    vec(call, 1..80)
}

fn quota() -> Quota {
    let quota = Quota::per_second(7);
    quota.with_burst(10).expect("not zero")
}

/// Two limiters that are told the same; `compare` sees them after every step.
fn side_by_side<A: Settle, B: Settle>(
    calls: &[Call],
    mut a: A,
    mut b: B,
    compare: impl Fn(&A, &B, Timestamp) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut open: Vec<(Receipt, Receipt, u64)> = Vec::new();
    let mut latest = Timestamp::EPOCH;
    for call in calls {
        latest = latest.saturating_add(Duration::from_millis(call.wait_ms));
        let now = latest;
        let one = a.charge_estimate(now, call.estimate);
        let other = b.charge_estimate(now, call.estimate);
        open.push((one, other, call.actual));
        compare(&a, &b, latest)?;
        if let Some(index) = call.settle {
            let (one, other, actual) = open.swap_remove(index.index(open.len()));
            prop_assert_eq!(a.settle(now, one, actual), Ok(()));
            prop_assert_eq!(b.settle(now, other, actual), Ok(()));
            compare(&a, &b, latest)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    /// Settled is as good as foreseen.
    #[test]
    fn settled_equals_foreseen(calls in calls(8)) {
        let mut settling = Settling::new(Gcra::new(quota()));
        let mut foreseen = Gcra::new(quota());
        let (mut open, mut latest) = (Vec::new(), Timestamp::EPOCH);
        for call in calls {
            latest = latest.saturating_add(Duration::from_millis(call.wait_ms));
            let now = latest.saturating_sub(Duration::from_millis(call.lag_ms));
            if let Ok(receipt) = settling.reserve(now, call.estimate) {
                foreseen.charge(now, call.actual);
                open.push((receipt, call.actual));
            }
            if let (Some(index), false) = (call.settle, open.is_empty()) {
                let (receipt, actual) = open.swap_remove(index.index(open.len()));
                prop_assert_eq!(settling.settle(now, receipt, actual), Ok(()));
            }
        }
        for (receipt, actual) in open {
            prop_assert_eq!(settling.settle(latest, receipt, actual), Ok(()));
        }
        for ms in [0, 100, 1_000, 10_000] {
            let at = latest.saturating_add(Duration::from_millis(ms));
            prop_assert_eq!(settling.available(at), foreseen.available(at));
            prop_assert_eq!(settling.check(at, 4), foreseen.check(at, 4));
        }
    }

    /// Merging what it remembers of a crowd does not make strict generous to those before.
    #[test]
    fn strict_is_never_more_generous_for_a_crowd(
        before in vec(1..60_u64, 1..5), wait_ms in 0..20_000_u64,
        crowd in vec((1..4_u64, 0..20_u64), 33..80), order in any::<Index>(),
    ) {
        let gcra = || Gcra::new(Quota::per_second(7).with_burst(300).expect("not zero"));
        let (mut strict, mut exact) = (StrictSettling::new(gcra()), Settling::new(gcra()));
        let mut now = Timestamp::EPOCH;
        let mut open = Vec::new();
        let idle = [(0, wait_ms)];
        let calls = before.iter().map(|&cost| (cost, 0)).chain(idle).chain(crowd);
        for (cost, wait_ms) in calls {
            let receipt = strict.charge_estimate(now, cost);
            open.push((receipt, exact.charge_estimate(now, cost)));
            now = now.saturating_add(Duration::from_millis(wait_ms));
        }
        while !open.is_empty() {
            let (one, other) = open.remove(order.index(open.len().min(3)));
            prop_assert_eq!(strict.cancel(now, one), Ok(()));
            prop_assert_eq!(exact.cancel(now, other), Ok(()));
            prop_assert!(strict.available(now) <= exact.available(now));
        }
    }

    /// Optimism is bounded by a burst, and never stricter than exact unless estimates were too low.
    #[test]
    fn optimistic_lies_between_replay_and_a_full_burst(calls in calls(0)) {
        let gcra = || Gcra::new(quota());
        let (optimistic, exact) = (OptimisticSettling::new(gcra()), Settling::new(gcra()));
        side_by_side(&calls, optimistic, exact, |one, exact, at| {
            prop_assert!(one.available(at) >= exact.available(at), "stricter at {:?}", at);
            prop_assert!(one.available(at) <= 10, "more than a burst at {:?}", at);
            Ok(())
        })?;
    }

    /// What an optimistic limiter admits in an interval is its quota and what was given back in it.
    #[test]
    fn optimistic_admits_no_more_than_its_quota_and_what_was_given_back(calls in calls(0)) {
        let mut tokens = OptimisticSettling::new(Gcra::new(quota()));
        let (mut open, mut now) = (Vec::new(), Timestamp::EPOCH);
        // Pairs of admitted and given back, in order.
        let mut history: Vec<(Timestamp, u64, u64)> = Vec::new();
        for call in calls {
            now = now.saturating_add(Duration::from_millis(call.wait_ms));
            if let Ok(receipt) = tokens.reserve(now, call.estimate) {
                history.push((now, call.estimate, 0));
                open.push((receipt, call.actual));
            }
            if let (Some(index), false) = (call.settle, open.is_empty()) {
                let (receipt, actual) = open.swap_remove(index.index(open.len()));
                history.push((now, 0, receipt.estimate() - actual));
                prop_assert_eq!(tokens.settle(now, receipt, actual), Ok(()));
            }
        }
        for (first, &(from, ..)) in history.iter().enumerate() {
            let (mut admitted, mut given_back) = (0, 0);
            for &(to, cost, back) in &history[first..] {
                admitted += u128::from(cost);
                let nanos = to.saturating_duration_since(from).as_nanos();
                let allowed = (10 + given_back) * 1_000_000_000 + 7 * nanos;
                prop_assert!(admitted * 1_000_000_000 <= allowed, "{:?} to {:?}", from, to);
                given_back += u128::from(back);
            }
        }
    }

    /// Over 32 charges, overruns included, without idle times and debts, strict gives back all but a cell
    /// of every surplus, in any order.
    #[test]
    fn strict_loses_at_most_a_cell_to_each_settlement(
        sizes in vec((1..50_u64, 0..50_u64, any::<Index>()), 1..17),
    ) {
        let now = Timestamp::EPOCH;
        let gcra = || Gcra::new(Quota::per_minute(10_000));
        let (mut strict, mut exact) = (StrictSettling::new(gcra()), Settling::new(gcra()));
        let mut open = Vec::new();
        for &(estimate, ..) in &sizes {
            let one = strict.charge_estimate(now, estimate);
            open.push((one, exact.charge_estimate(now, estimate)));
        }
        for (index, &(_, actual, which)) in sizes.iter().enumerate() {
            let (one, other) = open.swap_remove(which.index(open.len()));
            prop_assert_eq!(strict.settle(now, one, actual), Ok(()));
            prop_assert_eq!(exact.settle(now, other, actual), Ok(()));
            let lost = exact.available(now) - strict.available(now);
            prop_assert!(lost <= index as u64 + 1, "lost {}", lost);
        }
    }

    /// With more open than it remembers, strict still gives back nine tenths of what was not used.
    #[test]
    fn strict_loses_little_to_a_crowd(crowd in 33..1_000_usize, order in any::<Index>()) {
        let now = Timestamp::EPOCH;
        let mut strict = StrictSettling::new(Gcra::new(Quota::per_minute(1_000_000)));
        let mut open: Vec<Receipt> = (0..crowd).map(|_| strict.charge_estimate(now, 1_000)).collect();
        while !open.is_empty() {
            let receipt = open.swap_remove(order.index(open.len()));
            prop_assert_eq!(strict.settle(now, receipt, 200), Ok(()));
        }
        let (surplus, used) = (crowd as u64 * 800, crowd as u64 * 200);
        let lost = 1_000_000 - used - strict.available(now);
        prop_assert!(lost <= surplus / 10, "lost {} of {}", lost, surplus);
    }
}
