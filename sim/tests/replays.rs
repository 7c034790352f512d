//! Traces are replayed as a scenario wants them.

mod drawn;

use std::fmt::Write;

use drawn::{dispersion, jobs};
use paceline_sim::workload::Job;
use tempfile::TempDir;

/// Ten requests every three seconds, stamped at once.
fn stamped(rows: u64, options: &str) -> Vec<Job> {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("trace.csv");
    let mut text = "arrival_ms,input_tokens,output_tokens\n".to_owned();
    for row in 0..rows {
        let _ = writeln!(text, "{},{row},1", row / 10 * 3_000);
    }
    std::fs::write(&path, text).expect("the folder can be written to");
    let trace = format!(
        "arrivals.trace = {{ path = '{}'{options} }}",
        path.display()
    );
    jobs(&trace, 10_000.0, 1)
}

fn seconds(jobs: &[Job]) -> Vec<f64> {
    let first = 1_772_409_600_000_000_000;
    #[expect(clippy::cast_precision_loss, reason = "microseconds are enough")]
    jobs.iter()
        .map(|job| (job.at.as_nanos() - first) as f64 / 1e9)
        .collect()
}

#[test]
fn stamps_are_spread_evenly_and_stay_sorted() {
    let (plain, spread) = (stamped(30_000, ""), stamped(30_000, ", spread_s = 3"));
    assert_eq!(plain.len(), 30_000);
    assert_eq!(spread.len(), plain.len());
    assert!(spread.is_sorted_by_key(|job| job.at));
    let (before, after) = (seconds(&plain), seconds(&spread));
    for job in &spread {
        // Its size is its number, so we know where it was.
        let row = usize::try_from(job.input_tokens).expect("few rows");
        let late = job.at.as_nanos() - plain[row].at.as_nanos();
        assert!(late < 3_000_000_000);
    }
    // Ten points that fall anywhere in three windows: a binomial, whose variance is two thirds.
    assert!(dispersion(&before, 9_000.0, 1.0).1 > 6.0);
    let even = dispersion(&after, 9_000.0, 1.0).1;
    assert!((even - 2.0 / 3.0).abs() < 0.05, "{even}");
}

/// A step wider than the gaps between stamps mixes them, and loses none.
#[test]
fn wide_steps_mix_rows_and_lose_none() {
    let spread = stamped(3_000, ", spread_s = 100");
    assert!(spread.is_sorted_by_key(|job| job.at));
    let mut rows: Vec<u64> = spread.iter().map(|job| job.input_tokens).collect();
    assert!(!rows.is_sorted());
    rows.sort_unstable();
    assert!(rows.into_iter().eq(0..3_000));
}

#[test]
fn a_speed_shortens_gaps_and_rows_are_the_first() {
    let (plain, fast) = (
        stamped(1_000, ""),
        stamped(1_000, ", speed = 4, rows = 500"),
    );
    assert_eq!(fast.len(), 500);
    for (plain, fast) in seconds(&plain).iter().zip(seconds(&fast)) {
        assert!((plain / 4.0 - fast).abs() < 1e-6);
    }
}
