//! Users who cancel, and requests that are worthless after some time.

mod tallied;
mod text;

use paceline_sim::{engine::Streams, model};
use tallied::tally;
use text::read;

/// What each strategy makes of ten requests at once, of which one is served per second.
fn ten(workload: &str, provider: &str, strategies: &str) -> Vec<model::Tally> {
    let text = format!(
        "seed = 1
        duration_s = 60
        [workload]
        arrivals.batch = {{ jobs = 10 }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        {workload}
        [provider]
        first_token.fixed_s = 1
        {provider}
        {strategies}"
    );
    let scenario = read(&text);
    let streams = Streams::new(scenario.seed);
    let run = |strategy| model::run(&scenario, strategy, streams).expect("no trace");
    scenario.strategies.iter().map(run).collect()
}

fn ends(tally: &model::Tally) -> [u64; 4] {
    let total = tally.total();
    [
        total.completed,
        total.abandoned,
        total.cancelled,
        total.unfinished,
    ]
}

/// One at a time takes a second each: the fourth is under way after 3.5 s, and all behind it wait.
const ONE_AT_A_TIME: &str = "[[strategy]]
    name = \"one at a time\"
    concurrency = 1";

#[test]
fn fixed_patience_cuts_exactly_those_that_wait_longer() {
    let tallies = ten("patience.fixed_s = 3.5", "", ONE_AT_A_TIME);
    assert_eq!(ends(&tallies[0]), [3, 0, 7, 0]);
    // The fourth hung up, so the fifth was sent, who hung up at the same moment, and so on.
    assert_eq!((tallies[0].calls, tallies[0].failed), (10, 7));
    // What was sent for nothing was one token each.
    assert_eq!(tallies[0].wasted_tokens, 7);
}

#[test]
fn whoever_sleeps_is_cancelled_where_he_sleeps() {
    let limited =
        "limit = [{ counts = \"requests\", limit = 1, per = \"minute\", kind = \"gcra\" }]";
    let strategy = "[[strategy]]
        name = \"sleeps\"
        backoff = { delay.constant_s = 10, hint = \"ignore\" }
        [[strategy]]
        name = \"sleeps in off-peak hours\"
        off_peak.windows = [[\"01:00\", \"02:00\"]]";
    let tallies = ten(
        "patience.fixed_s = 25\npriority = \"batch\"",
        limited,
        strategy,
    );
    // Each of the others was refused after 0, 10 and 20 s, and then slept.
    assert_eq!(ends(&tallies[0]), [1, 0, 9, 0]);
    assert_eq!((tallies[0].calls, tallies[0].refused), (28, 27));
    assert_eq!(ends(&tallies[1]), [0, 0, 10, 0]);
    assert_eq!(tallies[1].calls, 0);
}

#[test]
fn a_call_that_is_hung_up_frees_its_worker_only_where_the_provider_notices() {
    let strategy = "[[strategy]]\nname = \"all at once\"";
    let served = |cancels: bool| {
        let provider = format!("server.workers = 1\ncancels_on_disconnect = {cancels}");
        ten("patience.fixed_s = 3.5", &provider, strategy).remove(0)
    };
    assert_eq!(ends(&served(true)), [3, 0, 7, 0]);
    assert_eq!(ends(&served(false)), [3, 0, 7, 0]);
    let admitted = |tally: model::Tally| tally.series.iter().map(|bin| bin[0]).sum::<u64>();
    assert_eq!(admitted(served(true)), 10);
}

#[test]
fn the_stricter_deadline_holds() {
    let strategies = "[[strategy]]
        name = \"none\"
        concurrency = 1
        [[strategy]]
        name = \"stricter\"
        concurrency = 1
        deadline_s = 2
        [[strategy]]
        name = \"laxer\"
        concurrency = 1
        deadline_s = 9.5";
    let tallies = ten("deadline_s = 4", "", strategies);
    let ends: Vec<_> = tallies.iter().map(ends).collect();
    // An answer at that very moment is in time, and nothing is sent any more.
    assert_eq!(ends, [[4, 6, 0, 0], [2, 8, 0, 0], [4, 6, 0, 0]]);
    let calls: Vec<_> = tallies.iter().map(|tally| tally.calls).collect();
    assert_eq!(calls, [4, 2, 4]);
}

/// What is still in line or under way at the end was worthless before, or may yet be done.
#[test]
fn a_deadline_that_has_passed_by_the_end_counts() {
    let at_the_end = |deadline: u32| {
        let outage = "network.fixed_s = 100";
        let deadline = format!("deadline_s = {deadline}");
        ends(&ten(&deadline, outage, ONE_AT_A_TIME)[0])
    };
    assert_eq!(at_the_end(60), [0, 10, 0, 0]);
    assert_eq!(at_the_end(61), [0, 0, 0, 10]);
}

/// The next try would come after a minute and a half, so each session knows at once and asks again.
#[test]
fn what_cannot_be_tried_again_in_time_is_given_up_at_once() {
    let tally = tally(
        "seed = 1
        duration_s = 9.5
        [workload]
        arrivals.closed = { sessions = 2, think.fixed_s = 1 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        deadline_s = 30
        [provider]
        outage = [{ from_s = 0, to_s = 60 }]
        [[strategy]]
        name = \"it\"
        backoff.delay.constant_s = 90",
    );
    let [completed, abandoned, cancelled, unfinished] = ends(&tally);
    assert_eq!((completed, cancelled), (0, 0));
    // Some nine times each, as a refusal takes its time.
    assert!((14..=20).contains(&abandoned), "{abandoned}");
    assert!(unfinished <= 2, "{unfinished}");
}

#[test]
fn users_of_each_workload_have_their_own_patience_and_deadline() {
    let run = |workload: &str| {
        let text = format!(
            "seed = 1
            duration_s = 60
            [[workload]]
            name = \"for as long as it takes\"
            arrivals.batch = {{ jobs = 10 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [[workload]]
            name = \"not for long\"
            arrivals.batch = {{ jobs = 10 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            {workload}
            [provider]
            first_token.fixed_s = 1
            {ONE_AT_A_TIME}"
        );
        let tally = tally(&text);
        let fates = tally.workloads.iter();
        let of_each = fates.map(|fate| [fate.completed, fate.abandoned, fate.cancelled]);
        of_each.collect::<Vec<_>>()
    };
    assert_eq!(run("patience.fixed_s = 15.5"), [[10, 0, 0], [5, 0, 5]]);
    assert_eq!(run("deadline_s = 15.5"), [[10, 0, 0], [5, 5, 0]]);
}

/// Patience belongs to the request: where nothing is ever answered, strategies lose the same ones.
#[test]
fn users_are_as_patient_under_every_strategy() {
    let outage = "outage = [{ from_s = 0, to_s = 60 }]";
    let strategies = "[[strategy]]
        name = \"waits\"
        gate = {}
        backoff.delay.constant_s = 3
        [[strategy]]
        name = \"hammers\"
        backoff.delay.constant_s = 0.1
        [[strategy]]
        name = \"one by one\"
        concurrency = 1
        backoff.delay.constant_s = 0.7";
    let tallies = ten("patience.exponential.mean_s = 60", outage, strategies);
    let ends: Vec<_> = tallies.iter().map(ends).collect();
    assert_eq!([ends[1], ends[2]], [ends[0], ends[0]]);
    let [completed, abandoned, cancelled, unfinished] = ends[0];
    assert_eq!((completed, abandoned, cancelled + unfinished), (0, 0, 10));
    assert!(cancelled > 0 && unfinished > 0, "{ends:?}");
}

/// Sessions go on: each asks again a second after it has lost patience.
#[test]
fn a_session_goes_on_after_it_has_cancelled() {
    let tally = tally(
        "seed = 1
        duration_s = 29.5
        [workload]
        arrivals.closed = { sessions = 2, think.fixed_s = 1 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        patience.fixed_s = 2
        [provider]
        first_token.fixed_s = 50
        [[strategy]]
        name = \"it\"",
    );
    // At 0, 3, 6 to 27 s, cancelled two seconds later but for the last ones at 29 s, which are, too.
    assert_eq!(ends(&tally), [0, 0, 20, 0]);
}

/// The share that leaves the line of an M/M/1 queue whose users lose patience (Erlang-A), from the balance of
/// births and deaths.
fn lost(arrivals: f64, serves: f64, loses: f64) -> f64 {
    let (mut weight, mut all, mut left) = (1.0, 1.0, 0.0);
    for inside in 1..400 {
        let waiting = f64::from(inside - 1);
        weight *= arrivals / (serves + waiting * loses);
        all += weight;
        left += weight * waiting * loses;
    }
    left / all / arrivals
}

/// Requests wait in a client's line for one permit. Users cancel whether they wait or are served, so the server
/// is free again at the rate of service and of patience together, and some of what leaves it was cut off.
#[test]
fn a_queue_with_exponential_patience_loses_what_the_balance_says() {
    let tally = tally(
        "seed = 3
        duration_s = 100000
        [workload]
        arrivals.poisson = { rate_per_min = 60 }
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        patience.exponential.mean_s = 2
        [provider]
        first_token.exponential.mean_s = 1
        [[strategy]]
        name = \"one at a time\"
        concurrency = 1",
    );
    let [completed, _, cancelled, _] = ends(&tally).map(|count| u32::try_from(count).expect("few"));
    let share = f64::from(cancelled) / f64::from(completed + cancelled);
    // Of what leaves the server, one in three was cut off.
    let (serves, loses) = (1.0, 0.5);
    let waiting = lost(1.0, serves + loses, loses);
    let expected = waiting + (1.0 - waiting) * loses / (serves + loses);
    assert!((share - expected).abs() < 0.01, "{share} for {expected}");
}
