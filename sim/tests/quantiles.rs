//! Latencies are kept in histograms that add up and err by what they say.

use paceline_sim::model::{Fate, LATENCY_ERROR};
use proptest::prelude::*;

const SHARES: [f64; 5] = [0.01, 0.50, 0.95, 0.99, 1.0];

fn fate(latencies_us: &[u64]) -> Fate {
    let mut fate = Fate::new();
    for latency in latencies_us {
        fate.completed += 1;
        fate.latency_us.saturating_record(*latency);
    }
    fate
}

/// From a microsecond to months, each order of magnitude as likely.
fn latencies() -> impl Strategy<Value = Vec<u64>> {
    let latency = (0_u32..43).prop_flat_map(|bits| (1_u64 << bits)..(2 << bits));
    prop::collection::vec(latency, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn histograms_of_parts_add_up_to_that_of_the_whole(all in latencies(), cut in any::<prop::sample::Index>()) {
        let (one, other) = all.split_at(cut.index(all.len()));
        let mut sum = fate(other);
        sum.add(&fate(one));
        let whole = fate(&all);
        prop_assert_eq!(sum.completed, whole.completed);
        prop_assert_eq!(&sum.latency_us, &whole.latency_us);
        for share in SHARES {
            let quantile = |fate: &Fate| fate.latency_us.value_at_quantile(share);
            prop_assert_eq!(quantile(&sum), quantile(&whole));
        }
    }

    #[test]
    fn quantiles_err_by_less_than_they_say(mut all in latencies()) {
        let fate = fate(&all);
        all.sort_unstable();
        for share in SHARES {
            // The least latency that this share of the requests did not exceed.
            let least = share * all.len() as f64;
            let ranked = all.iter().zip(1_u32..);
            let mut enough = ranked.filter(|(_, rank)| f64::from(*rank) >= least);
            let exact = *enough.next().expect("the last is enough").0 as f64;
            let found = fate.latency_us.value_at_quantile(share) as f64;
            prop_assert!(found >= exact, "{found} for {exact}");
            prop_assert!(found <= exact * (1.0 + LATENCY_ERROR), "{found} for {exact}");
        }
    }
}
