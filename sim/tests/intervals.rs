//! Intervals hold what they promise to hold, as often as they promise.

use paceline_sim::statistics::{Estimate, Moments, Told, linearised, tell};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, Normal};

const EXPERIMENTS: u32 = 4_000;

/// How often `holds`, of many experiments with a generator each.
fn share(holds: impl Fn(&mut ChaCha8Rng) -> bool) -> f64 {
    let seeds = 0..u64::from(EXPERIMENTS);
    let held = seeds.filter(|&seed| holds(&mut ChaCha8Rng::seed_from_u64(seed)));
    held.count() as f64 / f64::from(EXPERIMENTS)
}

/// Four standard errors of a share.
fn within(share: f64) -> f64 {
    4.0 * (share * (1.0 - share) / f64::from(EXPERIMENTS)).sqrt()
}

fn holds(estimate: Estimate, truth: f64) -> bool {
    let half = estimate.half_width.expect("there are several");
    (estimate.mean - truth).abs() <= half
}

fn normal(mean: f64, deviation: f64) -> Normal<f64> {
    Normal::new(mean, deviation).expect("a legal deviation")
}

#[test]
fn intervals_of_normal_numbers_hold_their_mean_95_times_of_100() {
    for count in [2, 3, 10, 40] {
        let numbers = normal(7.0, 3.0);
        let held = share(|rng| {
            let seen: Moments = numbers.sample_iter(rng).take(count).collect();
            holds(seen.estimate().expect("there are several"), 7.0)
        });
        assert!((held - 0.95).abs() < within(0.95), "{count}: {held}");
    }
}

/// Completed over possible, as both vary together from run to run.
#[test]
fn intervals_of_ratios_hold_the_ratio_of_the_means() {
    let (possible, luck) = (normal(100.0, 15.0), normal(0.0, 5.0));
    let held = share(|rng| {
        let pairs: Vec<_> = (0..20)
            .map(|_| {
                let possible = possible.sample(rng);
                (0.8 * possible + luck.sample(rng), possible)
            })
            .collect();
        let values = linearised(&pairs).expect("something was possible");
        let seen: Moments = values.into_iter().collect();
        holds(seen.estimate().expect("there are several"), 0.8)
    });
    // The delta method is exact in the limit only.
    assert!((held - 0.95).abs() < within(0.95) + 0.005, "{held}");
}

/// Twelve strategies that are as good as the baseline: one of a hundred tables in five says otherwise.
#[test]
fn all_verdicts_of_a_table_are_right_95_times_of_100() {
    let verdicts = 12;
    let confidence = 1.0 - 0.05 / f64::from(verdicts);
    let numbers = normal(0.0, 2.0);
    let right = share(|rng| {
        (0..verdicts).all(|_| {
            let seen: Vec<f64> = numbers.sample_iter(&mut *rng).take(10).collect();
            matches!(tell(&seen, confidence), Some((_, Told::Unsure(_))))
        })
    });
    // Bonferroni gives 0.95 at least; independent verdicts come close to it.
    let expected = confidence.powi(verdicts);
    assert!((right - expected).abs() < within(expected), "{right}");
}

/// As many more as are asked for tell a difference about every second time.
#[test]
fn as_many_more_as_are_asked_for_tell_about_every_second_time() {
    let numbers = normal(1.0, 4.0);
    let (mut asked, mut told) = (0, 0);
    for seed in 0..500 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut seen: Vec<f64> = numbers.sample_iter(&mut rng).take(40).collect();
        let Some((_, Told::Unsure(Some(more)))) = tell(&seen, 0.95) else {
            continue;
        };
        asked += 1;
        seen.extend(numbers.sample_iter(&mut rng).take(more as usize));
        let verdict = tell(&seen, 0.95).expect("there are several").1;
        told += u32::from(verdict == Told::Above);
    }
    assert!(asked > 200, "{asked}");
    let share = f64::from(told) / f64::from(asked);
    assert!((0.4..0.8).contains(&share), "{share}");
}
