//! What clients do with requests before they wait: caches and batches.

mod common;
mod house;
mod text;

use std::path::Path;

use common::{run, strategy};
use house::shipped;
use paceline_sim::{
    report,
    results::{Comparison, Summary},
    scenario::Scenario,
};

const HOUR: &str = "seed = 3
    duration_s = 3_600
    [workload]
    arrivals.poisson = { rate_per_min = 100 }
    input_tokens.fixed = 10
    output_tokens.fixed = 10
    [provider]
    first_token.fixed_s = 1
    charge = \"input+max_tokens\"
    [[provider.limit]]
    counts = \"requests\"
    limit = 50
    per = \"minute\"
    kind = \"gcra\"
    burst = 1
";

fn hour(strategies: &str) -> Comparison {
    run(&format!("{HOUR}{strategies}"), 1)
}

fn completed_at_once(summary: &Summary) -> f64 {
    let curve = summary.latency.curve.iter();
    curve
        .filter(|&&(_, s)| s < 0.01)
        .map(|&(share, _)| share)
        .fold(0.0, f64::max)
}

/// What is not in the cache is called for, and nothing else.
#[test]
fn a_cache_answers_its_share_without_a_call() {
    let comparison = hour(
        "[[strategy]]\nname = \"none\"
        [[strategy]]\nname = \"tiny\"\ncache.hit_ratio = 0
        [[strategy]]\nname = \"fifth\"\ncache.hit_ratio = 0.2
        [[strategy]]\nname = \"all\"\ncache.hit_ratio = 1",
    );
    let by = |name| strategy(&comparison, name);
    let all = by("all");
    assert_eq!((all.completed, all.calls), (comparison.arrivals, 0.0));
    // No schedule of calls gets as much done.
    assert!(all.goodput > 1.9, "{}", all.goodput);
    assert_eq!(
        (by("tiny").completed, by("tiny").calls),
        (by("none").completed, by("none").calls)
    );
    let hits = 1.0 - by("fifth").calls / comparison.arrivals;
    let standard_error = (0.2 * 0.8 / comparison.arrivals).sqrt();
    assert!((hits - 0.2).abs() < 4.0 * standard_error, "{hits}");
    // Hits are answered at once, all else after a second.
    let share = (hits * comparison.arrivals) / by("fifth").completed;
    assert!((completed_at_once(by("fifth")) - share).abs() < 0.02);
}

/// The lot is that of the request: whatever else a client does, and however large its cache is.
#[test]
fn strategies_hit_the_same_requests() {
    let comparison = hour(
        "[[strategy]]\nname = \"small\"\ncache.hit_ratio = 0.3
        [[strategy]]\nname = \"slow\"\ncache.hit_ratio = 0.3\nspacing_s = 1",
    );
    let sent = |name| {
        let summary = strategy(&comparison, name);
        // Those that wait in line at the end are not called for.
        summary.calls
            + if name == "slow" {
                summary.unfinished
            } else {
                0.0
            }
    };
    assert!((sent("small") - sent("slow")).abs() <= 1.0);
}

/// A hundred a minute in tens: ten calls a minute, each of ten times the tokens.
#[test]
fn a_batch_is_one_call_of_all_its_tokens() {
    let tokens = HOUR
        .replace("counts = \"requests\"", "counts = \"tokens\"")
        .replace("limit = 50", "limit = 1_000")
        .replace("burst = 1\n", "");
    let batch = "[[strategy]]\nname = \"tens\"\nbatch = { items = 10, wait_s = 600 }
        [[strategy]]\nname = \"ones\"\nbatch = { items = 1, wait_s = 600 }
        [[strategy]]\nname = \"singles\"";
    let comparison = hour(batch);
    let tens = strategy(&comparison, "tens");
    assert_eq!(tens.calls, (comparison.arrivals / 10.0).floor());
    assert!(tens.refused < 20.0, "{}", tens.refused);
    assert!(tens.completed + 10.0 * (tens.refused + 1.0) + 10.0 >= comparison.arrivals);
    // Twice what could be admitted one by one.
    assert!(tens.goodput > 1.7, "{}", tens.goodput);
    let (ones, singles) = (
        strategy(&comparison, "ones"),
        strategy(&comparison, "singles"),
    );
    assert_eq!(
        (ones.completed, &ones.latency),
        (singles.completed, &singles.latency)
    );

    // A limit on tokens knows no difference: 20 a request, in calls of 200.
    let comparison = run(&format!("{tokens}{batch}"), 1);
    let tens = strategy(&comparison, "tens");
    assert!(tens.completed <= comparison.optimum.requests);
    let admitted = 10.0 * (tens.calls - tens.refused);
    assert!((admitted - 3_000.0).abs() < 100.0, "{admitted}");
    assert_eq!(tens.abandoned, 10.0 * tens.refused);
    assert_eq!(tens.wasted_tokens, 100.0 * tens.refused);
}

/// A batch that is not full is sent once its first request has waited for so long, and each request has
/// the latency from its own arrival.
#[test]
fn a_batch_waits_no_longer_than_is_said() {
    let unlimited = HOUR.replace("limit = 50", "limit = 5_000");
    let text = format!(
        "{unlimited}[[strategy]]\nname = \"patient\"\nbatch = {{ items = 1_000, wait_s = 6 }}"
    );
    let comparison = run(&text, 1);
    let patient = strategy(&comparison, "patient");
    // One opens it, and ten more come in 6 s.
    let items = patient.completed / patient.calls;
    assert!((items - 11.0).abs() < 0.7, "{items}");
    let curve = &patient.latency.curve;
    let (least, most) = (curve[0].1, curve[curve.len() - 1].1);
    assert!((0.99..1.1).contains(&least), "{least}");
    assert!((6.99..=7.01).contains(&most), "{most}");
    let median = patient.latency.p50_s.expect("they succeeded");
    // Of eleven, one waits for all of it and ten for 3 s on average.
    assert!((4.0..4.7).contains(&median), "{median}");
    let ends = patient.completed + patient.unfinished + patient.abandoned;
    assert_eq!(ends, comparison.arrivals);
}

/// Two kinds that come in turns: were they mixed, all would be called for in pairs.
#[test]
fn a_batch_holds_one_workload_of_one_client() {
    let calls = |clients: u32, second: &str| {
        let text = format!(
            "seed = 3
            duration_s = 600
            [[workload]]
            name = \"first\"
            arrivals.batch = {{ jobs = 3 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            {second}
            [[strategy]]
            name = \"pairs\"
            clients = {clients}
            batch = {{ items = 2, wait_s = 5 }}"
        );
        let comparison = run(&text, 1);
        let pairs = strategy(&comparison, "pairs");
        assert_eq!(pairs.completed, comparison.arrivals);
        pairs.calls
    };
    let second = "[[workload]]
        name = \"second\"
        arrivals.batch = { jobs = 3 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1";
    assert_eq!(calls(1, ""), 2.0);
    assert_eq!(calls(1, second), 4.0);
    assert_eq!(calls(3, ""), 3.0);
}

/// A call that outlasts the deadline of the first is in time for the last.
#[test]
fn each_request_of_a_batch_has_its_own_end() {
    let text = "seed = 3
        duration_s = 3_600
        [workload]
        arrivals.poisson = { rate_per_min = 60 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.fixed_s = 5
        [[strategy]]
        name = \"late\"
        deadline_s = 10
        batch = { items = 1_000, wait_s = 9 }";
    let comparison = run(text, 1);
    let late = strategy(&comparison, "late");
    // Of ten in a batch, those of the last five of nine seconds are in time.
    let share = late.completed / (late.completed + late.abandoned);
    assert!((share - 0.5).abs() < 0.04, "{share}");
    // What is under way at the end is lost as well, and is not there yet.
    assert!(late.abandoned - late.wasted_tokens <= 20.0);
    let slowest = late.latency.curve.last().expect("some were in time").1;
    assert!(slowest <= 10.01, "{slowest}");
}

#[test]
fn the_explanation_says_so() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    let text = format!(
        "{HOUR}[[strategy]]
        name = \"all\"
        cache.hit_ratio = 0.25
        batch = {{ items = 10, wait_s = 2 }}
        off_peak = {{ windows = [[\"22:00\", \"06:00\"]], utc_offset_h = -5.5 }}"
    );
    std::fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(Path::new(&path), &[]).expect("it is legal");
    let said = report::explanation(&scenario);
    for line in [
        "- answers 25 % of requests from a cache\n",
        "- sends patient requests from 22:00 to 06:00 only, UTC-5.5 h\n",
        "- sends up to 10 requests as one, which wait 2 s for each other\n",
    ] {
        assert!(said.contains(line), "no `{line}` in\n{said}");
    }
}

/// A day takes a thousand requests; with a cache or batches it does more.
#[test]
fn caches_and_batches_stretch_the_quota_of_a_day() {
    let comparison = shipped("day-quota.toml");
    let by = |name| strategy(&comparison, name);
    assert_eq!(
        (by("as they come").completed, by("as they come").goodput),
        (3_000.0, 1.0)
    );
    assert!(comparison.optimum.exact);
    assert_eq!(by("as they come").refused, 0.0);
    assert!((1.7..1.8).contains(&by("a third from a cache").goodput));
    let tens = by("in tens");
    assert!(tens.completed >= comparison.arrivals - 10.0);
    // The first of a batch waits for two minutes.
    assert!(tens.latency.p50_s.expect("some") < 121.0);
}
