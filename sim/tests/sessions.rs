//! Closed loops: who waits for an answer asks later.

mod program;
mod tallied;
mod text;

use std::{fs, path::Path};

use paceline_sim::{
    compare::compare,
    engine::Streams,
    model::{self, Tally},
    report,
    results::Comparison,
    scenario::Scenario,
    workload::read_sessions,
};
use program::fails;
use tallied::tally;
use text::read;

fn run(text: &str) -> Comparison {
    compare(&read(text), 1, || ()).expect("there is no trace to fail")
}

fn closed(arrivals: &str, provider: &str, strategy: &str) -> String {
    format!(
        "seed = 31
        duration_s = 1_000
        bin_s = 1
        [workload]
        arrivals.closed = {{ {arrivals} }}
        input_tokens.lognormal = {{ median = 100, sigma = 1 }}
        output_tokens.lognormal = {{ median = 10, sigma = 1 }}
        [provider]
        {provider}
        [[strategy]]
        name = \"it\"
        {strategy}"
    )
}

/// The bins in which calls were admitted.
fn calls_at(tally: &Tally) -> Vec<(usize, u64)> {
    let bins = tally.series.iter().enumerate();
    let bins = bins.map(|(bin, [admitted, _])| (bin, *admitted));
    bins.filter(|(_, admitted)| *admitted > 0).collect()
}

/// Two sessions begin at 0 and 5 s, answers take 2 s, and each thinks for 3 s.
#[test]
fn a_session_asks_when_it_has_been_answered_and_has_thought() {
    let arrivals = "sessions = 2, think.fixed_s = 3, requests_per_session = 3, start_over_s = 10";
    let calm = tally(&closed(arrivals, "first_token.fixed_s = 2", ""));
    assert_eq!(calls_at(&calm), [(0, 1), (5, 2), (10, 2), (15, 1)]);
    assert_eq!(calm.total().completed, 6);
    // A worker for both: the second one waits for the first from 5 s on.
    let one = "first_token.fixed_s = 2\nserver = { workers = 1 }";
    assert_eq!(tally(&closed(arrivals, one, "")).total().completed, 6);
    // A request that fails ends too, and the next one is asked.
    let down = tally(&closed(
        arrivals,
        "outage = [{ from_s = 0, to_s = 900 }]",
        "",
    ));
    assert_eq!((down.total().abandoned, down.failed), (6, 6));
}

/// The interactive response time law: throughput is sessions over response time and think time.
#[test]
fn throughput_follows_the_response_time_law() {
    let arrivals = "sessions = 8, think.exponential = { mean_s = 4 }, start_over_s = 5";
    for (provider, per_second) in [
        ("first_token.exponential = { mean_s = 1 }", 8.0 / 5.0),
        // The worker is never idle for long.
        ("first_token.fixed_s = 1\nserver = { workers = 1 }", 1.0),
    ] {
        let text =
            closed(arrivals, provider, "").replace("= 1_000\n        bin", "= 20_000\n        bin");
        let total = tally(&text).total();
        let completed = f64::from(u32::try_from(total.completed).expect("not so many"));
        let off = completed / 20_000.0 / per_second - 1.0;
        assert!(off.abs() < 0.05, "{provider}: {off}");
    }
}

/// Whatever delays answers delays requests, and leaves what they are as it is.
#[test]
fn strategies_meet_the_same_sessions() {
    let arrivals = "sessions = 5, think.exponential = { mean_s = 2 }, requests_per_session = 40";
    let limit = "charge = \"input\"\nfirst_token.exponential = { mean_s = 1 }";
    let slow = "[[strategy]]\nname = \"slow\"\nspacing_s = 2\n";
    let comparison = run(&format!("{}\n{slow}", closed(arrivals, limit, "")));
    let [fast, slow] = comparison.strategies.as_slice() else {
        panic!("there are two strategies")
    };
    assert_eq!((fast.completed, slow.completed), (200.0, 200.0));
    assert!(!comparison.optimum.exact);
    assert_eq!(comparison.optimum.requests, 200.0);
    assert!(slow.latency.p50_s > fast.latency.p50_s);
}

const TRACE: &str = "session,agent,seq,start_ms,input_tokens,output_tokens,api_ms,think_ms
a,main,1,0,10,1,2000,0
a,sub1,1,4000,10,1,1000,0
a,main,2,5000,20,1,2000,3000
a,sub1,2,6000,20,1,1000,1000
b,main,1,0,30,1,4000,0
";

fn replay(folder: &Path, trace: &str, more: &str) -> anyhow::Result<Tally> {
    fs::write(folder.join("trace.csv"), trace)?;
    let text = format!(
        "seed = 1
        duration_s = 7_200
        bin_s = 1
        [workload]
        arrivals.sessions = {{ path = \"trace.csv\", recorded_latency = true }}
        [[strategy]]
        name = \"it\"
        {more}"
    );
    let path = folder.join("replay.toml");
    fs::write(&path, text)?;
    let scenario = Scenario::read(&path, &[])?;
    Ok(model::run(
        &scenario,
        &scenario.strategies[0],
        Streams::new(1),
    )?)
}

#[test]
fn recorded_sessions_ask_when_they_asked() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let seen = replay(folder.path(), TRACE, "").expect("the trace is well formed");
    assert_eq!(calls_at(&seen), [(0, 2), (4, 1), (5, 1), (6, 1)]);
    // One at a time: `b` waits until 2 s, and the later ones wait for it.
    let late = replay(folder.path(), TRACE, "concurrency = 1").expect("the trace is well formed");
    assert_eq!(calls_at(&late), [(0, 1), (2, 1), (6, 1), (7, 1), (9, 1)]);
}

/// Forty real sessions of coding agents, where they are at hand: without limits, every request is asked
/// within a second per request before it of when it was, as that is how exact the trace is.
#[test]
fn real_sessions_are_replayed_where_they_are_at_hand() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.join("../../shared/traces/claude_agent_sessions.csv");
    let Ok(text) = fs::read_to_string(&path) else {
        return;
    };
    let rows = text.lines().count() - 1;
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let seen = replay(folder.path(), &text, "").expect("the trace is well formed");
    assert_eq!(seen.total().completed, rows as u64);
    assert_eq!(seen.calls, rows as u64);
    // By the trace's own clock.
    let mut starts: Vec<u64> = text
        .lines()
        .skip(1)
        .map(|line| {
            let field = line.split(',').nth(3).expect("it has a start");
            field.parse::<u64>().expect("it is a number") / 1_000
        })
        .collect();
    starts.sort_unstable();
    let ours = calls_at(&seen).into_iter();
    let ours: Vec<u64> = ours
        .flat_map(|(bin, calls)| vec![bin as u64; usize::try_from(calls).expect("few")])
        .collect();
    let worst = starts.iter().zip(&ours).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst <= Some(60), "{worst:?} s apart");
}

#[test]
fn check_explains_sessions() {
    let arrivals = "sessions = 7, think.fixed_s = 3, requests_per_session = 9, start_over_s = 60";
    let text = report::explanation(&read(&closed(arrivals, "", "")));
    let said = "7 sessions in closed loops, 9 requests each, begun over 60.0 s; think 3.00 s";
    assert!(text.contains(said), "{text}");
}

#[test]
fn sessions_without_meaning_are_refused() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    for (arrivals, parts) in [
        (
            "sessions = 0, think.fixed_s = 1",
            ["arrivals", "1 to 1000000"],
        ),
        (
            "sessions = 1, think.fixed_s = 0",
            ["arrivals", "`requests_per_session`"],
        ),
        ("sessions = 1", ["arrivals", "`think`"]),
    ] {
        let path = program::scenario(folder.path(), |_| closed(arrivals, "", ""));
        fails(&["check", &path], &parts);
    }
    for (from, to, parts) in [
        ("sub1,2", "sub1,1", ["trace.csv:5", "in order"]),
        ("agent,", "who,", ["trace.csv:1", "`agent`"]),
        ("6000,20", "6000,-20", ["trace.csv:5", "input_tokens"]),
    ] {
        let trace = TRACE.replacen(from, to, 1);
        let error = replay(folder.path(), &trace, "").expect_err("the trace is bad");
        let error = error.to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        let sessions = read_sessions(&folder.path().join("trace.csv"));
        assert!(sessions.is_err());
    }
}
