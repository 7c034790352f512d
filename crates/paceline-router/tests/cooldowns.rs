//! Refusals exclude what they are about, for as long as they say, and nothing else.

use std::time::Duration;

use paceline_core::{Demand, Denied, SplitMix64, Timestamp};
use paceline_router::{
    Growth, GrowthError, NoRoute, Policy, Refusal, Route, Router, Scope, Target,
};
use proptest::{collection::vec, prelude::*};

const SECOND: Duration = Duration::from_secs(1);
const SCOPES: [Scope; 4] = [Scope::Target, Scope::Key, Scope::Model, Scope::Provider];

fn at(ms: u64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

fn just_before(at: Timestamp) -> Timestamp {
    Timestamp::from_nanos(at.as_nanos() - 1)
}

fn route(target: usize, sent_at: Timestamp) -> Route {
    Route { target, sent_at }
}

/// Two providers with the same labels, each with two keys and two models.
fn all_targets() -> Vec<Target> {
    let mut targets = Vec::new();
    for provider in ["openai", "azure"] {
        for key in ["a", "b"] {
            for model in ["large", "small"] {
                targets.push(Target::new(provider, key, model));
            }
        }
    }
    targets
}

/// Whether a refusal of one target is about the other one.
fn is_about(scope: Scope, refused: &Target, other: &Target) -> bool {
    let same = |part: fn(&Target) -> &String| part(refused) == part(other);
    same(|target| &target.provider)
        && match scope {
            Scope::Provider => true,
            Scope::Key => same(|target| &target.key),
            Scope::Model => same(|target| &target.model),
            Scope::Target => same(|target| &target.key) && same(|target| &target.model),
        }
}

/// The targets that can be chosen at `now`, if all limits admit the request.
fn open(router: &Router, now: Timestamp) -> Vec<usize> {
    let count = router.targets().len();
    let alone = |only| {
        let mut rng = SplitMix64::new(1);
        let ask = |target| match target == only {
            true => Ok(1),
            false => Err(Denied::Until(Timestamp::MAX)),
        };
        router.route(now, Demand::default(), &mut rng, ask).is_ok()
    };
    (0..count).filter(|&target| alone(target)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Against the plain list of all refusals: no target outside a scope is touched, none inside is
    /// spared, and each returns at its time and not a nanosecond sooner.
    #[test]
    fn a_target_is_excluded_by_what_is_about_it_and_until_the_last_of_it_ends(
        picks in vec(0..8_usize, 0..9),
        refusals in vec((0..9_usize, prop::sample::select(&SCOPES), 1..50_u64, any::<bool>()), 0..12),
        seed: u64,
    ) {
        let everything = all_targets();
        let targets: Vec<_> = picks.iter().map(|&pick| everything[pick].clone()).collect();
        let mut router = Router::new(targets.clone(), Policy::Weighted);
        let mut rng = SplitMix64::new(seed);
        let mut list = Vec::new();
        for (target, scope, until, billing) in refusals {
            let (scope, until, refusal) = match billing {
                true => (Scope::Key, Timestamp::MAX, Refusal::Billing),
                false => (scope, at(until), Refusal::Limited { scope, until: Some(at(until)) }),
            };
            router.refused(at(0), route(target, at(0)), refusal, &mut rng);
            if let Some(refused) = targets.get(target) {
                list.push((scope, refused.clone(), until));
            }
        }
        for now in (0..50).map(at) {
            let mut expected = Vec::new();
            for (index, target) in targets.iter().enumerate() {
                let about = list.iter().filter(|(scope, refused, _)| is_about(*scope, refused, target));
                let until = about.map(|&(.., until)| until).filter(|&until| until > now).max();
                prop_assert_eq!(router.excluded_until(now, index), until);
                if until.is_none() {
                    expected.push(index);
                } else if let Some(until) = until.filter(|&until| until < Timestamp::MAX) {
                    prop_assert!(!open(&router, just_before(until)).contains(&index));
                    prop_assert!(open(&router, until).contains(&index));
                }
            }
            prop_assert_eq!(open(&router, now), expected);
        }
    }

    /// A target returns when both its exclusion and its limits allow it.
    #[test]
    fn limits_and_exclusions_join_to_the_later(excluded in 1..50_u64, limited in 1..50_u64, seed: u64) {
        let mut router = Router::new(all_targets()[..1].to_vec(), Policy::Weighted);
        let mut rng = SplitMix64::new(seed);
        let refusal = Refusal::Limited { scope: Scope::Target, until: Some(at(excluded)) };
        router.refused(at(0), route(0, at(0)), refusal, &mut rng);
        let mut ask = |now: Timestamp| {
            let answer = if now >= at(limited) { Ok(1) } else { Err(Denied::Until(at(limited))) };
            router.route(now, Demand::default(), &mut rng, |_| answer)
        };
        let until = at(excluded.max(limited));
        prop_assert_eq!(ask(at(0)), Err(NoRoute::AllExhausted { until: Some(until) }));
        prop_assert!(ask(just_before(until)).is_err());
        prop_assert_eq!(ask(until), Ok(route(0, until)));
    }

    /// The n-th overload in a row excludes for at least half of the doubled while, and at most for
    /// all of it, on top of what the server said.
    #[test]
    fn overloads_exclude_ever_longer_up_to_a_most_and_never_undercut_the_hint(
        seed: u64, first_ms in 1..3_000_u64, times in 1..80_u32, hints in vec(prop::option::of(0..90_000_u64), 80),
        scope in prop::sample::select(&SCOPES),
    ) {
        let ms = Duration::from_millis;
        let growth = Growth::new(ms(first_ms), ms(first_ms * 40)).expect("in range");
        let mut router = Router::new(all_targets(), Policy::Weighted).with_growth(growth);
        let mut rng = SplitMix64::new(seed);
        let mut now = at(1);
        for (streak, hint) in (0..times).zip(hints) {
            let hint = hint.map(ms);
            let refusal = match hint {
                None if streak % 2 == 0 => Refusal::Limited { scope, until: None },
                retry_after => Refusal::Overloaded { scope, retry_after },
            };
            router.refused(now, route(3, now), refusal, &mut rng);
            let until = router.excluded_until(now, 3).expect("excluded");
            let own = until.saturating_duration_since(now).checked_sub(hint.unwrap_or_default());
            let own = own.expect("never before the hint");
            let longest = ms((first_ms << streak.min(6)).min(first_ms * 40));
            prop_assert!(longest / 2 <= own && own <= longest, "{:?} of {:?}", own, longest);
            prop_assert_eq!(longest, growth.longest(streak));
            now = until;
        }
        // A success ends the growth.
        router.succeeded(route(3, now.saturating_add(ms(1))));
        let now = now.saturating_add(ms(2));
        router.refused(now, route(3, now), Refusal::Overloaded { scope, retry_after: None }, &mut rng);
        let until = router.excluded_until(now, 3).expect("excluded");
        prop_assert!(until <= now.saturating_add(ms(first_ms)));
    }

    /// Whatever a server says, its target comes back once the longest month is over.
    #[test]
    fn no_hint_excludes_for_longer_than_a_month(
        seed: u64, now in any::<u64>(), span in any::<u64>(), limited: bool,
    ) {
        let month = Duration::from_secs(31 * 86_400);
        let mut router = Router::new(all_targets(), Policy::Weighted);
        let mut rng = SplitMix64::new(seed);
        let now = Timestamp::from_nanos(now);
        let scope = Scope::Provider;
        let hint = Duration::from_secs(span);
        let refusal = match limited {
            true => Refusal::Limited { scope, until: Some(now.saturating_add(hint)) },
            false => Refusal::Overloaded { scope, retry_after: Some(hint) },
        };
        router.refused(now, route(3, now), refusal, &mut rng);
        let until = router.excluded_until(now, 3).unwrap_or(now);
        // An overload's own while comes on top; it is an hour at most.
        let longest = hint.min(month).saturating_add(Duration::from_secs(3_600));
        prop_assert!(until <= now.saturating_add(longest));
        prop_assert!(until >= now.saturating_add(hint.min(month)));
    }

    /// A herd that was under way when the first of it was refused counts once.
    #[test]
    fn refusals_and_successes_of_requests_under_way_are_no_news(
        seed: u64, late in vec((0..500_u64, 0..100_u64, any::<bool>()), 0..40),
    ) {
        let overloaded = |retry_after| Refusal::Overloaded { scope: Scope::Model, retry_after };
        let mut rng = SplitMix64::new(seed);
        let mut one = Router::new(all_targets(), Policy::Weighted);
        for now in [10, 100] {
            one.refused(at(now), route(0, at(now)), overloaded(None), &mut rng);
        }
        let mut herd = one.clone();
        let mut until = one.excluded_until(at(100), 0).expect("excluded");
        for (delay, sent, success) in late {
            let (now, sent_at) = (at(100 + delay), at(sent));
            if success {
                herd.succeeded(route(0, sent_at));
            } else {
                herd.refused(now, route(0, sent_at), overloaded(Some(SECOND)), &mut rng);
                until = until.max(now.saturating_add(SECOND));
            }
        }
        prop_assert_eq!(herd.excluded_until(at(100), 0), Some(until));
        // The third in a row.
        let now = at(60_000);
        herd.refused(now, route(0, now), overloaded(None), &mut rng);
        let third = herd.excluded_until(now, 0).expect("excluded").saturating_duration_since(now);
        prop_assert!(2 * SECOND <= third && third <= 4 * SECOND, "{:?}", third);
    }
}

#[test]
fn an_overload_of_a_model_is_about_all_keys_and_a_success_of_any_ends_it() {
    let mut router = Router::new(all_targets(), Policy::Weighted);
    let mut rng = SplitMix64::new(3);
    let overloaded = Refusal::Overloaded {
        scope: Scope::Model,
        retry_after: None,
    };
    let mut now = at(0);
    let mut refuse = |router: &mut Router, target| {
        router.refused(now, route(target, now), overloaded, &mut rng);
        let until = router.excluded_until(now, 0).expect("excluded");
        let lasted = until.saturating_duration_since(now);
        now = until.saturating_add(SECOND);
        (lasted, now)
    };
    for target in [0, 2, 0, 2, 0, 2] {
        refuse(&mut router, target);
    }
    let (seventh, later) = refuse(&mut router, 0);
    assert!(seventh >= 30 * SECOND, "{seventh:?}");
    router.succeeded(route(2, later));
    let (after_success, _) = refuse(&mut router, 0);
    assert!(after_success <= SECOND, "{after_success:?}");
}

#[test]
fn a_bill_excludes_the_key_everywhere_until_it_is_paid() {
    let mut router = Router::new(all_targets(), Policy::Weighted);
    let mut rng = SplitMix64::new(4);
    router.refused(at(0), route(1, at(0)), Refusal::Billing, &mut rng);
    // Keys of the same name at another provider are other keys.
    assert_eq!(open(&router, at(0)), [2, 3, 4, 5, 6, 7]);
    assert_eq!(router.excluded_until(at(1), 0), Some(Timestamp::MAX));
    router.succeeded(route(1, at(1)));
    let year = 365 * 86_400_000;
    assert_eq!(open(&router, at(year)), [2, 3, 4, 5, 6, 7]);

    router.reinstate(at(year), 0, Scope::Model);
    assert_eq!(open(&router, at(year)), [2, 3, 4, 5, 6, 7]);
    router.reinstate(at(year), 0, Scope::Key);
    assert_eq!(open(&router, at(year)), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn if_all_bills_are_unpaid_waiting_is_pointless() {
    let mut router = Router::new(all_targets()[..2].to_vec(), Policy::Priority);
    let mut rng = SplitMix64::new(5);
    router.refused(at(0), route(0, at(0)), Refusal::Billing, &mut rng);
    let mut ask = |answer| router.route(at(1), Demand::default(), &mut rng, |_| answer);
    let none = Err(NoRoute::AllExhausted { until: None });
    assert_eq!(ask(Ok(1)), none);
    assert_eq!(ask(Err(Denied::Until(at(9)))), none);
    // A request that never fits does not fit excluded targets either.
    assert_eq!(
        ask(Err(Denied::TooLarge { max: 9 })),
        Err(NoRoute::TooLarge)
    );
}

/// A shorter end that becomes known later shortens nothing.
#[test]
fn of_several_ends_the_latest_holds() {
    let mut router = Router::new(all_targets(), Policy::Weighted);
    let mut rng = SplitMix64::new(6);
    for until in [70, 30, 90, 50] {
        let refusal = Refusal::Limited {
            scope: Scope::Target,
            until: Some(at(until)),
        };
        router.refused(at(0), route(0, at(0)), refusal, &mut rng);
    }
    assert_eq!(router.excluded_until(at(0), 0), Some(at(90)));
}

#[test]
fn a_growth_out_of_range_is_refused() {
    for (first, most) in [(Duration::ZERO, SECOND), (2 * SECOND, SECOND)] {
        assert_eq!(Growth::new(first, most), Err(GrowthError));
    }
    assert_eq!(Growth::default().longest(5), 32 * SECOND);
    assert_eq!(Growth::default().longest(u32::MAX), 60 * SECOND);
}
