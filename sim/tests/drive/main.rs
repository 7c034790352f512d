//! What is driven over HTTP keeps the limits, and every request comes to its end.
//!
//! Clocks run fast, and nothing here depends on how fast the machine is: a client may be late, and is never early.

#[path = "../program/mod.rs"]
mod program;
mod served;
#[path = "../text/mod.rs"]
mod text;
mod typed;

use std::{
    future::{pending, ready},
    net::TcpListener,
    num::NonZeroU32,
    thread,
};

use paceline_sim::{
    calibrate::{Figure, Verdict, calibrate},
    compare,
    engine::Streams,
    model::Fate,
    report::{self, Style},
    results,
    scenario::Scenario,
    workload::Jobs,
};

use served::{SPEED, driven, driven_until, serve, served};
use text::read;

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

/// What was predicted and does not hang on the speed of the machine is measured: faults are those of the very
/// calls, by the request and the number of the call.
#[test]
fn a_prediction_holds() {
    let faults = "[strategy.backoff]\ndelay.constant_s = 1\nerror_retries = 2";
    for (strategy, error_rate) in [(STRICT, 0.0), (&*format!("{STRICT}\n{faults}"), 0.5)] {
        let mut scenario = jobs(strategy);
        scenario.providers[0].error_rate =
            serde_json::from_value(error_rate.into()).expect("a share");
        let speed = NonZeroU32::new(SPEED).expect("above 0");
        let rows = calibrate(&scenario, &scenario.strategies[0], speed, |_| ()).expect("it runs");
        for row in rows {
            if matches!(row.figure, Figure::P50 | Figure::P95) {
                continue;
            }
            assert_eq!(row.predicted, row.measured, "{:?}", row.figure);
            assert_ne!(row.verdict(), Verdict::Fails);
            assert!(error_rate == 0.0 || row.figure == Figure::Refused || row.measured > Some(0.0));
        }
    }
}

/// A day's tokens are enough for what answers cost, and not for what they might: 30 and 5, but up to 9.
#[test]
fn what_answers_do_not_use_is_given_back() {
    let limit = "[[strategy.limit]]\ncounts = \"tokens\"\nlimit = 1_440\nper = \"day\"\nkind = \"fixed-window\"";
    let scenario = jobs(&format!("settle = \"exact\"\n{STRICT}\n{limit}"));
    let tally = driven(&scenario);
    assert_eq!((tally.total().completed, tally.calls), (40, 40));
}
