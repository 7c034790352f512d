//! How many requests wait, and what limits have left, in scenarios that can be worked out by hand.

mod common;
mod text;

use common::{run, strategy};

const TWENTY_AT_ONCE: &str = "
    seed = 1
    duration_s = 60
    bin_s = 10
    [workload]
    arrivals.batch = { jobs = 20 }
    input_tokens.fixed = 100
    output_tokens.fixed = 1";

#[test]
fn who_is_held_back_waits_and_who_is_under_way_does_not() {
    let text = format!(
        "{TWENTY_AT_ONCE}
         [provider]
         first_token.fixed_s = 25
         [[strategy]]
         name = \"three at a time\"
         concurrency = 3
         [[strategy]]
         name = \"all at once\""
    );
    let comparison = run(&text, 1);
    let waiting = |name| -> Vec<f64> {
        let series = &strategy(&comparison, name).series;
        series.iter().map(|bin| bin.waiting).collect()
    };
    // Three leave the line at 0, 25 and 50 s.
    let halves = [17.0, 17.0, 15.5, 14.0, 14.0, 11.0];
    assert_eq!(waiting("three at a time"), halves);
    assert_eq!(waiting("all at once"), [0.0; 6]);
}

#[test]
fn what_is_left_is_what_the_limit_would_admit() {
    let text = format!(
        "{TWENTY_AT_ONCE}
         [provider]
         charge = \"input\"
         limit = [
             {{ counts = \"requests\", limit = 60, per = \"minute\", kind = \"token-bucket\" }},
             {{ counts = \"concurrency\", limit = 40 }},
             {{ counts = \"tokens\", limit = 4_000, per = \"minute\", kind = \"fixed-window\" }},
         ]
         first_token.fixed_s = 25
         [[strategy]]
         name = \"all at once\""
    );
    let comparison = run(&text, 1);
    let units: Vec<_> = comparison
        .limits
        .iter()
        .map(|it| it.unit.as_str())
        .collect();
    assert_eq!(units, ["requests/min", "tokens/min", "calls under way"]);
    let left = &strategy(&comparison, "all at once").left;
    // Of 60 requests 20 are gone, and one comes back each second; what is whole counts.
    let requests: Vec<_> = left[0].iter().map(|share| (share * 60.0).round()).collect();
    assert_eq!(requests, [49.0, 59.0, 60.0, 60.0, 60.0, 60.0]);
    // The window stays open for a minute.
    assert!(
        left[1].iter().all(|share| (share - 0.5).abs() < 1e-6),
        "{left:?}"
    );
    assert_eq!(left[2], [0.5, 0.5, 1.0, 1.0, 1.0, 1.0]);
}

#[test]
fn keys_and_runs_are_averaged() {
    let text = format!(
        "{TWENTY_AT_ONCE}
         [provider]
         keys = 4
         limit = [{{ counts = \"requests\", limit = 40, per = \"minute\", kind = \"fixed-window\" }}]
         [[strategy]]
         name = \"one key\""
    );
    let comparison = run(&text, 3);
    let left = &strategy(&comparison, "one key").left;
    // One of four keys is half used.
    assert_eq!(left.len(), 1);
    assert!(
        left[0].iter().all(|share| (share - 0.875).abs() < 1e-6),
        "{left:?}"
    );
}

/// Twenty at once of which one is served: the others sleep until their users leave.
#[test]
fn whoever_has_cancelled_waits_no_longer() {
    let text = format!(
        "{TWENTY_AT_ONCE}
         patience.fixed_s = 25
         [provider]
         limit = [{{ counts = \"requests\", limit = 1, per = \"hour\", kind = \"gcra\" }}]
         [[strategy]]
         name = \"sleeps\"
         backoff = {{ delay.constant_s = 1000, hint = \"ignore\" }}"
    );
    let series = &strategy(&run(&text, 1), "sleeps").series.clone();
    let waiting: Vec<_> = series.iter().map(|bin| bin.waiting).collect();
    assert_eq!(waiting, [19.0, 19.0, 9.5, 0.0, 0.0, 0.0]);
}

#[test]
fn each_provider_has_its_own_limits_as_they_are_by_then() {
    let text = format!(
        "{TWENTY_AT_ONCE}
         [[provider]]
         name = \"used\"
         limit = [
             {{ counts = \"requests\", limit = 60, per = \"minute\", burst = 15, kind = \"gcra\" }},
             {{ counts = \"tokens\", limit = 4_000, per = \"hour\", kind = \"fixed-window\" }},
         ]
         [[provider.upgrade]]
         at_s = 25
         limits = [60, 6_000]
         [[provider]]
         name = \"idle\"
         limit = [
             {{ counts = \"requests\", limit = 60, per = \"minute\", kind = \"gcra\" }},
             {{ counts = \"tokens\", limit = 4_000, per = \"minute\", kind = \"fixed-window\" }},
         ]
         [[strategy]]
         name = \"the first one\""
    );
    let comparison = run(&text, 1);
    let left = &strategy(&comparison, "the first one").left;
    let near = |series: &[f64], expected: [f64; 6]| {
        let mut both = series.iter().zip(expected);
        let all = both.all(|(share, expected)| (share - expected).abs() < 1e-6);
        assert!(all && series.len() == 6, "{left:?}");
    };
    // Fifteen are gone, and nine are back just before ten seconds have passed: whole ones count.
    near(&left[0], [0.6, 1.0, 1.0, 1.0, 1.0, 1.0]);
    // Fifteen were served at 101 tokens, and nobody calls once the limit has changed.
    let (before, after) = (2_485.0 / 4_000.0, 4_485.0 / 6_000.0);
    near(&left[1], [before, before, after, after, after, after]);
    near(&left[2], [1.0; 6]);
    near(&left[3], [1.0; 6]);
}
