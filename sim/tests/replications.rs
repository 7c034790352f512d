//! What is told from several runs of a scenario.

mod program;

use std::path::Path;

use paceline_sim::{
    compare::{Plan, Replications, compare, compare_by, differences},
    results::{Comparison, Difference, Metric, Replication, Summary, Verdict},
    scenario::Scenario,
    statistics::half_width,
};
use program::{fails, sim};
use tempfile::TempDir;

const TEXT: &str = "seed = 1
duration_s = 600
workload.arrivals.poisson.rate_per_min = 30
workload.input_tokens.fixed = 100
workload.output_tokens.fixed = 50
provider.limit = [{ counts = \"requests\", limit = 10, per = \"minute\", kind = \"gcra\" }]
strategy = [{ name = \"one\" }, { preset = \"sdk-default\" }]
";

fn scenario(text: &str) -> Scenario {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).expect("the folder can be written to");
    Scenario::read(&path, &[]).expect("the test's scenario is legal")
}

fn run(scenario: &Scenario, replications: Replications, baseline: usize) -> Comparison {
    let plan = Plan {
        replications,
        baseline,
    };
    compare_by(plan, scenario, |_| ()).expect("there is no trace to fail")
}

fn until(precision: f64, most: u32) -> Replications {
    Replications::Until { precision, most }
}

/// A replication with this many of a hundred requests done in as many calls, 95 % of them in a second.
fn replication(completed: u64) -> Replication {
    Replication {
        possible: 100,
        completed,
        calls: completed,
        refused: 0,
        latency_p95_s: Some(1.0),
    }
}

fn verdict(of: &[Replication], baseline: &[Replication], metric: Metric) -> Verdict {
    let differences = differences(of, baseline, 1);
    let mut differences = differences.into_iter();
    let difference = differences.find(|difference| difference.metric == metric);
    difference.expect("every metric is there").verdict
}

#[test]
fn verdicts_follow_constructed_numbers() {
    let of = |completed: &[u64]| {
        completed
            .iter()
            .copied()
            .map(replication)
            .collect::<Vec<_>>()
    };
    let baseline = of(&[50, 55, 52, 49, 51]);
    let goodput = |completed: &[u64]| verdict(&of(completed), &baseline, Metric::Goodput);
    assert_eq!(goodput(&[61, 65, 62, 60, 61]), Verdict::Better);
    assert_eq!(goodput(&[41, 45, 42, 40, 41]), Verdict::Worse);
    assert_eq!(goodput(&[50, 55, 52, 49, 51]), Verdict::NoDifference);
    // As many more as fewer: no number of runs would tell.
    let equal = goodput(&[51, 54, 52, 50, 50]);
    assert_eq!(equal, Verdict::CannotTell { more: None });
    let unsure = goodput(&[60, 50, 58, 47, 59]);
    let Verdict::CannotTell { more: Some(more) } = unsure else {
        panic!("{unsure:?}");
    };
    assert!((1..100).contains(&more), "{more}");

    // Where each call succeeds, and none is refused, there is nothing to tell.
    let more_done = of(&[61, 65, 62, 60, 61]);
    for metric in [
        Metric::RefusedShare,
        Metric::LatencyP95,
        Metric::CallsPerSuccess,
    ] {
        assert_eq!(
            verdict(&more_done, &baseline, metric),
            Verdict::NoDifference
        );
    }
    let worse: Vec<_> = baseline
        .iter()
        .map(|it| Replication {
            calls: it.calls + 10,
            refused: 10,
            latency_p95_s: Some(2.0),
            ..*it
        })
        .collect();
    for metric in [
        Metric::RefusedShare,
        Metric::LatencyP95,
        Metric::CallsPerSuccess,
    ] {
        assert_eq!(verdict(&worse, &baseline, metric), Verdict::Worse);
        assert_eq!(verdict(&baseline, &worse, metric), Verdict::Better);
    }
    assert_eq!(
        verdict(&worse[..1], &baseline[..1], Metric::LatencyP95),
        Verdict::OneRun
    );
    let nothing: Vec<_> = baseline
        .iter()
        .map(|it| Replication {
            completed: 0,
            latency_p95_s: None,
            ..*it
        })
        .collect();
    for metric in [Metric::LatencyP95, Metric::CallsPerSuccess] {
        assert_eq!(
            verdict(&nothing, &baseline, metric),
            Verdict::NothingToCompare
        );
    }
}

/// Differences are those of the figures, whichever strategy is the baseline.
#[test]
fn differences_are_those_of_the_figures() {
    let scenario = scenario(TEXT);
    let forward = run(&scenario, Replications::Fixed(6), 0);
    let backward = run(&scenario, Replications::Fixed(6), 1);
    assert_eq!(
        (forward.baseline.as_str(), backward.baseline.as_str()),
        ("one", "sdk-default")
    );
    assert!(forward.strategies[0].differences.is_empty());
    let [one, sdk] = &forward.strategies[..] else {
        panic!("there are two");
    };
    let figures: [fn(&Summary) -> Option<f64>; 4] = [
        |of| Some(of.goodput),
        |of| Some(of.refused / of.calls),
        |of| of.latency.p95_s,
        |of| of.calls_per_success,
    ];
    let pairs = sdk
        .differences
        .iter()
        .zip(&backward.strategies[0].differences);
    for ((there, back), figure) in pairs.zip(figures) {
        let (of, back) = (
            there.of.expect("both succeed"),
            back.of.expect("both succeed"),
        );
        let expected = figure(sdk).expect("some succeed") - figure(one).expect("some succeed");
        assert!((of.mean - expected).abs() < 1e-9, "{}", there.metric.name());
        assert!(
            (of.mean + back.mean).abs() < 1e-9,
            "{}",
            there.metric.name()
        );
        assert!(of.half_width.is_some() && of.half_width == back.half_width);
    }
}

/// What both strategies meet leaves their difference, so it is told from fewer runs.
#[test]
fn pairs_tell_more_than_two_intervals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut scenario = Scenario::read(&folder.join("eight-agents.toml"), &[])
        .expect("shipped scenarios are legal");
    scenario.strategies.truncate(2);
    let comparison = run(&scenario, Replications::Fixed(20), 0);
    let [baseline, other] = &comparison.strategies[..] else {
        panic!("there are two");
    };
    let of = other.differences[0].of.expect("both get something done");
    // One strategy told from the baseline by four metrics.
    let to_95 = half_width(1.0, 20, 0.95) / half_width(1.0, 20, 1.0 - 0.05 / 4.0);
    let paired = of.half_width.expect("there are 20") * to_95;
    let each = |of: &Summary| of.ci95.goodput.expect("there are 20");
    let apart = each(baseline).hypot(each(other));
    assert!(paired < 0.7 * apart, "{paired} beside {apart}");
    // Three strategies make three times as many verdicts, each of which must be surer.
    let three = differences(&other.each, &baseline.each, 3)[0].of;
    let wider = three.and_then(|of| of.half_width).expect("there are 20");
    let expected = half_width(1.0, 20, 1.0 - 0.05 / 12.0) / half_width(1.0, 20, 0.95);
    assert!(
        (wider / paired - expected).abs() < 1e-9,
        "{wider} beside {paired}"
    );
}

/// Three strategies make two comparisons, which are to be right at once.
#[test]
fn all_others_are_told_from_the_baseline_at_once() {
    let third = TEXT.replace(
        "\"sdk-default\" }",
        "\"sdk-default\" }, { name = \"three\" }",
    );
    let comparison = run(&scenario(&third), Replications::Fixed(5), 0);
    let [baseline, sdk, _] = &comparison.strategies[..] else {
        panic!("there are three");
    };
    let expected = differences(&sdk.each, &baseline.each, 2);
    let widths = |of: &[Difference]| -> Vec<_> { of.iter().map(|it| it.of).collect() };
    assert_eq!(widths(&sdk.differences), widths(&expected));
    let known = expected.iter().filter_map(|it| it.of?.half_width);
    assert!(known.sum::<f64>() > 0.0);
}

#[test]
fn runs_are_added_until_they_are_enough() {
    let scenario = scenario(TEXT);
    let enough = run(&scenario, until(0.015, 1_000), 0);
    let known = enough.precision.clone().expect("it was asked for");
    assert!(
        known.reached && known.worst.is_some_and(|worst| worst <= 0.015),
        "{known:?}"
    );
    for strategy in &enough.strategies {
        let half = strategy.ci95.goodput.expect("there are several");
        assert!(half <= 0.015 * strategy.goodput);
        let (half, p95) = (strategy.ci95.latency_p95_s, strategy.latency.p95_s);
        assert!(half.zip(p95).is_some_and(|(half, p95)| half <= 0.015 * p95));
    }
    // Half as many again each time, and no more than it takes.
    let steps = [10, 15, 22, 33, 49, 73, 109, 163];
    let place = steps.iter().position(|&step| step == enough.replications);
    let place = place.unwrap_or_else(|| panic!("{}", enough.replications));
    assert!(place > 0, "the test should need more than the first runs");
    let before = run(&scenario, until(0.015, steps[place - 1]), 0);
    let known = before.precision.expect("it was asked for");
    assert!(
        !known.reached && known.worst.is_some_and(|worst| worst > 0.015),
        "{known:?}"
    );
    assert_eq!(before.replications, steps[place - 1]);
    // The runs are those that would have been run anyhow.
    let fixed = run(&scenario, Replications::Fixed(enough.replications), 0);
    assert_eq!(fixed.strategies, enough.strategies);
}

#[test]
fn a_single_run_is_sure_of_nothing() {
    let comparison = compare(&scenario(TEXT), 1, || ()).expect("there is no trace to fail");
    for strategy in &comparison.strategies {
        assert_eq!(strategy.ci95, Default::default());
        let mut verdicts = strategy.differences.iter().map(|it| it.verdict);
        assert!(verdicts.all(|verdict| verdict == Verdict::OneRun));
    }
}

#[test]
fn more_runs_say_how_sure_they_are() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = program::scenario(folder.path(), |text| text);
    let print = |args: &[&str]| {
        let output = sim().args(["compare", &path]).args(args).output();
        let output = output.expect("it runs");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let one = print(&[]);
    assert!(!one.contains('±') && !one.contains("against"), "{one}");
    let many = print(&["--replications", "10", "--baseline", "sdk-default"]);
    assert!(
        many.contains(" ± ") && many.contains("against sdk-default"),
        "{many}"
    );
    assert!(print(&["--precision", "5%"]).contains("known within 5 % of themselves"));
    let gave_up = print(&["--precision", "0.01%", "--max-replications", "12"]);
    assert!(
        gave_up.contains("Gave up: not within 0.01 % after 12 runs"),
        "{gave_up}"
    );
    let warm = print(&["--warmup-s", "60"]);
    assert!(
        warm.contains("(nothing counted in the first 60.0 s)"),
        "{warm}"
    );

    let csv = print(&["--replications", "10", "--format", "csv"]);
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let place = csv
        .headers()
        .expect("a header")
        .iter()
        .position(|it| it == "goodput_ci95");
    let row = csv.records().next().expect("a row").expect("it is CSV");
    assert!(
        row[place.expect("the column is there")]
            .parse::<f64>()
            .is_ok()
    );
    let json = print(&["--replications", "10", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert!(json["strategies"][1]["calls_ci95"].is_f64());
    assert_eq!(json["strategies"][1]["differences"][0]["metric"], "goodput");
    assert_eq!(json["latency_relative_error"], 0.001);
    let one = print(&["--format", "json"]);
    assert!(one.contains("one run: --replications 10 or more says how sure"));
    fails(
        &["compare", &path, "--baseline", "nobody"],
        &[
            "--baseline: no strategy is named `nobody`",
            "`one`, `sdk-default`",
        ],
    );
}
