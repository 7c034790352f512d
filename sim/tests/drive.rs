//! What is driven over HTTP keeps the limits, and every request comes to its end.
//!
//! Clocks run fast, and nothing here depends on how fast the machine is: a client may be late, and is never early.

mod program;
mod text;

use std::{
    future::{pending, ready},
    net::{SocketAddr, TcpListener},
    num::NonZeroU32,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use paceline_sim::{
    calibrate::{Figure, Verdict, calibrate},
    compare,
    drive::{self, Drive, Driven, FastClock, Key},
    engine::Streams,
    model::{Fate, Tally},
    report::{self, Style},
    results,
    scenario::Scenario,
    serve::{Counts, Options, Server},
    workload::Jobs,
};
use program::{fails, sim};
use tempfile::TempDir;
use text::read;
use tokio::sync::oneshot;

const SPEED: u32 = 500;

/// The provider of a scenario, served until the test is over or stops it.
struct Served {
    address: SocketAddr,
    counts: Arc<Counts>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

fn serve(scenario: &Scenario) -> Served {
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let scenario = scenario.clone();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let options = Options {
                speed: SPEED.into(),
                ..Options::default()
            };
            let server = Server::bind(&scenario, "127.0.0.1:0", &options).await;
            let server = server.expect("a free port");
            let address = server.local_addr().expect("an address");
            tell.send((address, server.counts()))
                .expect("somebody waits");
            let stopped = async {
                if stopped.await.is_err() {
                    pending::<()>().await;
                }
            };
            server.run(stopped).await.expect("it serves");
        });
    });
    let (address, counts) = told.recv().expect("it listens");
    Served {
        address,
        counts,
        stop,
        thread,
    }
}

fn served(scenario: &Scenario) -> SocketAddr {
    serve(scenario).address
}

/// Drives the only strategy of a scenario against this address, and stops when told to.
fn driven_until(
    scenario: &Scenario,
    address: &str,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Driven> {
    let what = Drive {
        scenario,
        strategy: &scenario.strategies[0],
        target: address.parse().expect("an address"),
        key: Key::new("a key").expect("a header can carry it"),
    };
    let speed = NonZeroU32::new(SPEED).expect("above 0");
    let clock = || FastClock::starting_at(scenario.start(), speed);
    drive::drive(&what, clock, stop, |_| ())
}

/// Drives it against its own provider.
fn driven(scenario: &Scenario) -> Tally {
    let address = format!("http://{}", served(scenario));
    let driven = driven_until(scenario, &address, pending());
    driven.expect("the server answers").tally
}

fn ended(fate: &Fate) -> u64 {
    fate.completed + fate.abandoned + fate.cancelled + fate.unfinished
}

/// 40 jobs against 600 requests/min with a burst of 20; the lines of the strategy come last.
fn jobs(strategy: &str) -> Scenario {
    read(&format!(
        r#"seed = 1
        duration_s = 36_000
        [workload]
        arrivals.batch = {{ jobs = 40 }}
        input_tokens.fixed = 30
        output_tokens.fixed = 5
        max_tokens = 9
        [provider]
        first_token.fixed_s = 0.5
        refusal_s = 0.05
        [[provider.limit]]
        counts = "requests"
        limit = 600
        per = "minute"
        kind = "gcra"
        burst = 20
        [[strategy]]
        name = "s"
        {strategy}"#
    ))
}

/// Below the provider's limit by as much as may be on its way at a time, and by half.
const STRICT: &str = r#"concurrency = 10
    [[strategy.limit]]
    counts = "requests"
    limit = 300
    per = "minute"
    kind = "gcra"
    burst = 5"#;

#[test]
fn a_strict_client_gets_everything_done_and_is_never_refused() {
    for queue in ["fifo", "priority", "smallest", "none"] {
        for more in [
            "",
            "settle = \"exact\"",
            "clients = 2\nspacing_s = 0.4",
            "learn = true\ngate = {}",
        ] {
            let scenario = jobs(&format!("queue = \"{queue}\"\n{more}\n{STRICT}"));
            let tally = driven(&scenario);
            let total = tally.total();
            let found = (total.completed, tally.calls, tally.refused, tally.failed);
            assert_eq!(found, (40, 40, 0, 0), "{queue} {more}");
            assert_eq!(total.latency_us.len(), 40);
        }
    }
}

/// Each in its way: by words or by status, alone or together, with rates and permits that are found out.
#[test]
fn whoever_holds_no_limit_is_refused_and_gets_everything_done_all_the_same() {
    let backoff = "\n[strategy.backoff]\ndelay.constant_s = 1\njitter = \"full\"";
    for way in [
        "",
        "gate = {}",
        "hears = \"status\"",
        "learn = true\ngate = {}",
        "adaptive.aimd = { initial = 30 }",
        "pace.cubic = {}\ngate = {}",
        "throttle = {}",
        "budget.ratio = { percent = 10, floor_per_s = 1, most = 10_000, initial = 10_000 }",
    ] {
        let tally = driven(&jobs(&format!("{way}{backoff}")));
        let total = tally.total();
        assert_eq!(ended(&total), 40, "{way}: {total:?}");
        // Whom a throttle holds back asks again without a call.
        assert_eq!(total.completed, 40, "{way}");
        assert_eq!(tally.calls, 40 + tally.refused, "{way}");
        assert_eq!(tally.wasted_tokens, 30 * tally.refused, "{way}");
    }
}

#[test]
fn a_client_that_does_not_retry_gives_up_what_is_refused() {
    let tally = driven(&jobs(""));
    let total = tally.total();
    assert_eq!((tally.calls, total.completed + tally.refused), (40, 40));
    assert_eq!(total.abandoned, tally.refused);
}

/// An answer takes three hours.
#[test]
fn who_gets_no_answer_in_time_hangs_up_and_tries_again() {
    let text = "concurrency = 10\ntimeout_s = 60\n[strategy.backoff]\ndelay.constant_s = 1\nerror_retries = 2";
    let mut scenario = jobs(text);
    let slow = read(
        "seed = 1\nduration_s = 9\n[workload]\narrivals.batch = { jobs = 1 }\ninput_tokens.fixed = 1\noutput_tokens.fixed = 1\n[provider]\nfirst_token.fixed_s = 100_000\n[[strategy]]\nname = \"s\"",
    );
    scenario.providers = slow.providers;
    let server = serve(&scenario);
    let address = format!("http://{}", server.address);
    let tally = driven_until(&scenario, &address, pending())
        .expect("it listens")
        .tally;
    assert_eq!((tally.calls, tally.failed, tally.refused), (120, 120, 0));
    assert_eq!(tally.total().abandoned, 40);
    assert_eq!(tally.wasted_tokens, 120 * 30);
    // Whoever waits no longer lets the server know.
    server.stop.send(()).expect("it runs");
    server.thread.join().expect("it stops");
    let counts = (server.counts.left(), server.counts.answered());
    assert_eq!((server.counts.calls(), counts), (120, (120, 0)));
}

/// Users who leave, deadlines, faults, priorities, closed loops and a cache: whatever happens, happens to each once.
#[test]
fn every_request_comes_to_one_end() {
    let scenario = read(
        r#"seed = 5
        duration_s = 300
        [[workload]]
        name = "people"
        arrivals.poisson = { rate_per_min = 60 }
        patience.exponential = { mean_s = 20 }
        input_tokens.fixed = 30
        output_tokens.fixed = 5
        [[workload]]
        name = "backlog"
        priority = "batch"
        deadline_s = 60
        arrivals.batch = { jobs = 100 }
        input_tokens.fixed = 30
        output_tokens.fixed = 5
        [[workload]]
        name = "agents"
        arrivals.closed = { sessions = 5, think.exponential = { mean_s = 2 }, requests_per_session = 4 }
        input_tokens.fixed = 30
        output_tokens.fixed = 5
        [provider]
        first_token.exponential = { mean_s = 5 }
        refusal_s = 0.05
        error_rate = 0.2
        [[provider.limit]]
        counts = "requests"
        limit = 60
        per = "minute"
        kind = "gcra"
        burst = 20
        [[strategy]]
        name = "s"
        preset = "exponential-full-jitter"
        queue = "priority"
        concurrency = 8
        timeout_s = 15
        cache = { hit_ratio = 0.1 }"#,
    );
    let mut jobs = Jobs::start(&scenario, Streams::new(scenario.seed)).expect("no trace");
    let mut arrived = [0_u64; 3];
    while let Some(job) = jobs.next_job().expect("no trace") {
        arrived[job.workload as usize] += 1;
    }
    let tally = driven(&scenario);
    let [people, backlog, agents] = &tally.workloads[..] else {
        panic!("three workloads")
    };
    assert_eq!(ended(backlog), arrived[1]);
    // Those of the last moments may not come any more.
    assert!(ended(people) <= arrived[0] && ended(people) > 0);
    assert!(ended(agents) <= 20 && ended(agents) > 0);
    assert_eq!(people.latency_us.len(), people.completed);
    assert_eq!((backlog.cancelled, agents.cancelled), (0, 0));
}

/// Each asks when it has been answered, so that nobody asks twice at a time.
#[test]
fn closed_loops_ask_as_often_as_they_are_to() {
    let mut scenario = jobs(STRICT);
    let closed = read(
        "seed = 1\nduration_s = 9\n[workload]\narrivals.closed = { sessions = 5, think.fixed_s = 1, requests_per_session = 6 }\ninput_tokens.fixed = 30\noutput_tokens.fixed = 5\n[[strategy]]\nname = \"s\"",
    );
    scenario.workloads = closed.workloads;
    let tally = driven(&scenario);
    assert_eq!((tally.total().completed, tally.calls), (30, 30));
}

#[test]
fn a_server_that_breaks_off_is_a_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || listener.incoming().for_each(drop));
    let scenario = jobs("[strategy.backoff]\ndelay.constant_s = 1\nerror_retries = 1");
    let driven = driven_until(&scenario, &format!("http://{address}"), pending());
    let tally = driven.expect("it can be reached").tally;
    assert_eq!((tally.calls, tally.failed, tally.refused), (80, 80, 0));
    assert_eq!(tally.total().abandoned, 40);
}

#[test]
fn what_was_measured_until_it_is_stopped_is_shown() {
    let scenario = jobs(STRICT);
    let address = format!("http://{}", served(&scenario));
    let driven = driven_until(&scenario, &address, ready(())).expect("the server answers");
    assert!(driven.stopped_after.is_some());
    assert_eq!(ended(&driven.tally.total()), 0, "nothing has arrived yet");
    let how = results::Driven {
        against: address.clone(),
        speed: SPEED,
        stopped: true,
    };
    let comparison = compare::measured(&scenario, &driven.tally, how).expect("no trace");
    let table = report::table(&comparison, Style::Plain);
    let title =
        format!("10.0 h driven against {address}, 500 times as fast as time, and then STOPPED, ");
    assert!(table.contains(&title), "{table}");
}

#[test]
fn a_server_without_this_address_ends_it() {
    let scenario = jobs(STRICT);
    let address = format!("http://{}/nowhere", served(&scenario));
    let error = driven_until(&scenario, &address, pending()).expect_err("there is nothing there");
    let expected = format!("--against: {address} answers 404 Not Found");
    assert_eq!(error.to_string(), expected);
}

/// What was predicted and does not hang on the speed of the machine is measured.
#[test]
fn a_prediction_holds() {
    let scenario = jobs(STRICT);
    let speed = NonZeroU32::new(SPEED).expect("above 0");
    let rows = calibrate(&scenario, &scenario.strategies[0], speed, |_| ()).expect("it runs");
    for (figure, expected) in [
        (Figure::Completed, 40.0),
        (Figure::Calls, 40.0),
        (Figure::Refused, 0.0),
        (Figure::Failed, 0.0),
    ] {
        let row = rows.iter().find(|row| row.figure == figure).expect("a row");
        assert_eq!(
            (row.predicted, row.measured),
            (Some(expected), Some(expected))
        );
        assert_ne!(row.verdict(), Verdict::Fails);
    }
}

/// Writes a scenario with these lines in its strategy, or beside it.
fn file(folder: &TempDir, strategy: &str) -> String {
    program::scenario(folder.path(), |text| {
        let (before, _) = text.split_once("[[strategy]]").expect("it has strategies");
        format!("{before}[[strategy]]\nname = \"s\"\n{strategy}\n")
    })
}

#[test]
fn what_cannot_be_driven_is_refused_before_anything_is_sent() {
    let folder = TempDir::new().expect("a temporary folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    for (lines, field) in [
        ("batch = { items = 5, wait_s = 1 }", "`batch`"),
        (
            "off_peak = { windows = [[\"22:00\", \"06:00\"]] }",
            "`off_peak`",
        ),
        ("route.policy = \"weighted\"", "`route`"),
    ] {
        let path = file(&folder, lines);
        let parts = ["strategy `s`: ", field, " cannot be driven"];
        fails(&["drive", &path, "--against", &address], &parts);
        fails(&["calibrate", &path], &parts);
    }
    listener.set_nonblocking(true).expect("it can be asked");
    let nobody = listener.accept().expect_err("nobody called");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn wrong_addresses_and_keys_are_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = file(&folder, "");
    for (address, part) in [
        ("https://127.0.0.1:1", "https is not supported"),
        ("127.0.0.1:1", "expected an address such as"),
    ] {
        let output = sim().args(["drive", &path, "--against", address]).output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
        assert!(message.contains(part), "{message}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let address = format!("http://{address}");
    let cannot = format!("--against: cannot reach {address}");
    fails(&["drive", &path, "--against", &address], &[&cannot]);
    let of =
        |more: [&'static str; 2]| [&["drive", &path, "--against", &address], &more[..]].concat();
    fails(
        &of(["--key-env", "NOT_SET_ANYWHERE"]),
        &["--key-env: NOT_SET_ANYWHERE is not set"],
    );
    fails(
        &of(["--strategy", "x"]),
        &["none is named `x`; there are `s`"],
    );
    fails(
        &of(["--provider", "x"]),
        &["--provider: the scenario has none that is named `x`"],
    );
}

/// All of the output is that of a comparison, and the key is nowhere in it.
#[test]
fn a_drive_is_reported_as_a_comparison_is() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = file(
        &folder,
        "concurrency = 1\n[strategy.backoff]\ndelay.constant_s = 60",
    );
    let scenario = Scenario::read(path.as_ref(), &[]).expect("legal");
    let address = format!("http://{}", served(&scenario));
    let out = folder.path().join("out");
    let drive = |format: &str| {
        let mut sim = sim();
        sim.args([
            "drive",
            &path,
            "--against",
            &address,
            "--speed",
            "500",
            "--format",
            format,
        ]);
        sim.args(["--out", &out.display().to_string()])
            .env("PACELINE_API_KEY", "very secret");
        let output = sim.output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let table = drive("table");
    assert!(table.starts_with("strategy "), "{table}");
    let completions =
        format!("driven against {address}/v1/chat/completions, 500 times as fast as time");
    assert!(table.contains(&completions), "{table}");
    let json: serde_json::Value = serde_json::from_str(&drive("json")).expect("JSON");
    assert_eq!(json["driven"]["speed"], 500);
    assert_eq!(json["limits"], serde_json::json!([]));
    let mut files = 0;
    for entry in std::fs::read_dir(&out).expect("a folder") {
        let bytes = std::fs::read(entry.expect("readable").path()).expect("readable");
        assert!(!String::from_utf8_lossy(&bytes).contains("very secret"));
        files += 1;
    }
    assert_eq!(files, 7);
}
