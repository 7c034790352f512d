//! Several workloads meet in time, and do not change each other.

use paceline_sim::{
    engine::Streams,
    scenario::Scenario,
    workload::{Job, Jobs},
};

const FIRST: &str = "name = \"a\"
    arrivals.poisson = { rate_per_min = 60 }
    input_tokens.lognormal = { median = 100, sigma = 1 }
    output_tokens.fixed = 1";

fn jobs(workloads: &[&str]) -> Vec<Job> {
    let workloads: Vec<_> = workloads
        .iter()
        .map(|workload| format!("[[workload]]\n{workload}"))
        .collect();
    let text = format!(
        "seed = 3\nduration_s = 600\n{}\n[[strategy]]\nname = \"s\"",
        workloads.join("\n")
    );
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(&path, &[]).expect("the test's scenario is legal");
    let mut jobs = Jobs::start(&scenario, Streams::new(3)).expect("there is no trace");
    std::iter::from_fn(|| jobs.next_job().expect("there is no trace")).collect()
}

/// When requests of one workload arrive, and how large they are.
fn of(jobs: &[Job], workload: u32) -> Vec<(u64, u64)> {
    let jobs = jobs.iter().filter(|job| job.workload == workload);
    jobs.map(|job| (job.at.as_nanos(), job.input_tokens))
        .collect()
}

#[test]
fn requests_are_numbered_in_order_of_arrival_whatever_their_workload() {
    let batch = "name = \"b\"
        arrivals.batch = { jobs = 5 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1";
    let jobs = jobs(&[FIRST, batch]);
    assert!(jobs.is_sorted_by_key(|job| job.at));
    assert!(jobs.iter().map(|job| job.id).eq(0..jobs.len() as u64));
    assert!(jobs[..5].iter().all(|job| job.workload == 1));
    assert_eq!(of(&jobs, 1).len(), 5);
}

#[test]
fn another_workload_leaves_the_first_as_it_was_and_draws_its_own() {
    let second = FIRST.replace("\"a\"", "\"b\"");
    let (one, two) = (jobs(&[FIRST]), jobs(&[FIRST, &second]));
    assert_eq!(of(&one, 0), of(&two, 0));
    assert!(of(&one, 0).len() > 500);
    let (first, second) = (of(&two, 0), of(&two, 1));
    let same = |(a, b): (&(u64, u64), &(u64, u64))| a.0 == b.0;
    assert!(!first.iter().zip(&second).any(same));
    let sizes = |jobs: &[(u64, u64)]| jobs.iter().map(|job| job.1).take(50).collect::<Vec<_>>();
    assert_ne!(sizes(&first), sizes(&second));
}
