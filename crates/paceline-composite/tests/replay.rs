//! Settling is exact and strict settling never more generous, whatever happens in between.

use std::time::Duration;

use paceline_composite::{Receipt, Settle, SettleError, Settling, StrictSettling};
use paceline_core::{Limiter, Quota, Restore, Timestamp};
use paceline_gcra::Gcra;
use paceline_token_bucket::{SteppedBucket, TokenBucket};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestCaseResult};

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Charge(u64),
    Reserve(u64),
    /// Settles an open receipt, for good or ill.
    Settle(Index, u64),
    /// Another quota: cells a second, and a burst.
    Change(u64, u64),
}

/// Steps, each with how far the clock lags in it.
fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    let wait = prop_oneof![4 => 0..400_u64, 1 => 0..9_000_u64];
    let cost = || prop_oneof![30 => 0..9_u64, 1 => any::<u64>()];
    let step = prop_oneof![
        6 => wait.prop_map(Step::Wait),
        2 => cost().prop_map(Step::Charge),
        8 => cost().prop_map(Step::Reserve),
        7 => (any::<Index>(), cost()).prop_map(|(which, actual)| Step::Settle(which, actual)),
        1 => (0..9_u64, 1..20_u64).prop_map(|(limit, burst)| Step::Change(limit, burst)),
    ];
    let lag = prop_oneof![3 => Just(0), 1 => 0..1_500_u64];
    vec((step, lag), 1..100)
}

fn quota(limit: u64, burst: u64) -> Quota {
    let quota = Quota::per_second(limit).with_burst(burst);
    quota.expect("not zero")
}

/// How a kind of limiter is made, and how its quota is changed.
struct Kind<L> {
    make: fn(Quota) -> L,
    change: fn(&mut L, Timestamp, Quota),
}

/// What really happened: true costs at the times of their estimates, and changes of quota.
enum Event {
    Charge(Timestamp, u64),
    Change(Timestamp, Quota),
}

/// A receipt of each, the event that it belongs to, and when it was reserved.
type Open = (Receipt, Receipt, usize, Timestamp);

fn keeps_its_promise<L: Restore + Clone>(
    kind: &Kind<L>,
    steps: Vec<(Step, u64)>,
    lifetime: Option<Duration>,
) -> TestCaseResult {
    let first = quota(7, 10);
    let lives_for = lifetime.unwrap_or(Duration::MAX);
    let mut exact = Settling::new((kind.make)(first)).with_lifetime(lives_for);
    let mut strict = StrictSettling::new((kind.make)(first)).with_lifetime(lives_for);
    let (mut events, mut open) = (Vec::new(), Vec::<Open>::new());
    let mut latest = Timestamp::EPOCH;
    // Estimates of events before this one stand.
    let mut changed = 0;
    for (step, lag) in steps {
        let mut now = latest.saturating_sub(Duration::from_millis(lag));
        match step {
            Step::Wait(ms) => latest = latest.saturating_add(Duration::from_millis(ms)),
            Step::Charge(cost) => {
                exact.charge(now, cost);
                strict.charge(now, cost);
                events.push(Event::Charge(now, cost));
            }
            Step::Reserve(cost) => {
                let receipt = exact.charge_estimate(now, cost);
                let other = strict.charge_estimate(now, cost);
                open.push((receipt, other, events.len(), now));
                events.push(Event::Charge(now, cost));
            }
            Step::Settle(which, actual) if !open.is_empty() => {
                let (receipt, other, event, at) = open.swap_remove(which.index(open.len()));
                if lifetime.is_some() {
                    // Whether a receipt is too old is asked of a clock that does not lag.
                    now = latest;
                }
                let age = now.saturating_duration_since(at);
                let stands = age > lives_for || event < changed;
                let estimate = receipt.estimate();
                let expected = if stands {
                    Err(SettleError::Expired)
                } else {
                    Ok(())
                };
                prop_assert_eq!(exact.settle(now, receipt, actual), expected);
                prop_assert_eq!(strict.settle(now, other, actual), expected);
                if !stands {
                    let Event::Charge(at, _) = events[event] else {
                        unreachable!()
                    };
                    events[event] = Event::Charge(at, actual);
                } else if actual > estimate {
                    events.push(Event::Charge(now, actual - estimate));
                }
            }
            Step::Settle(..) => {}
            Step::Change(limit, burst) => {
                let next = quota(limit, burst);
                exact.update(|limiter| (kind.change)(limiter, latest, next));
                strict.update(|limiter| (kind.change)(limiter, latest, next));
                events.push(Event::Change(latest, next));
                changed = events.len();
            }
        }
        let mut truth = (kind.make)(first);
        for event in &events {
            match *event {
                Event::Charge(at, cost) => truth.charge(at, cost),
                Event::Change(at, quota) => (kind.change)(&mut truth, at, quota),
            }
        }
        for ms in [0, 1, 100, 3_000] {
            let at = latest.saturating_add(Duration::from_millis(ms));
            prop_assert_eq!(
                exact.available(at),
                truth.available(at),
                "exact at {:?}",
                at
            );
            prop_assert!(
                strict.available(at) <= truth.available(at),
                "strict at {:?}",
                at
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    /// Estimates, settlements, overruns, expiry, lagging clocks and changes of quota, in any order.
    #[test]
    fn as_if_the_truth_had_been_known_and_never_more(steps in steps(), expires: bool) {
        let lifetime = expires.then_some(Duration::from_secs(5));
        let gcra = Kind { make: Gcra::new, change: Gcra::set_quota };
        keeps_its_promise(&gcra, steps.clone(), lifetime)?;
        let bucket = Kind {
            make: |quota| TokenBucket::with_initial(quota, Timestamp::EPOCH, 3),
            change: TokenBucket::set_quota,
        };
        keeps_its_promise(&bucket, steps.clone(), lifetime)?;
        let stepped = Kind {
            make: |quota| SteppedBucket::new(quota, Timestamp::EPOCH),
            change: SteppedBucket::set_quota,
        };
        keeps_its_promise(&stepped, steps, lifetime)?;
    }
}
