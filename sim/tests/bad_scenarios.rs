//! What a scenario must not say is refused, with its place and what was expected.

mod program;
mod validator;

use std::fs;

use program::{fails, scenario};
use tempfile::TempDir;
use validator::complaints;

/// Ends of what is refused although the schema is content, and why it cannot know.
const BEYOND_THE_SCHEMA: &[(&str, &str)] = &[
    ("[workload", "it is not TOML"),
    ("name = \"one\"", "two names are compared"),
    ("[[workload]]\nname = \"b\"", "two names are compared"),
    ("[[workload]]", "names are required only among several"),
    ("= 1e18 }", "requests are counted over time and workloads"),
    ("least = 30 }", "two fields are compared"),
    ("least_spacing_s = 2 }", "two fields are compared"),
    ("cap_s = 3 }", "two fields are compared"),
    ("window_safe = true", "two fields are compared"),
    ("kind = \"calendar\" }]", "`settle` is compared with limits"),
    ("\"22:00\"]] }", "two times are compared"),
    (
        "utc_offset_h = 0.001 }",
        "fractions of minutes are not exact",
    ),
    ("Mars/Olympus\"", "time zones are looked up"),
    ("limits = [1, 2]\n", "two lists are compared"),
    ("at_s = 60\nlimits = [2]\n", "two times are compared"),
    ("key = 2\n", "two fields are compared"),
    ("warmup_s = 600", "two fields are compared"),
    (
        "{ rate_per_min = 0, mean_s = 1 }]",
        "rates are added up over states",
    ),
    ("next = [1] }]", "two lists are compared"),
    ("next = [0, 1] }]", "a weight is compared with its place"),
    ("next = [0, 1, 0] }]", "ways through states are followed"),
    ("mean_s = 1e-9 }]", "changes of state are counted over time"),
    (
        "mean_s = 1e-8 } }",
        "changes of state are counted over time",
    ),
    ("[{ weight = 1 }]", "four fields are compared"),
    (
        "hint_in = \"headers\" }]",
        "layers are told from each other by their places",
    ),
    ("patience.fixed_s = 0", "elsewhere such a span may be 0"),
    ("[0.4, 20]]", "two numbers are compared"),
    ("[0.6, 9]]", "two numbers are compared"),
    ("[0, 0, 0, 0, 0, 0, 0]", "factors are added up"),
    ("rate_per_min = 5", "it goes with a preset's arrivals alone"),
    (
        "profile.weekly = [1, 1, 1, 1, 1, 1, 1]",
        "two fields are compared",
    ),
];

#[track_caller]
fn refuses(from: &str, to: &str, parts: &[&str]) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| {
        assert!(text.contains(from), "the test edits what is not there");
        text.replacen(from, to, 1)
    });
    fails(&["compare", &path], parts);
    fails(&["check", &path], parts);
    let known = BEYOND_THE_SCHEMA.iter().find(|(end, _)| to.ends_with(end));
    if let Some((_, "it is not TOML")) = known {
        return;
    }
    let text = fs::read_to_string(&path).expect("it was just written");
    let complaints = complaints(&paceline_sim::scenario::schema(), &text);
    match known {
        Some((end, why)) => assert!(complaints.is_empty(), "{end}: {why}, but {complaints:?}"),
        None => assert!(!complaints.is_empty(), "the schema does not see `{to}`"),
    }
}

#[test]
fn bad_values_are_refused_with_line_field_and_what_was_expected() {
    refuses(
        "seed = 1",
        "sed = 1",
        &["scenario.toml:1:", "unknown field `sed`", "`seed`"],
    );
    refuses(
        "= 30 }",
        "= -3 }",
        &[":5:", "rate_per_min", "above 0", "-3"],
    );
    refuses(
        "= 30 }",
        "= nan }",
        &[":5:", "rate_per_min", "above 0", "NaN"],
    );
    refuses(
        "poisson",
        "poison",
        &[":5:", "unknown variant `poison`", "`on_off`"],
    );
    refuses(
        "= 600",
        "= 0",
        &[":2:", "duration_s", "at least a nanosecond"],
    );
    refuses("= 600", "= inf", &[":2:", "duration_s", "inf"]);
    refuses(
        "= 600",
        "= 600\nwarmup_s = -1",
        &[":3:", "warmup_s", "seconds from 0", "-1"],
    );
    refuses(
        "= 600",
        "= 600\nwarmup_s = 600",
        &["warmup_s: expected less than duration_s (600), found 600"],
    );
    refuses(
        "\"gcra\"",
        "\"leaky\"",
        &["provider.limit[0]", "unknown variant `leaky`", "`gcra`"],
    );
    refuses(
        "per = \"minute\"\n",
        "",
        &["provider.limit[0]", "`per`", "`period_s`"],
    );
    refuses(
        "limit = 10\n",
        "limit = -10\n",
        &["provider.limit[0]", "-10"],
    );
    refuses(
        "\"sdk-default\"",
        "\"sdk\"",
        &[
            "strategy[1]",
            "unknown strategy preset `sdk`",
            "`sdk-default`",
        ],
    );
    refuses(
        "preset = \"sdk-default\"",
        "name = \"one\"",
        &["two strategies are named `one`"],
    );
    refuses(
        "input_tokens.fixed = 100\n",
        "",
        &["workload.input_tokens: expected it"],
    );
    refuses("[workload]", "[workload", &[":4:"]);
    refuses(
        "= 30 }",
        "= 1e18 }",
        &["workload.arrivals: expected at most 1e9 requests"],
    );
    refuses(
        "poisson = { rate_per_min = 30 }",
        "batch = { jobs = 20_000_000 }",
        &["at most 1e7"],
    );
}

#[test]
fn contradictions_are_refused() {
    let first = "name = \"one\"";
    for (added, parts) in [
        ("clients = 0", ["strategy[0]", "nonzero"].as_slice()),
        (
            "clients = 20_000",
            &["strategy[0]", "clients", "at most 10000"],
        ),
        (
            "concurrency = 3\nadaptive.aimd = {}",
            &["strategy[0]", "`concurrency` or `adaptive`"],
        ),
        (
            "adaptive.aimd = { least = 30 }",
            &["strategy `one`", "adaptive"],
        ),
        (
            "adaptive.aimd = { backoff_percent = 100 }",
            &["strategy `one`", "adaptive"],
        ),
        (
            "adaptive.vegas = {}",
            &["strategy[0]", "`vegas`", "`gradient2`"],
        ),
        (
            "settle = \"sometimes\"",
            &["strategy[0]", "`sometimes`", "`optimistic`"],
        ),
        (
            "settle = \"strict\"\nlimit = [{ counts = \"requests\", limit = 1, per = \"day\", kind = \"calendar\" }]",
            &["strategy[0]", "`settle`", "`exact` settles all"],
        ),
        (
            "gate = { spacing_s = 61 }",
            &["strategy `one`", "gate", "60 s"],
        ),
        (
            "gate = { spacing_s = 1, least_spacing_s = 2 }",
            &["strategy `one`", "gate", "least spacing <= initial"],
        ),
        (
            "gate = { spacing = 1 }",
            &["strategy[0]", "unknown field `spacing`"],
        ),
        (
            "cache = { hit_ratio = 1.5 }",
            &["strategy[0]", "from 0 to 1", "1.5"],
        ),
        (
            "pace.aimd = { requests_per_min = 1, burst = 0 }",
            &["strategy[0]", "nonzero"],
        ),
        ("cache = {}", &["strategy[0]", "missing field `hit_ratio`"]),
        (
            "batch = { items = 0, wait_s = 1 }",
            &["strategy[0]", "nonzero"],
        ),
        (
            "batch = { items = 2, wait_s = -1 }",
            &["strategy[0]", "expected seconds", "-1"],
        ),
        (
            "off_peak = { windows = [] }",
            &["strategy[0]", "windows: expected at least one"],
        ),
        (
            "off_peak = { windows = [[\"22:00\", \"6\"]] }",
            &["strategy[0]", "windows", "`6`"],
        ),
        (
            "off_peak = { windows = [[\"22:00\", \"22:00\"]] }",
            &["strategy[0]", "windows", "must not be empty"],
        ),
        (
            "off_peak = { windows = [[\"22:00\", \"06:00\"]], utc_offset_h = 24 }",
            &["strategy[0]", "utc_offset_h", "below 24"],
        ),
        (
            "off_peak = { windows = [[\"22:00\", \"06:00\"]], utc_offset_h = 0.001 }",
            &["strategy[0]", "utc_offset_h", "whole minutes"],
        ),
        ("queue = \"lifo\"", &["strategy[0]", "`lifo`", "`priority`"]),
    ] {
        refuses(first, &format!("{first}\n{added}"), parts);
    }
    let second = "[[workload]]\nname = \"b\"\narrivals.batch = { jobs = 1 }\n\
                  input_tokens.fixed = 1\noutput_tokens.fixed = 1\n[[workload]]";
    refuses(
        "[workload]",
        second,
        &["workload[1]: expected `name`, as there are several"],
    );
    refuses(
        "[workload]",
        &format!("{second}\nname = \"b\""),
        &["two workloads are named `b`"],
    );
    refuses(
        "[workload]",
        &format!("{second}\nname = \"c\"\npriority = \"urgent\""),
        &[":11:", "workload[1].priority", "`urgent`", "`interactive`"],
    );
    let whole = "[workload]
arrivals.poisson = { rate_per_min = 30 }
input_tokens.fixed = 100
output_tokens.fixed = 50
";
    for none in ["workload = 3", "workload = []"] {
        refuses(whole, none, &["workload", "expected"]);
    }
    let limit = "kind = \"gcra\"";
    refuses(
        limit,
        "kind = \"gcra\"\nburst = 0",
        &["provider.limit[0]", "burst is zero"],
    );
    refuses(
        limit,
        "kind = \"gcra\"\nburst = 11\nwindow_safe = true",
        &["burst exceeds its limit"],
    );
    refuses(
        limit,
        "kind = \"sliding-log\"\nburst = 5",
        &["`burst` and `window_safe` belong to"],
    );
    refuses(
        limit,
        "kind = \"calendar\"\nzone = \"Mars/Olympus\"",
        &["IANA time zone", "Mars"],
    );
    refuses(
        "preset = \"sdk-default\"",
        "name = \"b\"\nbackoff.delay.exponential = { initial_s = 9, cap_s = 3 }",
        &["strategy `b`: cap is below the first delay"],
    );
    let layers = |around: &str| {
        let layer = "name = \"b\"\nbackoff = [{ delay.constant_s = 1 }";
        format!("{layer}{around}]")
    };
    refuses(
        "preset = \"sdk-default\"",
        "name = \"b\"\nbackoff = []",
        &["backoff: expected a layer of retries, found an empty list"],
    );
    refuses(
        "preset = \"sdk-default\"",
        &layers(&", { delay.constant_s = 1 }".repeat(5)),
        &["backoff: expected at most 5 layers, found 6"],
    );
    refuses(
        "preset = \"sdk-default\"",
        &layers(", { delay.constant_s = 1, hint_in = \"headers\" }"),
        &["backoff[1].hint_in: expected it in the first layer only"],
    );
}

#[test]
fn what_a_provider_does_later_and_to_others_is_checked_as_well() {
    let upgrade = |text: &str, parts: &[&str]| {
        let place = "kind = \"gcra\"\n";
        refuses(
            place,
            &format!("{place}[[provider.upgrade]]\n{text}\n"),
            parts,
        );
    };
    upgrade(
        "at_s = 60\nlimits = [1, 2]",
        &["provider", "upgrade[0].limits", "each of 1 limits, found 2"],
    );
    upgrade(
        "at_s = 60\nlimits = [1]\n[[provider.upgrade]]\nat_s = 60\nlimits = [2]",
        &["provider", "upgrade[1].at_s", "later"],
    );
    upgrade(
        "at_s = -1\nlimits = [1]",
        &["provider.upgrade[0].at_s", "-1"],
    );
    upgrade(
        "at_s = 1\nlimit = [1]",
        &["provider.upgrade[0]", "unknown field `limit`"],
    );

    let tenant = |text: &str, parts: &[&str]| {
        let place = "kind = \"gcra\"\n";
        let arrivals = "arrivals.poisson = { rate_per_min = 1 }";
        let text = format!("{place}[[provider.tenant]]\n{arrivals}\n{text}\n");
        refuses(place, &text, parts);
    };
    tenant(
        "input_tokens.fixed = 1",
        &["provider.tenant[0].output_tokens: expected it"],
    );
    let tokens = "input_tokens.fixed = 1\noutput_tokens.fixed = 1\n";
    tenant(
        &format!("{tokens}key = 2"),
        &["provider.tenant[0].key: expected 1 to 1, found 2"],
    );
    tenant(
        &format!("{tokens}key = 0"),
        &["provider.tenant[0].key", "nonzero"],
    );
    tenant(
        &format!("{tokens}priority = \"batch\""),
        &["provider.tenant[0]", "unknown field `priority`"],
    );
}

#[test]
fn arrivals_and_sizes_that_mean_nothing_are_refused() {
    let arrivals = |to: &str, parts: &[&str]| refuses("poisson = { rate_per_min = 30 }", to, parts);
    let states =
        |states: &str, parts: &[&str]| arrivals(&format!("mmpp.states = [{states}]"), parts);
    let state = "{ rate_per_min = 1, mean_s = 1 }";
    states(state, &[":5:", "arrivals", "2 to 16"]);
    states(
        "{ rate_per_min = 0, mean_s = 1 }, { rate_per_min = 0, mean_s = 1 }",
        &["above 0"],
    );
    states(
        &format!("{state}, {{ rate_per_min = 1, mean_s = 0 }}"),
        &["mean_s", "nanosecond"],
    );
    states(
        &format!("{state}, {{ rate_per_min = 1, mean_s = 1, next = [1] }}"),
        &["states[1].next", "each of 2 states, found 1"],
    );
    states(
        &format!("{state}, {{ rate_per_min = 1, mean_s = 1, next = [0, 1] }}"),
        &["states[1].next: expected 0 for the state itself"],
    );
    states(
        &format!(
            "{state}, {{ rate_per_min = 1, mean_s = 1, next = [0, 0, 1] }}, {{ rate_per_min = 1, mean_s = 1, next = [0, 1, 0] }}"
        ),
        &["states", "none from 1 to 0"],
    );
    states(
        "{ rate_per_min = 1, mean_s = 1e-9 }, { rate_per_min = 1, mean_s = 1e-9 }",
        &["workload.arrivals: expected at most 1e9"],
    );
    arrivals(
        "weibull = { rate_per_min = 1, shape = 0.01 }",
        &["arrivals", "0.05 to 1000", "0.01"],
    );
    let clients = |more: &str, parts: &[&str]| {
        arrivals(
            &format!("clients = {{ rate_per_min = 1, gaps.gamma.shape = 1, {more} }}"),
            parts,
        );
    };
    clients(
        "count = 200_000",
        &["arrivals.clients.count", "1 to 100000"],
    );
    clients(
        "count = 2, active = { share = 0, mean_s = 1 }",
        &["active.share", "1e-6"],
    );
    clients(
        "count = 2, active = { share = 0.5, mean_s = 1e-8 }",
        &["workload.arrivals: expected at most 1e9"],
    );
    clients("count = 2, zipf = -1", &["zipf", "-1"]);
    arrivals("trace = { path = \"x\", speed = 0 }", &["speed", "above 0"]);
    arrivals("trace = { path = \"x\", rows = 0 }", &["rows", "nonzero"]);

    let sizes = |to: &str, parts: &[&str]| {
        refuses(
            "input_tokens.fixed = 100",
            &format!("input_tokens.{to}"),
            parts,
        );
    };
    sizes("mixture = []", &["input_tokens", "1 to 16 parts"]);
    sizes("mixture = [{ weight = 1 }]", &["expected one of `fixed`"]);
    sizes(
        "mixture = [{ weight = 0, fixed = 1 }]",
        &["weight", "above 0"],
    );
    sizes(
        "quantiles = [[0.5, 10]]",
        &["input_tokens", "at least 2 pairs"],
    );
    sizes("quantiles = [[0.5, 10], [0.4, 20]]", &["rising shares"]);
    sizes(
        "quantiles = [[0.5, 10], [0.6, 9]]",
        &["tokens that do not fall"],
    );
    sizes(
        "quantiles = [[0.5, 10], [1.6, 19]]",
        &["from 0 to 1", "1.6"],
    );

    let added =
        |text: &str, parts: &[&str]| refuses("[workload]", &format!("[workload]\n{text}"), parts);
    added(
        "correlation = 1.5",
        &["workload.correlation", "-1 to 1", "1.5"],
    );
    added(
        "profile = {}",
        &["workload.profile", "`hourly` or `weekly`"],
    );
    added(
        "profile.hourly = [1, 2]",
        &["hourly: expected 24 factors, found 2"],
    );
    added(
        "profile.weekly = [0, 0, 0, 0, 0, 0, 0]",
        &["weekly: expected a factor above 0"],
    );
    added(
        "profile = { weekly = [1, 1, 1, 1, 1, 1, 1], utc_offset_h = 24 }",
        &["utc_offset_h", "24"],
    );
    added(
        "multimodal = { share = 2, input_tokens.fixed = 1 }",
        &["multimodal.share", "0 to 1"],
    );
    added("patience.fixed_s = 0", &["patience"]);
    added("rate_per_min = 5", &["rate_per_min", "preset"]);
    added(
        "preset = \"chats\"",
        &["unknown workload preset `chats`", "`chat`"],
    );
    refuses(
        "arrivals.poisson = { rate_per_min = 30 }",
        "arrivals.batch = { jobs = 3 }\nprofile.weekly = [1, 1, 1, 1, 1, 1, 1]",
        &["workload.profile: expected arrivals at a rate"],
    );
}
