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
