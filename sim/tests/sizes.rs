//! Sizes have the quantiles and the correlation that they state.

mod drawn;

use drawn::{jobs, moments};
use paceline_sim::workload::Job;
use proptest::prelude::*;

fn draw(sizes: &str, seed: u64) -> Vec<Job> {
    jobs(
        &format!("arrivals.poisson.rate_per_min = 60000\n{sizes}"),
        40.0,
        seed,
    )
}

fn logs(jobs: &[Job], of: fn(&Job) -> u64) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "tokens are few")]
    jobs.iter().map(|job| (of(job) as f64).ln()).collect()
}

/// The share of requests with at most so many input tokens.
fn share(jobs: &[Job], most: u64) -> f64 {
    let below = jobs.iter().filter(|job| job.input_tokens <= most);
    #[expect(clippy::cast_precision_loss, reason = "few requests")]
    let share = below.count() as f64 / jobs.len() as f64;
    share
}

/// Shares of 40,000 requests are known to 1/400 at worst.
#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 0.01,
        "expected {expected}, found {found}"
    );
}

fn correlation(jobs: &[Job]) -> f64 {
    let (input, output) = (
        logs(jobs, |job| job.input_tokens),
        logs(jobs, |job| job.output_tokens),
    );
    let ((a, var_a), (b, var_b)) = (moments(&input), moments(&output));
    let products: Vec<f64> = input
        .iter()
        .zip(&output)
        .map(|(x, y)| (x - a) * (y - b))
        .collect();
    moments(&products).0 / (var_a * var_b).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 12, ..ProptestConfig::default() })]

    /// Of two lognormals, it is the correlation of the logarithms, and leaves each as it was.
    #[test]
    fn a_correlation_is_recovered(percent in -100_i32..=100, seed in 0_u64..1_000) {
        let stated = f64::from(percent) / 100.0;
        let jobs = draw(&format!(
            "input_tokens.lognormal = {{ median = 20000, sigma = 1 }}
             output_tokens.lognormal = {{ median = 5000, sigma = 0.5 }}
             correlation = {stated:?}"
        ), seed);
        prop_assert!((correlation(&jobs) - stated).abs() < 0.02);
        let (mean, variance) = moments(&logs(&jobs, |job| job.input_tokens));
        prop_assert!((mean - 20_000_f64.ln()).abs() < 0.03);
        prop_assert!((variance.sqrt() - 1.0).abs() < 0.03);
    }

    /// With a correlation, sizes are drawn another way, and from the same distribution.
    #[test]
    fn a_correlation_leaves_each_distribution_as_it_was(kind in 0_usize..5, seed in 0_u64..1_000) {
        let sizes = [
            "gamma = { mean = 300, shape = 0.7 }",
            "pareto = { least = 50, alpha = 1.3, max = 90000 }",
            "mixture = [{ weight = 3, lognormal = { median = 20, sigma = 0.3 } },
                { weight = 1, pareto = { least = 2000, alpha = 2 } }, { weight = 1, fixed = 77 }]",
            "quantiles = [[0.1, 20], [0.5, 493], [0.95, 2387]]",
            "lognormal = { median = 100, sigma = 1.5, max = 700 }",
        ];
        let text = format!("input_tokens.{}\noutput_tokens.fixed = 1", sizes[kind]);
        let (plain, linked) = (draw(&text, seed), draw(&format!("{text}\ncorrelation = 0.5"), seed + 1));
        for most in [1, 20, 22, 60, 77, 100, 300, 493, 700, 2_387, 5_000, 90_000] {
            let (plain, linked) = (share(&plain, most), share(&linked, most));
            prop_assert!((plain - linked).abs() < 0.016, "{most}: {plain} and {linked}");
        }
    }
}

#[test]
fn quantiles_are_met_between_and_beyond_and_bounds_hold() {
    let jobs = draw(
        "input_tokens.quantiles = [[0, 50], [0.5, 493], [0.95, 2387], [1, 4000]]\noutput_tokens.fixed = 1",
        1,
    );
    close(share(&jobs, 493), 0.5);
    close(share(&jobs, 2_387), 0.95);
    // Two quantiles are a lognormal: halfway in score is the geometric mean.
    close(share(&jobs, 1_085), 0.7946);
    let all = || jobs.iter().map(|job| job.input_tokens);
    assert_eq!((all().min(), all().max()), (Some(50), Some(4_000)));
}

#[test]
fn parts_of_a_mixture_come_as_often_as_their_weights_say() {
    let jobs = draw(
        "input_tokens.mixture = [{ weight = 3, fixed = 10 }, { weight = 1, lognormal = { median = 1000, sigma = 0.1 } }]
         output_tokens.fixed = 1",
        2,
    );
    close(share(&jobs, 10), 0.75);
    close(share(&jobs, 1_000), 0.875);
}

#[test]
fn tails_fall_as_stated() {
    let pareto = draw(
        "input_tokens.pareto = { least = 100, alpha = 1.5 }\noutput_tokens.fixed = 1",
        3,
    );
    close(share(&pareto, 400), 1.0 - 0.125);
    let exponential = draw(
        "input_tokens.gamma = { mean = 500, shape = 1 }\noutput_tokens.fixed = 1",
        4,
    );
    close(share(&exponential, 500), 1.0 - (-500.5_f64 / 500.0).exp());
}

#[test]
fn pictures_come_on_top_for_their_share_and_leave_the_text_as_it_was() {
    let text =
        "input_tokens.lognormal = { median = 100, sigma = 1, max = 5000 }\noutput_tokens.fixed = 1";
    let plain = draw(text, 5);
    let rich = draw(
        &format!("{text}\nmultimodal = {{ share = 0.3, input_tokens.fixed = 10000 }}"),
        5,
    );
    let extra = plain
        .iter()
        .zip(&rich)
        .map(|(plain, rich)| rich.input_tokens - plain.input_tokens);
    assert!(extra.clone().all(|extra| extra == 0 || extra == 10_000));
    close(1.0 - share(&rich, 9_999), 0.3);
    assert!(
        plain
            .iter()
            .zip(&rich)
            .all(|(plain, rich)| plain.at == rich.at)
    );
}

#[test]
fn a_maximum_of_0_is_kept_and_harms_nobody() {
    let jobs = draw(
        "input_tokens.lognormal = { median = 9, sigma = 1, max = 0 }\noutput_tokens.fixed = 0",
        6,
    );
    assert!(jobs.iter().all(|job| job.input_tokens == 0));
}
