//! `sim trace` as its users meet it.

mod program;

use std::{fs, io::pipe, process::Command, str};

use program::{fails, scenario, sim};
use tempfile::TempDir;

fn life(args: &[&str]) -> String {
    let output = sim().arg("trace").args(args).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_life_tells_what_is_decided_why_and_until_when() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("two.toml");
    let text = "seed = 1
        duration_s = 300
        workload.arrivals.batch.jobs = 2
        workload.input_tokens.fixed = 100
        workload.output_tokens.fixed = 50
        [provider]
        name = \"acme\"
        dialect = \"openai\"
        first_token.fixed_s = 2
        refusal_s = 0.05
        [[provider.limit]]
        counts = \"requests\"
        limit = 1
        per = \"minute\"
        kind = \"gcra\"
        [[strategy]]
        name = \"a gate\"
        gate = {}
        backoff = { delay.constant_s = 5, hint = \"ignore\" }
        [[strategy]]
        name = \"one limit\"
        [[strategy.limit]]
        counts = \"requests\"
        limit = 1
        per = \"minute\"
        kind = \"gcra\"";
    fs::write(&path, text).expect("the folder can be written to");
    let path = path.display().to_string();

    let refused = life(&[&path, "--strategy", "a gate"]);
    for part in [
        "Request 1 under `a gate`, seed 1",
        "100 input tokens, 50 output tokens",
        "+0.000 s  call 1 goes to acme, estimated at 1 request",
        "the provider refuses it: 1 requests/min",
        "+0.050 s  status 429 arrives, 50.0 ms after the call",
        "retry-after: ",
        "Rate limit reached",
        "read as: pace, of a limit on requests, come back in 60.0 s (from Retry-After)",
        "the gate for acme stays closed until +60.",
        "tries again in 5.00 s, at +5.050 s",
        "held by its gate until +60.",
        "the provider admits it",
        "completed, after 2 calls",
    ] {
        assert!(refused.contains(part), "no `{part}` in:\n{refused}");
    }
    let lines: Vec<_> = refused.lines().collect();
    assert!(
        lines[lines.len() - 1].contains("completed"),
        "nothing follows the end"
    );

    let held = life(&[&path, "--strategy", "one limit", "--request", "1"]);
    let part = "held by its own limit of 1 requests/min until +60.000 s";
    assert!(held.contains(part), "no `{part}` in:\n{held}");
    assert!(held.contains("+60.000 s  call 1 goes to acme"), "{held}");

    let none = life(&[&path, "--strategy", "one limit"]);
    assert!(
        none.starts_with("No call of `one limit` is refused"),
        "{none}"
    );
}

#[test]
fn what_is_asked_for_wrongly_is_said_in_one_line() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let fails_with = |args: &[&str], parts: &[&str]| {
        fails(&[&["trace", &path][..], args].concat(), parts);
    };
    let both = "`one`, `sdk-default`";
    fails_with(&[], &["--strategy: expected one of", both]);
    fails_with(&["--strategy", "two"], &["none is named `two`", both]);
    fails_with(
        &["--strategy", "one", "--request", "9999"],
        &["--request: expected 0 to ", "found 9999"],
    );
    let here = folder.path().display().to_string();
    fails_with(&["--strategy", "one", "--out", &here], &["found a folder"]);
    let nowhere = folder
        .path()
        .join("no/such/trace.json")
        .display()
        .to_string();
    fails_with(
        &["--strategy", "one", "--out", &nowhere],
        &["no/such/trace.json", "cannot write"],
    );
    let out = folder.path().join("t.json").display().to_string();
    for (from, to) in [("5", "5"), ("-1", "5"), ("600", "700"), ("NaN", "1")] {
        let (from, to) = (format!("--from-s={from}"), format!("--to-s={to}"));
        fails_with(
            &["--strategy", "one", "--out", &out, &from, &to],
            &["0 <= from < to"],
        );
    }
    sim()
        .args(["trace", &path, "--from-s", "1"])
        .assert()
        .code(2);
}

#[test]
fn a_trace_is_written_completely_or_not_at_all() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("trace.json");
    let shown = out.display().to_string();
    let args = ["trace", &path, "--strategy", "one", "--out", &shown];
    let files = || fs::read_dir(folder.path()).expect("it is there").count();
    fails(
        &[&args[..], &["--most-events", "50"]].concat(),
        &["more than 50 trace events by ", "--from-s and --to-s"],
    );
    assert_eq!(files(), 1, "only the scenario is there");

    let output = sim().args(args).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert!(
        str::from_utf8(&output.stdout)
            .expect("UTF-8")
            .starts_with("Wrote ")
    );
    assert_eq!(files(), 2, "the scenario and the trace");
    let first = fs::read(&out).expect("it was written");
    let trace: serde_json::Value = serde_json::from_slice(&first).expect("it is JSON");
    assert_eq!(trace["otherData"]["strategy"], "one");

    sim().args(args).assert().success();
    assert!(
        fs::read(&out).expect("it was written") == first,
        "equal seeds, other bytes"
    );
    sim().args(args).args(["--seed", "2"]).assert().success();
    assert!(
        fs::read(&out).expect("it was written") != first,
        "another seed changed nothing"
    );
}

/// One request over a network of two seconds each way, whose answer takes too long for its user.
#[test]
fn a_call_shows_on_its_way_and_why_it_was_left() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("far.toml");
    let text = "seed = 1
        duration_s = 60
        workload.arrivals.batch.jobs = 1
        workload.patience.fixed_s = 9
        workload.input_tokens.fixed = 1
        workload.output_tokens.fixed = 1
        provider.network.fixed_s = 2
        provider.first_token.fixed_s = 20
        [[strategy]]
        name = \"hasty\"
        timeout_s = 1
        backoff = { delay.constant_s = 2, error_retries = 1 }
        [[strategy]]
        name = \"patient\"";
    fs::write(&path, text).expect("the folder can be written to");
    let path = path.display().to_string();
    let out = folder.path().join("far.json").display().to_string();
    // What each slice of the request lasts, and what marks there are at clients.
    let shown = |strategy: &str| {
        life(&[&path, "--strategy", strategy, "--out", &out]);
        let trace = fs::read(&out).expect("it was written");
        let trace: serde_json::Value = serde_json::from_slice(&trace).expect("it is JSON");
        let events = trace["traceEvents"].as_array().expect("a list").clone();
        let of = |phase: &str| {
            let of_phase = events.iter().filter(|event| event["ph"] == phase);
            let named = of_phase.map(|event| {
                let name = event["name"].as_str().expect("they have names");
                (
                    name.to_owned(),
                    event["ts"].as_f64().expect("a number") / 1e6,
                )
            });
            named.collect::<Vec<_>>()
        };
        (of("b"), of("e"), of("i"))
    };

    let (begin, end, marks) = shown("hasty");
    for (name, from, to) in [
        ("call 1 on its way", 0.0, 1.0),
        ("backoff", 1.0, 3.0),
        ("call 2 on its way", 3.0, 4.0),
    ] {
        assert!(
            begin.contains(&(name.to_owned(), from)),
            "{name}: {begin:?}"
        );
        assert!(end.contains(&(name.to_owned(), to)), "{name}: {end:?}");
    }
    assert!(!begin.iter().any(|(name, _)| name == "call 1"), "{begin:?}");
    let timed_out = [("timed out".to_owned(), 1.0), ("timed out".to_owned(), 4.0)];
    assert_eq!(marks, timed_out);

    let (begin, end, marks) = shown("patient");
    assert!(begin.contains(&("call 1".to_owned(), 2.0)), "{begin:?}");
    assert!(end.contains(&("call 1".to_owned(), 9.0)), "{end:?}");
    assert_eq!(marks, [("cancelled".to_owned(), 9.0)]);
    let told = life(&[&path, "--strategy", "patient", "--request", "0"]);
    assert!(told.contains("cancelled, 9.00 s after the call"), "{told}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let (reader, writer) = pipe().expect("pipes can be made");
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["trace", &path, "--strategy", "one"])
        .stdout(writer)
        .status();
    assert!(status.expect("it runs").success());
}

#[test]
fn watching_needs_a_terminal_and_says_so() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    fails(&["watch", &path], &["standard output: expected a terminal"]);
    fails(
        &["watch", &path, "--strategy", "two"],
        &["none is named `two`", "`one`, `sdk-default`"],
    );
    fails(
        &["watch", &path, "--speed", "0"],
        &["--speed: expected 0.001 to 1e7"],
    );
}

#[test]
#[cfg(unix)]
fn a_device_stays_one_and_a_link_leads_where_it_did() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let (file, link) = (folder.path().join("run.json"), folder.path().join("link"));
    fs::write(&file, "old").expect("the folder can be written to");
    std::os::unix::fs::symlink(&file, &link).expect("a link can be made");
    let link = link.display().to_string();
    life(&[&path, "--strategy", "one", "--out", &link]);
    assert!(fs::symlink_metadata(&link).is_ok_and(|it| it.is_symlink()));
    let written = fs::read_to_string(&file).expect("the file is there");
    assert!(written.starts_with('{'), "{written}");

    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket can be made");
    let socket = socket.display().to_string();
    let args = ["trace", &path, "--strategy", "one", "--out", &socket];
    fails(
        &args,
        &["socket: cannot write here: ", "found a device or a pipe"],
    );
    assert!(fs::metadata(&socket).is_ok_and(|it| !it.is_file()));
}
