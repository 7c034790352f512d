//! Servers with lines, networks, load and timeouts: closed forms, and cases small enough to be seen through.

mod program;
mod tallied;
mod text;

use paceline_sim::{
    engine::Streams,
    model::{self},
    report,
};
use program::fails;
use tallied::tally;
use text::read;

/// Poisson calls that a server meets at `load` times what one worker can do.
fn queue(load: f64, first_token: &str, server: &str) -> String {
    format!(
        "seed = 11
        duration_s = 200_000
        [workload]
        arrivals.poisson = {{ rate_per_min = {} }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        first_token.{first_token}
        server = {{ {server} }}
        [[strategy]]
        name = \"lossy\"",
        60.0 * load
    )
}

fn close(measured: f64, expected: f64, within: f64) {
    let off = (measured / expected - 1.0).abs();
    assert!(off <= within, "{measured} instead of {expected}");
}

/// The mean wait in a line before one worker, in service times, by Pollaczek and Khinchine. `sim validate` has
/// what is known of services that vary.
#[test]
fn equal_services_wait_half_as_long() {
    for (load, expected) in [(0.5, 0.5), (0.8, 2.0)] {
        let text = queue(load, "fixed_s = 1", "workers = 1");
        let mean_us = tally(&text).total().latency_us.mean();
        // The service itself takes a second.
        close(mean_us / 1e6, 1.0 + expected, 0.04);
    }
}

/// Without a line, calls are lost as Erlang B says, whatever the distribution of the service.
#[test]
fn full_servers_lose_what_erlang_says() {
    for (service, server, load, lost) in [
        ("exponential = { mean_s = 1 }", 10, 8.0, 0.121_661),
        ("fixed_s = 1", 10, 8.0, 0.121_661),
        ("exponential = { mean_s = 1 }", 1, 1.0, 0.5),
    ] {
        let server = format!("workers = {server}, queue = 0");
        let text = queue(load, service, &server);
        let lossy = tally(&text);
        let count = |number| f64::from(u32::try_from(number).expect("not so many"));
        close(count(lossy.failed) / count(lossy.calls), lost, 0.03);
        assert_eq!(lossy.refused, 0);
        let bound = model::optimum(&read(&text), Streams::new(11)).expect("there is no trace");
        assert!(!bound.exact);
    }
}

/// So many jobs at the start, and a call for each of them at a time.
fn jobs(jobs: u32, provider: &str, strategy: &str) -> String {
    format!(
        "seed = 12
        duration_s = 1_000
        [workload]
        arrivals.batch = {{ jobs = {jobs} }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [provider]
        {provider}
        [[strategy]]
        name = \"it\"
        {strategy}"
    )
}

fn latencies(text: &str) -> Vec<u64> {
    let total = tally(text).total();
    let recorded = total.latency_us.iter_recorded();
    let each = recorded.flat_map(|it| {
        let count = usize::try_from(it.count_at_value()).expect("few");
        // To three digits, hence to the nearest hundredth of a second.
        vec![(it.value_iterated_to() + 5_000) / 10_000; count]
    });
    each.collect()
}

#[test]
fn calls_are_served_in_the_order_of_arrival() {
    let line = jobs(4, "first_token.fixed_s = 1\nserver = { workers = 2 }", "");
    assert_eq!(latencies(&line), [100, 100, 200, 200]);
    let full = "first_token.fixed_s = 1\nserver = { workers = 2, queue = 1 }";
    assert_eq!(latencies(&jobs(4, full, "")), [100, 100, 200]);
}

#[test]
fn keys_and_tenants_share_a_server() {
    let two_keys = "keys = 2\nfirst_token.fixed_s = 1\nserver = { workers = 1 }";
    let spread = "route = { policy = \"weighted\" }";
    assert_eq!(latencies(&jobs(3, two_keys, spread)), [100, 200, 300]);
    let tenant = "first_token.fixed_s = 1\nserver = { workers = 1 }
        tenant = [{ arrivals.batch = { jobs = 3 }, input_tokens.fixed = 1, output_tokens.fixed = 1 }]";
    let mut seen = latencies(&jobs(2, tenant, ""));
    // Who of those that come at once is first, does not matter here.
    assert_eq!(seen.len(), 2);
    assert!(seen.pop() >= Some(200));
}

#[test]
fn a_network_is_passed_twice() {
    let provider = "first_token.fixed_s = 1\nnetwork.fixed_s = 0.25";
    assert_eq!(latencies(&jobs(2, provider, "")), [150, 150]);
    // A refusal needs them too: the second job comes back after 0.25 + 0.1 + 0.25 + 1 s.
    let busy = "first_token.fixed_s = 1\nnetwork.fixed_s = 0.25\nrefusal_s = 0.1
        limit = [{ counts = \"concurrency\", limit = 1 }]";
    let patient = "backoff.delay.constant_s = 1";
    assert_eq!(latencies(&jobs(2, busy, patient)), [150, 310]);
}

#[test]
fn a_server_becomes_slower_with_every_call_in_service() {
    let provider = "first_token.fixed_s = 1\nslows = { per_in_service_s = 0.5 }";
    assert_eq!(latencies(&jobs(3, provider, "")), [150, 200, 250]);
    // One worker never has more than one.
    let one = format!("{provider}\nserver = {{ workers = 1 }}");
    assert_eq!(latencies(&jobs(3, &one, "")), [150, 300, 450]);
}

/// Answers take 2 s and nobody waits for more than 1 s: whatever a call held is there for the next one.
#[test]
fn a_timeout_gives_back_what_a_call_held() {
    let slow = "first_token.fixed_s = 2\nlimit = [{ counts = \"concurrency\", limit = 1 }]";
    let hasty = "concurrency = 1\ntimeout_s = 1";
    let cancels = format!("{slow}\ncancels_on_disconnect = true");
    let with_server = format!("{cancels}\nserver = {{ workers = 1, queue = 0 }}");
    for provider in [cancels.as_str(), &with_server] {
        let freed = tally(&jobs(100, provider, hasty));
        assert_eq!((freed.calls, freed.failed, freed.refused), (100, 100, 0));
        assert_eq!(freed.total().abandoned, 100);
    }
    // A provider that goes on is busy for another second: every other call is refused.
    let goes_on = tally(&jobs(100, slow, hasty));
    assert_eq!(goes_on.calls, 100);
    assert!(goes_on.refused > 0 && goes_on.refused + goes_on.failed == 100);
}

/// The answer to the first try is there after 1.5 s, and the client has turned away after 1 s.
#[test]
fn an_answer_that_comes_too_late_is_dropped() {
    let provider = "first_token.fixed_s = 1.5\noutage = [{ from_s = 2, to_s = 9 }]";
    let retries = |most| {
        format!("timeout_s = 1\nbackoff = {{ delay.constant_s = 0, error_retries = {most} }}")
    };
    let hasty = tally(&jobs(1, provider, &retries(3)));
    assert_eq!((hasty.calls, hasty.failed), (4, 4));
    assert_eq!((hasty.total().completed, hasty.total().abandoned), (0, 1));
    // In time is in time.
    let calm = tally(&jobs(1, provider, "timeout_s = 1.6"));
    assert_eq!((calm.total().completed, calm.failed), (1, 0));
}

/// A server that goes on with what nobody waits for has no time for what somebody does.
#[test]
fn work_for_nobody_delays_the_others() {
    let served = |cancels: bool| {
        let provider = format!(
            "first_token.fixed_s = 1\nserver = {{ workers = 1 }}\ncancels_on_disconnect = {cancels}"
        );
        let text = jobs(
            10,
            &provider,
            "timeout_s = 2.5\nbackoff = { delay.constant_s = 0, error_retries = 2 }",
        );
        tally(&text).total().completed
    };
    // Two of ten are done in time, then two of eight that come again, behind the eight or alone.
    assert_eq!(served(true), 6);
    assert_eq!(served(false), 2);
}

#[test]
fn check_explains_servers_and_timeouts() {
    let provider = "first_token.fixed_s = 1
        server = { workers = 3, queue = 7 }
        slows = { per_in_service_s = 0.5 }
        network.exponential = { mean_s = 0.25 }
        break_off_rate = 0.25
        cancels_on_disconnect = true";
    let text = report::explanation(&read(&jobs(1, provider, "timeout_s = 60")));
    for part in [
        "serves 3 calls at a time; 7 more wait in line, and the others are refused",
        "each call in service makes new ones take 500 ms longer",
        "the way there, and back again: exponential, 250 ms on average",
        "stops working on calls whose clients have turned away",
        "25 % of admitted calls break off part-way",
        "waits 60 s for an answer",
    ] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn servers_and_timeouts_without_meaning_are_refused() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    for (provider, strategy, parts) in [
        (
            "server = { workers = 0 }",
            "",
            ["provider.server", "nonzero"],
        ),
        (
            "server = { queue = 1 }",
            "",
            ["provider.server", "`workers`"],
        ),
        (
            "slows = { per_in_service_s = 0 }",
            "",
            ["provider.slows", "nanosecond"],
        ),
        (
            "network.exponential = { mean_s = -1 }",
            "",
            ["provider.network", "-1"],
        ),
        (
            "network.normal = {}",
            "",
            ["provider.network", "`exponential`"],
        ),
        (
            "break_off_rate = 1.5",
            "",
            ["provider.break_off_rate", "from 0 to 1"],
        ),
        ("", "timeout_s = 0", ["timeout_s", "nanosecond"]),
    ] {
        let path = program::scenario(folder.path(), |_| jobs(1, provider, strategy));
        fails(&["check", &path], &parts);
    }
}
