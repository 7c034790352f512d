//! The program as its users meet it: exit codes, messages, files.

mod program;
mod score;
mod workload_words;

use std::fs;

use paceline_sim::scenario::presets;
use program::{fails, scenario, sim};
use tempfile::TempDir;

#[test]
fn bad_traces_are_refused_with_their_line() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let trace = folder.path().join("trace.csv");
    let name = trace.display().to_string();
    let header = "arrival_ms,input_tokens,output_tokens\n";
    let replay = |text: &[u8], parts: &[&str]| {
        fs::write(&trace, text).expect("the folder can be written to");
        fails(&["compare", &path, "--trace", &name], parts);
    };
    let with = |rows: &str| format!("{header}{rows}").into_bytes();
    replay(b"", &["trace.csv:1: expected a header", "`arrival_ms`"]);
    replay(&with(""), &["expected at least one row"]);
    replay(
        &with("5,1,1\n3,1,1\n"),
        &["trace.csv:3: arrival_ms: expected rows sorted", "3 after 5"],
    );
    replay(
        &with("0,NaN,1\n"),
        &[
            "trace.csv:2: input_tokens: expected a whole number",
            "`NaN`",
        ],
    );
    replay(&with("0,1,-1\n"), &["trace.csv:2: output_tokens", "`-1`"]);
    replay(&with("0,1\n"), &["trace.csv:2: output_tokens", "``"]);
    replay(
        &with("0,1,99999999999999999999\n"),
        &["trace.csv:2: output_tokens"],
    );
    let long = format!("{header}0,1,{}", "9".repeat(70_000));
    replay(long.as_bytes(), &["lines of at most 64 KiB"]);
    replay(
        b"arrival_ms,input_tokens,output_tokens\n0,1,\xff\n",
        &["UTF-8"],
    );

    fails(
        &["compare", &path, "--trace", "/no/such/file.csv"],
        &["/no/such/file.csv", "No such file"],
    );
    let here = folder.path().display().to_string();
    fails(
        &["compare", &path, "--trace", &here],
        &["expected a trace, found a folder"],
    );
}

#[test]
fn missing_files_and_folders_that_cannot_be_written_are_named() {
    fails(
        &["compare", "/no/such/scenario.toml"],
        &["/no/such/scenario.toml", "No such file"],
    );
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("the folder can be written to");
    let below = file.join("out").display().to_string();
    fails(
        &["compare", &path, "--out", &below],
        &["cannot make this folder"],
    );
    assert_eq!(fs::read(&file).expect("it is still there"), b"in the way");
}

#[test]
fn wrong_usage_exits_with_2() {
    for args in [
        &["compare"][..],
        &["compare", "x.toml", "--replications", "0"],
        &["compare", "x.toml", "--precision", "2"],
        &["compare", "x.toml", "--precision", "0%"],
        &[
            "compare",
            "x.toml",
            "--precision",
            "2%",
            "--replications",
            "5",
        ],
        &["compare", "x.toml", "--max-replications", "50"],
        &["compare", "x.toml", "--set", "no-equals-sign"],
        &["compare", "x.toml", "--format", "xml"],
        &["nonsense"],
    ] {
        sim().args(args).assert().code(2);
    }
    sim().arg("--help").assert().success();
}

#[test]
fn overrides_change_values_and_say_so_when_they_are_wrong() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let check = |change: &str| {
        let output = sim()
            .args(["check", &path, "--set", change])
            .output()
            .expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(check("duration_s=7200").contains("2.00 h"));
    assert!(check("warmup_s=90").contains("counts nothing in the first 90.0 s"));
    assert!(check("provider.limit.0.limit=77").contains("77 requests/min"));
    assert!(check("strategy.one.concurrency=3").contains("3 requests at a time"));
    assert!(check("strategy.1.name=another").contains("another"));
    assert!(check("workload.arrivals.poisson.rate_per_min=7.5").contains("7.5 a minute"));

    let fails_with =
        |change: &str, parts: &[&str]| fails(&["check", &path, "--set", change], parts);
    fails_with(
        "duration_s=-1",
        &["--set duration_s=-1: duration_s: ", "found -1"],
    );
    fails_with(
        "strategy.nobody.concurrency=3",
        &["no element is named or numbered `nobody`"],
    );
    fails_with("provider.colour=red", &["unknown field `colour`"]);
}

#[test]
fn a_run_leaves_seven_files_and_nothing_else() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("deep/out");
    let shown = out.display().to_string();
    sim()
        .args(["compare", &path, "--out", &shown])
        .assert()
        .success();
    let mut names: Vec<_> = fs::read_dir(&out)
        .expect("the folder was made")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    let expected = [
        "latency.png",
        "latency.svg",
        "report.html",
        "results.csv",
        "results.json",
        "throughput.png",
        "throughput.svg",
    ];
    assert_eq!(names, expected);
    let png = fs::read(out.join("throughput.png")).expect("it is there");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
}

#[test]
fn equal_seeds_give_equal_bytes_whatever_the_threads() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let run = |threads: &str, seed: &str, how: &[&str]| {
        let out = folder.path().join(format!("{threads}-{seed}"));
        let shown = out.display().to_string();
        let args = ["--threads", threads, "--seed", seed, "--out", &shown];
        sim()
            .args(["compare", &path])
            .args(args)
            .args(how)
            .assert()
            .success();
        [
            "results.json",
            "results.csv",
            "throughput.svg",
            "throughput.png",
            "latency.svg",
            "latency.png",
            "report.html",
        ]
        .map(|name| fs::read(out.join(name)).expect("it was written"))
    };
    let fixed = ["--replications", "7", "--baseline", "sdk-default"];
    let precise = ["--precision", "2%", "--max-replications", "40"];
    for how in [&fixed[..], &precise] {
        assert!(
            run("1", "5", how) == run("2", "5", how),
            "two threads changed the results: {how:?}"
        );
    }
    let reference = run("1", "5", &fixed);
    let other = run("2", "6", &fixed);
    assert!(reference[0] != other[0], "another seed changed nothing");
}

#[test]
fn a_page_says_what_to_type_and_what_was_run() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let shown = folder.path().display().to_string();
    let changes = [
        "--set",
        "strategy.0.name=it's",
        "--set",
        "strategy.0.preset=no-care",
    ];
    sim()
        .args(["compare", &path, "--seed", "9", "--out", &shown])
        .args(changes)
        .assert()
        .success();
    let page = fs::read_to_string(folder.path().join("report.html")).expect("it was written");
    let command = "--seed 9 --replications 1 --set &#39;strategy.0.name=it&#39;\\&#39;&#39;s&#39; \
                   --set strategy.0.preset=no-care";
    assert!(page.contains(command), "the command is not there");
    assert!(!page.contains(&shown), "a folder is nobody's business");
    let preset = presets::STRATEGIES.find("no-care").expect("it ships");
    let summary = preset.summary();
    assert!(page.contains(summary), "the preset is not there");
}

#[test]
fn every_format_is_what_it_says() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| {
        text.replace("\"one\"", "\"a, \\\"quoted\\\" <name>\"")
    });
    let print = |format: &str| {
        let output = sim()
            .args(["compare", &path, "--format", format])
            .output()
            .expect("it runs");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let json: serde_json::Value = serde_json::from_str(&print("json")).expect("it is JSON");
    assert_eq!(json["strategies"][0]["strategy"], "a, \"quoted\" <name>");
    let mut csv = csv::Reader::from_reader(print("csv").into_bytes().leak() as &[u8]);
    let first = csv.records().next().expect("a row").expect("it is CSV");
    assert_eq!(&first[0], "a, \"quoted\" <name>");
    assert!(print("table").contains("sdk-default"));
    assert!(
        !print("table").contains('\u{1b}'),
        "colours only on a terminal"
    );
}

#[test]
fn a_provider_of_a_preset_says_where_its_figures_were_read() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    let check = |provider: &str| {
        let text = format!(
            "seed = 1\nduration_s = 60
             workload.arrivals.batch.jobs = 3
             workload.input_tokens.fixed = 10
             workload.output_tokens.fixed = 10
             strategy = [{{ preset = \"no-care\" }}]
             [provider]
             preset = \"groq-free\"
             {provider}"
        );
        fs::write(&path, text).expect("the folder can be written to");
        let output = sim().arg("check").arg(&path).output().expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let source = "source: console.groq.com/docs/rate-limits, as of 2026-07";
    assert!(check("").contains(source));
    let own = "limit = [{ counts = \"concurrency\", limit = 3 }]";
    let said = check(own);
    assert!(said.contains("3 requests at a time") && !said.contains("source:"));
    assert!(check(&format!("{own}\nsource = \"us\"")).contains("us, as of an unknown date"));
}

#[test]
fn presets_are_listed_and_printed() {
    let output = sim().arg("presets").output().expect("it runs");
    let list = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(list.contains("openai-tier-1") && list.contains("sdk-default"));
    assert!(list.contains("2026-09     OpenAI tier 1"), "{list}");
    let output = sim()
        .args(["presets", "sdk-default"])
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("fail_above_s = 120"));
    assert!(
        list.contains("  long-context                 Chat about long texts"),
        "{list}"
    );
    fails(&["presets", "nobody"], &["no preset is named `nobody`"]);
}

/// Rows without chance, which take no time.
#[test]
fn a_validation_comes_in_every_format() {
    let validated = |format: &str| {
        let args = ["validate", "--only", "bursts", "--format", format];
        let output = sim().args(args).output().expect("it runs");
        assert!(output.status.success(), "{format}");
        String::from_utf8(output.stdout).expect("reports are UTF-8")
    };
    assert!(validated("table").contains("5500"));
    assert!(validated("markdown").starts_with("### Backlogs\n\n| model |"));
    let csv = validated("csv");
    let json: serde_json::Value = serde_json::from_str(&validated("json")).expect("it is JSON");
    assert_eq!(csv.lines().count(), 1 + json.as_array().map_or(0, Vec::len));
    assert_eq!(json[0]["expected"], 5_500.0);
    assert_eq!(json[0]["verdict"], "agrees");
}
