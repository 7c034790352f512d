//! What the server says is what the model says.

use std::{collections::BTreeMap, time::Duration};

use paceline_sim::{
    engine::Streams,
    model::{self, Beginning, Ending, Heard, Live, Outside, dialect},
    scenario::Scenario,
    workload::{Job, Jobs},
};
use proptest::prelude::*;

use super::{
    at_speed,
    http::{Running, Said, call, chat, message},
    scenario, serve,
    tallied::tally,
    text::read,
};

/// The first call of a request in the first moment, of so many tokens in and out.
fn first_call(
    scenario: &Scenario,
    number: u64,
    (input_tokens, output_tokens): (u64, u64),
) -> Outside {
    Outside {
        number,
        key: 0,
        job: Job {
            id: number,
            workload: 0,
            at: scenario.start(),
            input_tokens,
            output_tokens,
            max_tokens: 64,
        },
        attempt: 0,
    }
}

/// What the model says to calls with one key, one after the other in the first moment.
fn said_by_the_model(scenario: &Scenario, calls: &[(u64, u64)]) -> Vec<Ending> {
    let mut live = Live::start(scenario, 0).expect("there is no trace");
    let mut endings = Vec::new();
    for (tokens, number) in calls.iter().copied().zip(0..) {
        live.send(first_call(scenario, number, tokens));
        live.advance(scenario.start()).expect("there is no trace");
        endings.extend(live.take_heard().into_iter().filter_map(|it| match it {
            Heard::Ends(_, ending) => Some(ending),
            Heard::Begins(..) => None,
        }));
    }
    endings
}

/// Every word but those that depend on the moment at which a call arrives.
fn lasting(headers: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let ours = ["content-type", "content-length", "connection", "date"];
    let lasts = |name: &str| !name.contains("reset") && !ours.contains(&name);
    let lasting = headers.into_iter().filter(|(name, _)| lasts(name));
    lasting.collect()
}

#[test]
fn every_dialect_says_what_the_model_says() {
    let limits = "[[provider.limit]]
        counts = 'requests'
        limit = 2
        per = 'minute'
        kind = 'gcra'
        [[provider.limit]]
        counts = 'tokens'
        limit = 1_000
        per = 'minute'
        kind = 'gcra'";
    let calls = [(10, 8), (2_000, 8), (10, 8), (10, 8)];
    for dialect in [
        "generic",
        "gateway",
        "openai",
        "azure",
        "anthropic",
        "gemini",
        "groq",
        "cerebras",
        "mistral",
        "openrouter",
        "cohere",
        "nvidia-nim",
        "deepseek",
    ] {
        for more in ["", "error_rate = 1", "outage = [{ from_s = 0, to_s = 60 }]"] {
            let text = format!("dialect = '{dialect}'\n{more}\n{limits}");
            // A clock that hardly runs.
            let server = at_speed(&text, 1e-9);
            let expected = said_by_the_model(&scenario(&text), &calls);
            assert_eq!(expected.len(), calls.len());
            for ((input, output), expected) in calls.iter().zip(expected) {
                let headers = [
                    format!("x-paceline-input-tokens: {input}"),
                    format!("x-paceline-output-tokens: {output}"),
                ];
                let headers = [headers[0].as_str(), headers[1].as_str()];
                let Said {
                    status,
                    headers,
                    body,
                } = call(server.at, &chat("a", &headers, ""));
                let dialect::Response {
                    status: expected_status,
                    headers: expected_headers,
                    body: expected_body,
                } = expected.response;
                assert_eq!(status, expected_status, "{dialect}: {body}");
                let owned = expected_headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                assert_eq!(lasting(headers), lasting(owned), "{dialect}");
                if expected.outcome != model::Outcome::Success {
                    // OpenRouter repeats the moment in its body.
                    let moment = |text: &str| text.replace(|it: char| it.is_ascii_digit(), "");
                    assert_eq!(moment(&body), moment(&expected_body), "{dialect}");
                }
            }
        }
    }
}

#[test]
fn luck_follows_the_job_and_the_attempt_as_in_a_run() {
    let faulty = "error_rate = 0.5";
    let (one, other) = (serve(faulty), serve(faulty));
    let ask = |server: &Running, job: u64, attempt: u32| {
        let headers = [
            format!("x-paceline-job: {job}"),
            format!("x-paceline-attempt: {attempt}"),
        ];
        call(server.at, &chat("a", &[&headers[0], &headers[1]], "")).status
    };
    // A batch has jobs 0 to 39, and nobody tries again.
    let run = tally(
        "seed = 1
        duration_s = 600
        [workload]
        arrivals.batch = { jobs = 40 }
        input_tokens.fixed = 10
        output_tokens.fixed = 8
        [provider]
        error_rate = 0.5
        [[strategy]]
        name = \"it\"",
    );
    let first: Vec<_> = (0..40).map(|job| ask(&one, job, 0)).collect();
    let again: Vec<_> = (0..40).rev().map(|job| ask(&other, job, 0)).collect();
    assert!(first.iter().eq(again.iter().rev()), "{first:?} {again:?}");
    let failed = first.iter().filter(|status| **status == 500).count();
    assert_eq!(u64::try_from(failed).expect("40 at most"), run.failed);
    let second: Vec<_> = (0..40).map(|job| ask(&one, job, 1)).collect();
    assert_ne!(first, second);
}

#[test]
fn moments_are_of_the_clock_that_the_date_shows() {
    let server = at_speed("dialect = 'anthropic'", 1e-9);
    let said = call(server.at, &message("a", ""));
    assert_eq!(said.header("date"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
}

/// Calls of all kinds against a provider of all kinds: limits, machines, the way there, faults and others.
fn eventful(seed: u64, rate: u32, refused_calls_count: bool, network: u32, workers: u32) -> String {
    format!(
        "seed = {seed}
        duration_s = 300
        [workload]
        arrivals.poisson = {{ rate_per_min = {rate} }}
        input_tokens.lognormal = {{ median = 100, sigma = 1 }}
        output_tokens.lognormal = {{ median = 20, sigma = 1 }}
        max_tokens = 200
        [provider]
        refused_calls_count = {refused_calls_count}
        network.fixed_s = 0.{network}
        first_token.lognormal = {{ median_s = 0.5, sigma = 0.5 }}
        per_output_token.exponential = {{ mean_s = 0.02 }}
        refusal_s = 0.05
        server = {{ workers = {workers}, queue = 2 }}
        slows.per_in_service_s = 0.01
        error_rate = 0.1
        break_off_rate = 0.1
        outage = [{{ from_s = 60, to_s = 90 }}]
        [[provider.limit]]
        counts = 'requests'
        limit = 60
        per = 'minute'
        kind = 'gcra'
        burst = 5
        [[provider.limit]]
        counts = 'tokens'
        limit = 20_000
        per = 'minute'
        kind = 'sliding-log'
        [[provider.upgrade]]
        at_s = 200
        limits = [120, 30_000]
        [[provider.tenant]]
        arrivals.poisson = {{ rate_per_min = 20 }}
        input_tokens.fixed = 100
        output_tokens.fixed = 10
        [[strategy]]
        name = 'nobody tries again'"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() })]

    /// Whoever sends the requests of a scenario from outside meets what a client meets that sends them at once.
    #[test]
    fn calls_from_outside_fare_as_those_of_a_run(
        seed: u64, rate in 20..200_u32, refused_calls_count: bool, network in 0..4_u32, workers in 1..5_u32,
    ) {
        let scenario = read(&eventful(seed >> 1, rate, refused_calls_count, network, workers));
        let streams = Streams::new(scenario.seed);
        let run = model::run(&scenario, &scenario.strategies[0], streams).expect("there is no trace");
        let mut live = Live::start(&scenario, 0).expect("there is no trace");
        let mut jobs = Jobs::start(&scenario, streams).expect("there is no trace");
        let (mut heard, mut sent, mut begun) = (Vec::new(), BTreeMap::new(), 0);
        while let Some(job) = jobs.next_job().expect("there is no trace") {
            live.advance(job.at).expect("there is no trace");
            live.send(Outside { number: job.id, key: 0, job, attempt: 0 });
            sent.insert(job.id, job.output_tokens);
            heard.extend(live.take_heard());
        }
        live.advance(scenario.end()).expect("there is no trace");
        heard.extend(live.take_heard());
        let (mut completed, mut failed, mut due) = (0, 0, BTreeMap::new());
        for it in heard {
            match it {
                Heard::Begins(number, Beginning { first_at, each, .. }) => {
                    begun += 1;
                    let tokens = u32::try_from(sent[&number]).expect("not so many");
                    due.insert(number, first_at.saturating_add(each.saturating_mul(tokens)));
                }
                Heard::Ends(number, ending) if ending.outcome == model::Outcome::Success => {
                    completed += 1;
                    // Each token may be rounded by a nanosecond.
                    let (one, other) = (due[&number].as_nanos(), ending.at.as_nanos());
                    prop_assert!(one.abs_diff(other) <= sent[&number] + 1, "{} {}", one, other);
                }
                Heard::Ends(..) => failed += 1,
            }
        }
        let total = run.total();
        prop_assert_eq!(completed, total.completed);
        prop_assert_eq!(failed, total.abandoned);
        prop_assert!(begun >= completed);
    }
}

#[test]
fn an_answer_breaks_off_after_a_share_of_its_time() {
    let scenario = scenario(
        "break_off_rate = 1
        refusal_s = 3
        first_token.fixed_s = 10
        per_output_token.fixed_s = 1",
    );
    let mut live = Live::start(&scenario, 0).expect("there is no trace");
    let hour = Duration::from_secs(3_600);
    for number in 0..1_000 {
        live.send(first_call(&scenario, number, (1, 10)));
    }
    live.advance(scenario.start().saturating_add(hour))
        .expect("there is no trace");
    let ends = live.take_heard().into_iter().filter_map(|it| match it {
        Heard::Ends(_, ending) => Some(ending),
        Heard::Begins(_, beginning) => {
            let first = beginning
                .first_at
                .saturating_duration_since(scenario.start());
            assert_eq!(first.as_secs(), 10);
            assert_eq!(beginning.response.status, 200);
            None
        }
    });
    let took = ends.map(|ending| {
        assert_eq!(ending.outcome, model::Outcome::Failed);
        assert_eq!(ending.response.status, 500);
        ending.at.saturating_duration_since(scenario.start())
    });
    let mut took: Vec<_> = took.collect();
    took.sort();
    assert_eq!(took.len(), 1_000);
    // Evenly from 0 to 20 s: the median of 1,000 strays from 10 s by 0.3 s, as standard deviations go.
    let median = took[500].as_secs_f64();
    assert!((8.5..11.5).contains(&median), "{median}");
    let (least, most) = (took[0].as_secs_f64(), took[999].as_secs_f64());
    assert!(
        least < 1.0 && (19.0..20.0).contains(&most),
        "{least}, {most}"
    );
}
