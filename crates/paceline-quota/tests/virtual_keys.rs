//! Limits of virtual keys: set once, shared by all users, and clear when they refuse.

use std::time::Duration;

use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};
use paceline_laws::{Admission, Schedule};
use paceline_quota::{
    KeyDimensionError, KeyInterval, KeyIsSet, QuotaTracker, VirtualKey, VirtualKeys, Window,
};
use proptest::{collection::vec, prelude::*};

const INTERVALS: [(KeyInterval, u64); 3] = [
    (KeyInterval::Minute, 60),
    (KeyInterval::Hour, 3_600),
    (KeyInterval::Day, 86_400),
];
const ONE: Demand = Demand::request(0, 0);

fn second(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * 1_000_000_000)
}

fn key(counts: Dimension, limit: u64, per: KeyInterval) -> VirtualKey {
    VirtualKey::new(counts, limit, per).expect("it counts requests or tokens")
}

#[test]
fn a_key_obeys_the_laws() {
    for (per, seconds) in INTERVALS {
        let wait = Duration::from_secs(seconds / 3);
        for (limit, cost) in [
            (10, 12),
            (1, 2),
            (0, 3),
            (u64::MAX - 1, u64::MAX),
            (u64::MAX, 9),
        ] {
            for counts in [Dimension::Requests, Dimension::Tokens] {
                paceline_laws::obeys(Schedule::new(wait, cost), || key(counts, limit, per));
            }
        }
    }
}

/// All that was admitted since the interval began, and everything anew when it ends.
#[test]
fn a_key_admits_what_a_naive_list_admits() {
    for (per, seconds) in INTERVALS {
        let span = Duration::from_secs(seconds);
        let reference = move |admitted: &[Admission], now: Timestamp, cost: u64| {
            let (mut ends, mut used) = (Timestamp::EPOCH, 0);
            for earlier in admitted.iter().filter(|earlier| earlier.cost > 0) {
                if earlier.at >= ends {
                    (ends, used) = (earlier.at.saturating_add(span), 0);
                }
                used += earlier.cost;
            }
            let used = if now >= ends { 0 } else { used };
            used + cost <= 10
        };
        let schedule = Schedule::new(span / 2, 12);
        paceline_laws::admits_like(schedule, || key(Dimension::Tokens, 10, per), reference);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Users share the key, whoever they are; other keys are none of its business.
    #[test]
    fn a_label_counts_what_all_its_users_do_and_nothing_else(
        tokens in any::<bool>(),
        limit in 0..60_u64,
        calls in vec((0..40_u64, 0..3_usize, 1..20_u64, 0..20_u64), 1..60),
    ) {
        let counts = if tokens { Dimension::Tokens } else { Dimension::Requests };
        let mut keys = VirtualKeys::new();
        let labels = ["a", "b", "unlimited"];
        for label in &labels[..2] {
            keys.set(*label, key(counts, limit, KeyInterval::Minute)).expect("it is new");
        }
        let window = Window::fixed(Duration::from_secs(60));
        let mut alone = [(); 2].map(|()| QuotaTracker::new(limit, window.clone()));
        let mut now = 1_750_000_000;
        for (wait, label, input, output) in calls {
            now += wait;
            let (at, demand) = (second(now), Demand::request(input, output));
            let answer = keys.try_acquire(labels[label], at, demand);
            let Some(alone) = alone.get_mut(label) else {
                prop_assert_eq!(answer, Ok(()));
                continue;
            };
            let expected = alone.try_acquire(at, counts.cost(demand));
            prop_assert_eq!(answer.map_err(|refused| refused.denied), expected);
            let used = keys.key(labels[label]).map(|key| key.used(at));
            prop_assert_eq!(used, Some(alone.used(at)));
        }
    }

    /// Whoever waits as long as the message says is served, and not before the reset.
    #[test]
    fn a_refusal_says_until_when(
        limit in 1..1_000_u64,
        interval in 0..3_usize,
        nanos in 0..60_000_000_000_u64,
    ) {
        let (per, seconds) = INTERVALS[interval];
        let mut keys = VirtualKeys::new();
        keys.set("team", key(Dimension::Tokens, limit, per)).expect("it is new");
        let (first, now) = (second(7), second(7).saturating_add(Duration::from_nanos(nanos)));
        keys.charge("team", first, Demand::request(limit, 0));
        let refused = keys.check("team", now, Demand::request(1, 0)).expect_err("it is used up");

        prop_assert_eq!(refused.code(), "virtual_key_limit_reached");
        let resets_at = second(7 + seconds);
        prop_assert_eq!(refused.denied, Denied::Until(resets_at));
        let wait = seconds - nanos / 1_000_000_000;
        let message = refused.to_string();
        let expected =
            format!("key team: too little is left of {limit} tokens per {per}; the limit resets in {wait} s");
        prop_assert_eq!(message, expected);
        prop_assert!(now.saturating_add(Duration::from_secs(wait)) >= resets_at);
        prop_assert!(keys.check("team", resets_at, Demand::request(limit, 0)).is_ok());
    }
}

#[test]
fn a_key_counts_requests_or_tokens() {
    for counts in [Dimension::InputTokens, Dimension::OutputTokens] {
        let err = VirtualKey::new(counts, 5, KeyInterval::Day).expect_err("neither of both");
        assert_eq!(err, KeyDimensionError(counts));
        assert_eq!(
            err.to_string(),
            format!("a virtual key counts requests or tokens, not {counts}")
        );
    }
    let key = key(Dimension::Tokens, 5, KeyInterval::Day);
    assert_eq!(
        (key.counts(), key.limit(), key.per()),
        (Dimension::Tokens, 5, KeyInterval::Day)
    );
    assert_eq!(key.resets_at(second(0)), None);
}

#[test]
fn a_limit_of_zero_refuses_whatever_is_asked() {
    for counts in [Dimension::Requests, Dimension::Tokens] {
        let mut keys = VirtualKeys::new();
        keys.set("off", key(counts, 0, KeyInterval::Hour))
            .expect("it is new");
        // Of no tokens at all, too.
        for demand in [ONE, Demand::request(3, 4)] {
            let refused = keys
                .try_acquire("off", second(0), demand)
                .expect_err("it is disabled");
            assert_eq!(refused.code(), "virtual_key_disabled");
            assert_eq!(refused.denied, Denied::TooLarge { max: 0 });
            assert_eq!(refused.to_string(), "key off: disabled");
        }
    }
}

#[test]
fn a_request_that_no_interval_admits_is_told_apart() {
    let mut keys = VirtualKeys::new();
    keys.set("team", key(Dimension::Tokens, 100, KeyInterval::Minute))
        .expect("it is new");
    let refused = keys
        .try_acquire("team", second(0), Demand::request(60, 41))
        .expect_err("101");
    assert_eq!(refused.code(), "virtual_key_request_too_large");
    assert_eq!(
        refused.to_string(),
        "key team: the request alone exceeds 100 tokens per minute"
    );
    assert!(
        keys.try_acquire("team", second(0), Demand::request(60, 40))
            .is_ok()
    );
}

#[test]
fn a_limit_takes_effect_at_once_and_stays_as_it_is() {
    let mut keys = VirtualKeys::new();
    for _ in 0..100 {
        assert_eq!(keys.try_acquire("team", second(0), ONE), Ok(()));
    }
    assert!(keys.key("team").is_none());

    keys.set("team", key(Dimension::Requests, 1, KeyInterval::Hour))
        .expect("it is new");
    assert!(keys.try_acquire("team", second(0), ONE).is_ok());
    assert!(keys.try_acquire("team", second(0), ONE).is_err());

    // Neither a larger limit nor the same one anew.
    for limit in [1_000, 1, 0] {
        let again = keys.set("team", key(Dimension::Requests, limit, KeyInterval::Hour));
        assert_eq!(again, Err(KeyIsSet("team".to_owned())));
        assert!(keys.try_acquire("team", second(1), ONE).is_err());
    }
    let message = KeyIsSet("team".to_owned()).to_string();
    assert_eq!(
        message,
        "key team: the limit is set and cannot be changed; make a new key"
    );
    keys.set("team-2", key(Dimension::Requests, 1_000, KeyInterval::Hour))
        .expect("it is new");
    assert!(keys.try_acquire("team-2", second(1), ONE).is_ok());
}

#[test]
fn what_comes_on_top_is_charged_whether_or_not_it_fits() {
    let mut keys = VirtualKeys::new();
    keys.set("team", key(Dimension::Tokens, 100, KeyInterval::Minute))
        .expect("it is new");
    assert!(
        keys.try_acquire("team", second(0), Demand::request(60, 0))
            .is_ok()
    );
    let answer = Demand {
        output_tokens: 90,
        ..Demand::default()
    };
    keys.charge("team", second(5), answer);
    keys.charge("unlimited", second(5), answer);
    let used = keys.key("team").map(|key| key.used(second(5)));
    assert_eq!(used, Some(150));
    assert!(
        keys.check("team", second(59), Demand::request(1, 0))
            .is_err()
    );
    assert!(
        keys.check("team", second(60), Demand::request(100, 0))
            .is_ok()
    );
}
