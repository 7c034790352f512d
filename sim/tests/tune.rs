//! Tuning as its users meet it.

mod program;

use std::{fs, path::Path};

use program::{fails, scenario, sim};
use tempfile::TempDir;

/// Sixty a minute with a burst of one, and nobody retries: spaced more closely than a second, calls are
/// refused; spaced more widely, time is lost.
fn spaced(folder: &Path) -> String {
    let text = r#"seed = 3
duration_s = 300
[workload]
arrivals.batch = { jobs = 300 }
input_tokens.fixed = 10
output_tokens.fixed = 10
[[provider.limit]]
counts = "requests"
limit = 60
per = "minute"
kind = "gcra"
burst = 1
[[strategy]]
name = "spaced"
spacing_s = 4
"#;
    scenario(folder, |_| text.to_owned())
}

/// What `sim tune` says about the spacing in this range.
fn tune(path: &str, over: &str, more: &[&str]) -> String {
    let args = ["tune", path, "--strategy", "spaced", "--over", over];
    let run = sim().args(args).args(more).assert().success();
    String::from_utf8(run.get_output().stdout.clone()).expect("UTF-8")
}

#[test]
fn tuning_finds_the_spacing_that_wastes_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = spaced(folder.path());
    let found_by = |threads: &str, out: &str| {
        let out = folder.path().join(out);
        let shown = out.display().to_string();
        let runs = ["--fresh", "2", "--replications", "1"];
        let more = [
            "--subject-to",
            "refused<=1%",
            "--threads",
            threads,
            "--out",
            &shown,
        ];
        let said = tune(&path, "spacing_s=0.1..5:log", &[&runs[..], &more].concat());
        (said, fs::read(out.join("tune.json")).expect("written"))
    };
    let (said, json) = found_by("2", "two");
    let found: serde_json::Value = serde_json::from_slice(&json).expect("it is JSON");
    let best = usize::try_from(found["best"].as_u64().expect("one is feasible")).expect("small");
    let favourite = &found["favourites"][best];
    let set = favourite["set"][0].as_str().expect("a text");
    let spacing: f64 = set
        .rsplit('=')
        .next()
        .expect("a value")
        .parse()
        .expect("a number");
    assert!((1.0..1.25).contains(&spacing), "{said}");
    assert!(
        favourite["goodput"].as_f64().expect("a number") > 0.8,
        "{said}"
    );
    assert!(
        said.contains("is no different") || said.contains("is better"),
        "{said}"
    );
    assert_eq!((said, json), found_by("1", "one"), "threads do not matter");
}

#[test]
fn tuning_says_if_nothing_keeps_the_bounds() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = spaced(folder.path());
    let more = ["--trials", "8", "--subject-to", "refused<=1%"];
    let said = tune(&path, "spacing_s=0.1..0.3", &more);
    assert!(
        said.contains("Nothing that was tried keeps to refused <= 1 %"),
        "{said}"
    );
    let nobody = [
        "tune",
        &path,
        "--strategy",
        "nobody",
        "--over",
        "spacing_s=1..2",
    ];
    fails(&nobody, &["--strategy nobody", "`spaced`"]);
    let wrong = [
        "tune",
        &path,
        "--strategy",
        "spaced",
        "--over",
        "spacing_s=-2..-1",
    ];
    fails(&wrong, &["spacing_s=-", "expected seconds"]);
}

const FEW: [&str; 6] = ["--trials", "12", "--replications", "1", "--fresh", "2"];

#[test]
fn tuning_tries_the_ends_of_what_it_searches() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = spaced(folder.path());
    let said = tune(
        &path,
        "spacing_s=0.1..1.0",
        &[&FEW[..], &["--subject-to", "refused<=0%"]].concat(),
    );
    assert!(said.contains("spacing_s=1.0\n"), "{said}");
}

#[test]
fn values_that_make_no_scenario_are_worse_than_any_that_do() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = spaced(folder.path());
    let said = tune(
        &path,
        "spacing_s=-3..3",
        &[&FEW[..], &["--subject-to", "refused<=1%"]].concat(),
    );
    assert!(
        said.contains("is better") || said.contains("is no different"),
        "{said}"
    );
    assert!(!said.contains("spacing_s=-"), "{said}");
}
