//! Clients that turn away from their calls: what that gives back, and what it teaches.

mod tallied;
mod text;

use paceline_sim::model::Tally;
use tallied::tally;

/// One patient request, and from then on one each second whose user waits for half of one.
fn hasty(provider: &str) -> Tally {
    tally(&format!(
        "seed = 1
        duration_s = 21.75
        bin_s = 21.75
        [[workload]]
        name = \"patient\"
        arrivals.batch = {{ jobs = 1 }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        [[workload]]
        name = \"hasty\"
        arrivals.steps = {{ gaps = \"even\", rates = [{{ from_s = 0, rate_per_min = 60 }}] }}
        input_tokens.fixed = 1
        output_tokens.fixed = 1
        patience.fixed_s = 0.5
        [provider]
        cancels_on_disconnect = true
        {provider}
        [[strategy]]
        name = \"it\""
    ))
}

fn decided(tally: &Tally) -> (u64, u64) {
    let admitted = tally.series.iter().map(|bin| bin[0]).sum();
    (admitted, tally.refused + tally.failed)
}

/// The only worker is busy, and one more may wait.
#[test]
fn whoever_leaves_the_line_of_a_server_makes_room() {
    let full = "first_token.fixed_s = 100\nserver = { workers = 1, queue = 1 }";
    let limit = "limit = [{ counts = \"concurrency\", limit = 2 }]";
    for provider in [full.to_owned(), format!("{full}\n{limit}")] {
        let tally = hasty(&provider);
        let hasty = tally.workloads[1].cancelled;
        assert!(hasty > 20, "{hasty}");
        // All were admitted, and none but those that hung up has failed.
        assert_eq!(decided(&tally), (1 + hasty, hasty), "{provider}");
    }
}

/// A provider that notices hears nothing of a call that was taken back on its way.
#[test]
fn a_call_that_is_taken_back_on_its_way_never_arrives() {
    let far = |cancels: bool| {
        let text = format!(
            "seed = 1
            duration_s = 20
            [workload]
            arrivals.batch = {{ jobs = 10 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            cancels_on_disconnect = {cancels}
            network.fixed_s = 1
            [[strategy]]
            name = \"it\"
            timeout_s = 0.5"
        );
        decided(&tally(&text))
    };
    assert_eq!(far(true), (0, 10));
    assert_eq!(far(false), (10, 10));
}

/// The answer is there after 1.3 s and back after 1.6 s; its user left in between.
#[test]
fn an_answer_on_its_way_back_holds_no_worker() {
    let text = |patience: &str| {
        format!(
            "seed = 1
            duration_s = 20
            [[workload]]
            name = \"first\"
            arrivals.batch = {{ jobs = 1 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            {patience}
            [[workload]]
            name = \"others\"
            arrivals.batch = {{ jobs = 3 }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            [provider]
            cancels_on_disconnect = true
            network.fixed_s = 0.3
            first_token.fixed_s = 1
            server.workers = 1
            [[strategy]]
            name = \"it\""
        )
    };
    let (left, stayed) = (tally(&text("patience.fixed_s = 1.5")), tally(&text("")));
    assert_eq!((left.total().cancelled, stayed.total().cancelled), (1, 0));
    let of_others = |tally: &Tally| tally.workloads[1].latency_us.clone();
    assert_eq!(of_others(&left), of_others(&stayed));
}

/// Whoever is not answered in time learns that from the provider; whoever cancels tells nothing of it.
#[test]
fn permits_adapt_to_timeouts_and_not_to_users() {
    let rush = |workload: &str, strategy: &str| {
        let text = format!(
            "seed = 1
            duration_s = 10.25
            [workload]
            arrivals.steps = {{ gaps = \"even\", rates = [{{ from_s = 0, rate_per_min = 600 }}] }}
            input_tokens.fixed = 1
            output_tokens.fixed = 1
            {workload}
            [provider]
            first_token.fixed_s = 100
            [[strategy]]
            name = \"it\"
            adaptive.aimd = {{ initial = 20, backoff_percent = 50 }}
            {strategy}"
        );
        tally(&text).calls
    };
    // Ten arrive each second and wait for one: ten permits would do, and twenty are there.
    let cancelled = rush("patience.fixed_s = 1", "");
    assert!(cancelled >= 102, "{cancelled}");
    let timed_out = rush("", "timeout_s = 1");
    assert!(timed_out < 50, "{timed_out}");
}
