//! Requests, drawn.

use paceline_sim::{
    engine::Streams,
    scenario::Scenario,
    workload::{Job, Jobs},
};

/// The requests of one workload within so many seconds from a Monday's midnight on.
pub(crate) fn jobs(workload: &str, duration_s: f64, seed: u64) -> Vec<Job> {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    let text = format!(
        "seed = {seed}\nduration_s = {duration_s:?}\nstart = \"2026-03-02T00:00:00Z\"\n[workload]\n{workload}\n[[strategy]]\nname = \"s\""
    );
    std::fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(&path, &[]).expect("the test's scenario is legal");
    let mut jobs = Jobs::start(&scenario, Streams::new(seed)).expect("its trace can be opened");
    std::iter::from_fn(|| jobs.next_job().expect("its trace is legal")).collect()
}

/// When requests arrive, in seconds since the start.
pub(crate) fn times(arrivals: &str, duration_s: f64, seed: u64) -> Vec<f64> {
    let workload = format!("{arrivals}\ninput_tokens.fixed = 1\noutput_tokens.fixed = 1");
    let start_s = 1_772_409_600;
    let jobs = jobs(&workload, duration_s, seed);
    let nanos = jobs
        .iter()
        .map(|job| job.at.as_nanos() - start_s * 1_000_000_000);
    #[expect(clippy::cast_precision_loss, reason = "microseconds are enough")]
    nanos.map(|nanos| nanos as f64 / 1e9).collect()
}

/// The mean, and the variance by the mean, of the counts in windows of this width.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places of windows"
)]
pub(crate) fn dispersion(times: &[f64], duration_s: f64, window_s: f64) -> (f64, f64) {
    let mut counts = vec![0.0; (duration_s / window_s) as usize];
    for time in times {
        if let Some(count) = counts.get_mut((time / window_s) as usize) {
            *count += 1.0;
        }
    }
    let (mean, variance) = moments(&counts);
    (mean, variance / mean)
}

/// The mean and the variance.
pub(crate) fn moments(numbers: &[f64]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "few numbers")]
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = numbers.iter().map(|number| (number - mean).powi(2));
    (mean, squares.sum::<f64>() / (count - 1.0))
}
