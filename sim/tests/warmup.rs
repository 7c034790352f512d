//! What happens before counting begins is simulated, and counts nowhere.

use paceline_sim::{compare::compare, results::Comparison, scenario::Scenario};

fn run(text: &str, replications: u32) -> Comparison {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).expect("the folder can be written to");
    let scenario = Scenario::read(&path, &[]).expect("the test's scenario is legal");
    compare(&scenario, replications, || ()).expect("there is no trace to fail")
}

/// A bucket of ten is full at first and refuses little. In the long run it refuses what M/D/1 with a
/// bound says, as in `truth.rs`, and a minute of that shows only once the beginning is left out.
#[test]
fn a_full_bucket_at_the_start_is_forgotten() {
    let refused = |warmup_s: u32| {
        let text = format!(
            "seed = 9
            duration_s = {}
            warmup_s = {warmup_s}
            workload.arrivals.poisson.rate_per_min = 72
            workload.input_tokens.fixed = 1
            workload.output_tokens.fixed = 1
            provider.limit = [{{ counts = \"requests\", limit = 60, per = \"minute\", burst = 10, kind = \"gcra\" }}]
            strategy = [{{ name = \"lossy\" }}]",
            warmup_s + 60
        );
        let comparison = run(&text, 400);
        let lossy = &comparison.strategies[0];
        assert_eq!(lossy.calls, comparison.arrivals);
        // 400 minutes with 72 each.
        assert!((comparison.arrivals - 72.0).abs() < 4.0 * (72.0_f64 / 400.0).sqrt());
        assert_eq!(comparison.optimum.exact, warmup_s == 0);
        assert!(lossy.goodput <= 1.0);
        lossy.refused / lossy.calls
    };
    // Refusals come in clusters of about ten.
    let within = 4.0 * (10.0_f64 * 0.170_911 / (400.0 * 72.0)).sqrt();
    let (cold, warm) = (refused(0), refused(300));
    assert!((warm - 0.170_911).abs() < within, "{warm}");
    assert!(cold < 0.170_911 - within, "{cold}");
}

/// Requests that are counted end somehow, and those of before take their time beside them.
#[test]
fn counted_requests_add_up() {
    let text = |warmup_s| {
        format!(
            "seed = 4
            duration_s = 900
            {warmup_s}
            workload.arrivals.poisson.rate_per_min = 30
            workload.input_tokens.fixed = 10
            workload.output_tokens.fixed = 1
            provider.error_rate = 0.1
            provider.limit = [{{ counts = \"requests\", limit = 20, per = \"minute\", kind = \"gcra\" }}]
            strategy = [{{ preset = \"sdk-default\" }}, {{ preset = \"no-care\" }}]"
        )
    };
    let (all, some) = (run(&text(""), 1), run(&text("warmup_s = 600"), 1));
    assert_eq!(some.warmup_s, 600.0);
    for (all_of, some_of) in all.strategies.iter().zip(&some.strategies) {
        let ends = some_of.completed + some_of.abandoned + some_of.unfinished;
        assert_eq!(ends, some.arrivals);
        assert!(some.arrivals < all.arrivals / 2.0);
        assert!(some_of.completed <= some.optimum.requests);
        // The same run, of which the last third counts.
        assert_eq!(some_of.series, all_of.series);
        let bins = |from_s: f64| -> f64 {
            let bins = some_of.series.iter().zip(0_u32..);
            let late = bins.filter(|(_, place)| f64::from(*place) * some.bin_s >= from_s);
            late.map(|(bin, _)| bin.admitted + bin.refused).sum()
        };
        assert_eq!(some_of.calls, bins(600.0));
        assert_eq!(all_of.calls, bins(0.0));
        // Each call that led to nothing wasted ten tokens.
        assert_eq!(
            some_of.wasted_tokens,
            10.0 * (some_of.refused + some_of.failed)
        );
        assert!(some_of.failed > 0.0 && some_of.failed < all_of.failed / 2.0);
    }
}
