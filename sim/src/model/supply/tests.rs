use paceline_core::Quota;
use proptest::{collection::vec, prelude::*};

use super::*;

fn rate(counts: Dimension, limit: u64, kind: Kind) -> RateLimit {
    RateLimit {
        window_safe: false,
        counts,
        quota: Quota::per_minute(limit),
        per: String::new(),
        kind,
    }
}

/// A supply of tokens, and of places, for a time; it keeps so many items.
fn supply(tokens: u64, places: u64, seconds: u64, most: usize) -> Supply {
    let phase = Phase {
        from: Timestamp::EPOCH,
        until: Timestamp::EPOCH.saturating_add(Duration::from_secs(seconds)),
        rates: vec![
            rate(Dimension::Tokens, tokens, Kind::TokenBucket),
            rate(Dimension::Requests, places, Kind::SlidingLog),
        ],
    };
    let supply = Supply::new(0, &[1], vec![phase]);
    Supply { most, ..supply }
}

/// How many of these requests, each a gap after the one before, are admitted at most.
fn admitted(mut supply: Supply, requests: &[(u64, u64)]) -> u64 {
    let mut at = Timestamp::EPOCH;
    for &(gap_ms, input_tokens) in requests {
        at = at.saturating_add(Duration::from_millis(gap_ms));
        let demand = Demand {
            requests: 1,
            input_tokens,
            output_tokens: 0,
        };
        supply.arrive(at, demand);
        assert!(supply.items.len() <= supply.most.max(1 << 12));
    }
    supply.admitted()
}

/// The largest set, by leaving out one request after the other wherever a supply is exceeded.
fn by_the_book(supply: &Supply, requests: &[(u64, u64)]) -> u64 {
    let (mut at, mut arrivals) = (Timestamp::EPOCH, Vec::new());
    for &(gap_ms, cost) in requests {
        at = at.saturating_add(Duration::from_millis(gap_ms));
        arrivals.push((at, u128::from(cost)));
    }
    let mut chosen: Vec<u128> = Vec::new();
    for (index, &(at, cost)) in arrivals.iter().enumerate().rev() {
        let place = chosen.partition_point(|&other| other < cost);
        chosen.insert(place, cost);
        if !index.is_multiple_of(STRIDE as usize) {
            continue;
        }
        let (tokens, places) = (supply.since(0, at), supply.since(1, at));
        while chosen.iter().sum::<u128>() > tokens || chosen.len() as u128 > places {
            chosen.pop();
        }
    }
    chosen.len() as u64
}

fn requests() -> impl Strategy<Value = Vec<(u64, u64)>> {
    // Now and then a pause, and sizes over some orders of magnitude.
    let gap = prop_oneof![8 => 0..300_u64, 1 => 1_000..60_000_u64];
    let cost = prop_oneof![1..50_u64, 50..3_000_u64, 1_000..100_000_u64];
    vec((gap, cost), 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_long_as_all_are_kept_the_number_is_that_of_the_book(
        requests in requests(), tokens in 1..200_000_u64, places in 1..300_u64, seconds in 60..900_u64,
    ) {
        let exact = supply(tokens, places, seconds, MOST);
        let expected = by_the_book(&exact, &requests);
        prop_assert_eq!(admitted(exact, &requests), expected);
    }

    #[test]
    fn what_is_kept_coarser_makes_the_bound_no_smaller(
        requests in requests(), tokens in 1..200_000_u64, places in 1..300_u64, seconds in 60..900_u64,
        most in 1..200_usize,
    ) {
        let exact = admitted(supply(tokens, places, seconds, MOST), &requests);
        let coarse = admitted(supply(tokens, places, seconds, most), &requests);
        prop_assert!(coarse >= exact, "{coarse} of at least {exact}");
        prop_assert!(coarse <= requests.len() as u64);
    }

    #[test]
    fn a_cost_is_rounded_down_by_little(cost: u32) {
        let rounded = rounded_down(cost);
        prop_assert!(rounded <= cost && cost - rounded <= cost / 128, "{rounded}");
    }
}

/// Three orders of magnitude less memory cost a hundredth of the bound.
#[test]
fn a_coarse_bound_is_nearly_as_small() {
    let requests: Vec<_> = (0..60_000_u64)
        .map(|index| (100, 100 + index * 7_919 % 5_000))
        .collect();
    let exact = admitted(supply(500_000, 600, 6_000, MOST), &requests);
    let coarse = admitted(supply(500_000, 600, 6_000, 1 << 12), &requests);
    assert!(exact < 40_000, "the limit is one: {exact}");
    assert!(
        (exact..exact + exact / 50).contains(&coarse),
        "{coarse} for {exact}"
    );
}
