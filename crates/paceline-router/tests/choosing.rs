//! The target that is chosen admits the request, and which one it is follows the policy.

use paceline_core::{Demand, Denied, SplitMix64, Timestamp};
use paceline_router::{Next, NoRoute, Policy, Price, Route, Router, Target};
use proptest::{collection::vec, prelude::*};

const POLICIES: [Policy; 4] = [
    Policy::Weighted,
    Policy::Remaining,
    Policy::Priority,
    Policy::Cheapest,
];

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn target(index: usize) -> Target {
    Target::new("provider", format!("key {index}"), "model")
}

fn demand() -> Demand {
    Demand {
        requests: 1,
        input_tokens: 1_000,
        output_tokens: 100,
    }
}

/// What a target's limits answer.
fn answers() -> impl Strategy<Value = Result<u64, Denied>> {
    prop_oneof![
        (0..5_u64).prop_map(Ok),
        (1..5_u64).prop_map(|nanos| Err(Denied::Until(at(nanos)))),
        Just(Err(Denied::Until(Timestamp::MAX))),
        Just(Err(Denied::TooLarge { max: 3 })),
    ]
}

prop_compose! {
    fn targets()(traits in vec((0..3_u64, 0..3_u32, 0..3_u64, answers()), 0..7))
    -> (Vec<Target>, Vec<Result<u64, Denied>>) {
        let each = traits.into_iter().enumerate().map(|(index, (weight, priority, input, answer))| {
            let price = Price { input, output: 0, request: 0 };
            let target = target(index).with_weight(weight).with_priority(priority).with_price(price);
            (target, answer)
        });
        each.unzip()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn some_target_is_chosen_if_any_admits_and_then_one_that_does(
        (targets, answers) in targets(), seed: u64, policy in prop::sample::select(&POLICIES),
    ) {
        let router = Router::new(targets.clone(), policy);
        let mut asked = vec![0; targets.len()];
        let chosen = router.route(at(0), demand(), &mut SplitMix64::new(seed), |target| {
            asked[target] += 1;
            answers[target]
        });
        prop_assert!(asked.iter().all(|&count| count == 1), "each is asked once");
        match chosen {
            Ok(Route { target, sent_at }) => {
                prop_assert!(answers[target].is_ok());
                prop_assert_eq!(sent_at, at(0));
            }
            Err(_) => prop_assert!(answers.iter().all(Result::is_err)),
        }
    }

    #[test]
    fn the_best_come_first_and_a_weight_of_zero_last_among_equals(
        (targets, answers) in targets(), seed: u64, policy in prop::sample::select(&POLICIES),
    ) {
        let router = Router::new(targets.clone(), policy);
        let mut rng = SplitMix64::new(seed);
        let Ok(chosen) = router.route(at(0), demand(), &mut rng, |target| answers[target]) else {
            return Ok(());
        };
        let rank = |target: usize| match policy {
            Policy::Priority => targets[target].priority.into(),
            Policy::Cheapest => targets[target].price.input,
            Policy::Weighted | Policy::Remaining => 0,
        };
        let weight = |target: usize| match policy {
            Policy::Remaining => answers[target].unwrap_or(0),
            _ => targets[target].weight,
        };
        for other in (0..targets.len()).filter(|&other| answers[other].is_ok()) {
            prop_assert!(rank(chosen.target) <= rank(other));
            if rank(chosen.target) == rank(other) && weight(other) > 0 {
                prop_assert!(weight(chosen.target) > 0);
            }
        }
    }

    #[test]
    fn without_a_choice_the_error_says_when_the_first_target_returns(
        (targets, answers) in targets(), seed: u64,
    ) {
        let router = Router::new(targets, Policy::Weighted);
        let chosen = router.route(at(0), demand(), &mut SplitMix64::new(seed), |target| answers[target]);
        let times = || answers.iter().filter_map(|answer| match answer {
            Ok(_) => Some(at(0)),
            Err(denied) => denied.retry_at().filter(|&at| at < Timestamp::MAX),
        });
        let too_large = answers.iter().all(|answer| matches!(answer, Err(Denied::TooLarge { .. })));
        let expected = if too_large && !answers.is_empty() {
            NoRoute::TooLarge
        } else {
            NoRoute::AllExhausted { until: times().min() }
        };
        if let Err(none) = chosen {
            prop_assert_eq!(none, expected);
            prop_assert_eq!(none.retry_at(), times().min());
        }
        match router.earliest(at(0), |target| answers[target]) {
            Ok(Next { target, at: first }) => {
                prop_assert_eq!(Some(first), times().min());
                let its_own = answers[target].map_or_else(Denied::retry_at, |_| Some(at(0)));
                prop_assert_eq!(its_own, Some(first));
                prop_assert_eq!(chosen.is_ok(), first == at(0));
            }
            Err(none) => prop_assert_eq!(none, expected),
        }
    }
}

/// How often each of the targets is chosen in so many decisions.
fn shares(router: &Router, decisions: u32, remaining: &[u64]) -> Vec<u32> {
    let mut rng = SplitMix64::new(42);
    let mut chosen = vec![0; router.targets().len()];
    for _ in 0..decisions {
        let route = router.route(at(0), demand(), &mut rng, |target| Ok(remaining[target]));
        chosen[route.expect("all admit").target] += 1;
    }
    chosen
}

/// A share `p` of `n` decisions has the standard deviation sqrt(n p (1 - p)); five are granted.
fn assert_shares(chosen: &[u32], weights: &[u64]) {
    let decisions = f64::from(chosen.iter().sum::<u32>());
    let total = weights.iter().sum::<u64>() as f64;
    for (&count, &weight) in chosen.iter().zip(weights) {
        let share = weight as f64 / total;
        let deviation = (decisions * share * (1.0 - share)).sqrt();
        let expected = decisions * share;
        assert!(
            (f64::from(count) - expected).abs() <= 5.0 * deviation,
            "{count} instead of {expected}: {chosen:?} for {weights:?}"
        );
    }
}

#[test]
fn weights_hold_in_the_long_run() {
    let weights = [1, 0, 2, 7, 10];
    let targets = weights.iter().enumerate();
    let targets = targets.map(|(index, &weight)| target(index).with_weight(weight));
    let targets = targets.collect::<Vec<_>>();
    // Whatever the order: nobody is favoured for his place.
    for policy in [Policy::Weighted, Policy::Priority, Policy::Cheapest] {
        let router = Router::new(targets.clone(), policy);
        assert_shares(&shares(&router, 20_000, &[1; 5]), &weights);
    }
    let mut reversed = targets;
    reversed.reverse();
    let router = Router::new(reversed, Policy::Weighted);
    assert_shares(&shares(&router, 20_000, &[1; 5]), &[10, 7, 2, 0, 1]);
}

#[test]
fn what_remains_decides_in_proportion() {
    let router = Router::new((0..4).map(target).collect(), Policy::Remaining);
    let remaining = [900, 50, 0, 50];
    assert_shares(&shares(&router, 20_000, &remaining), &remaining);
    // An unlimited target has practically everything, and the sum exceeds 64 bits.
    let chosen = shares(&router, 1_000, &[u64::MAX, 5, u64::MAX, 0]);
    assert_eq!((chosen[1], chosen[3]), (0, 0));
    assert_shares(&[chosen[0], chosen[2]], &[1, 1]);
}

#[test]
fn weights_of_zero_share_alike_when_nobody_else_is_left() {
    let targets = (0..3).map(|index| target(index).with_weight(0)).collect();
    let router = Router::new(targets, Policy::Weighted);
    assert_shares(&shares(&router, 9_000, &[1; 3]), &[1, 1, 1]);
}

/// The price is that of the request: what is cheap to ask may be dear to answer.
#[test]
fn the_cheapest_is_that_of_this_request() {
    let price = |input, output, request| Price {
        input,
        output,
        request,
    };
    let prices = [
        price(100_000, 900_000, 0),
        price(300_000, 300_000, 0),
        price(0, 0, 500),
    ];
    let targets = prices.into_iter().enumerate();
    let targets = targets.map(|(index, price)| target(index).with_price(price));
    let router = Router::new(targets.collect(), Policy::Cheapest);
    let chosen = |input_tokens, output_tokens| {
        let demand = Demand {
            requests: 1,
            input_tokens,
            output_tokens,
        };
        let route = router.route(at(0), demand, &mut SplitMix64::new(1), |_| Ok(1));
        route.map(|route| route.target)
    };
    assert_eq!(chosen(1_000, 10), Ok(0));
    assert_eq!(chosen(100, 1_000), Ok(1));
    assert_eq!(chosen(100_000, 1_000), Ok(2));
    // A difference below a micro-dollar counts.
    assert_eq!(chosen(1, 0), Ok(0));
}

#[test]
fn a_price_is_exact_and_saturates() {
    let price = Price {
        input: 150_000,
        output: 600_001,
        request: 5,
    };
    let demand = |requests, input_tokens, output_tokens| Demand {
        requests,
        input_tokens,
        output_tokens,
    };
    assert_eq!(price.of(demand(0, 0, 0)), 0);
    assert_eq!(price.of(demand(2, 1_000_000, 0)), 150_010);
    // 0.600001 micro-dollars round up.
    assert_eq!(price.of(demand(0, 0, 1)), 1);
    let dear = Price {
        input: u64::MAX,
        output: u64::MAX,
        request: u64::MAX,
    };
    assert_eq!(dear.of(demand(u64::MAX, u64::MAX, u64::MAX)), u64::MAX);
    // 2^126 millions are a multiple of 2^128, where wrapping would end at nothing.
    let price = Price {
        request: 1 << 63,
        ..Price::default()
    };
    assert_eq!(price.of(demand(1 << 63, 0, 0)), u64::MAX);
}

#[test]
fn an_empty_list_is_exhausted_for_good() {
    for policy in POLICIES {
        let router = Router::new(Vec::new(), policy);
        let ask = |_| unreachable!("there is nobody to ask");
        let none = NoRoute::AllExhausted { until: None };
        let chosen = router.route(at(0), demand(), &mut SplitMix64::new(1), ask);
        assert_eq!(chosen, Err(none));
        assert_eq!(router.earliest(at(0), ask), Err(none));
    }
}

#[test]
fn errors_read_as_sentences() {
    let texts = [
        NoRoute::AllExhausted {
            until: Some(at(1_000_000_000)),
        },
        NoRoute::AllExhausted { until: None },
        NoRoute::TooLarge,
    ];
    assert_eq!(
        texts.map(|none| none.to_string()),
        [
            "all targets are exhausted until Timestamp(1s)",
            "all targets are exhausted, and none returns by itself",
            "the request is too large for every target",
        ]
    );
}
