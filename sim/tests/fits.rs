//! A workload that is fitted to what a workload drew is about the same workload.

use std::{fmt::Write, fs, path::Path};

use paceline_sim::{
    engine::Streams,
    fit, report,
    scenario::{
        Scenario,
        tokens::Tokens,
        workload::{Arrivals, Workload},
    },
    workload::Jobs,
};
use proptest::prelude::*;
use tempfile::TempDir;

const SIZES: &str = "input_tokens.lognormal = { median = 800, sigma = 1 }
output_tokens.lognormal = { median = 200, sigma = 0.6 }
correlation = 0.4";

/// Reads the workload in this text.
fn read(folder: &TempDir, workload: &str, duration_s: u32) -> Scenario {
    let path = folder.path().join("test.toml");
    let text = format!(
        "seed = 1\nduration_s = {duration_s}\nstart = \"2026-01-05T00:00:00Z\"\n{workload}\n[[strategy]]\nname = \"s\""
    );
    fs::write(&path, text).expect("the folder can be written to");
    Scenario::read(&path, &[]).expect("it is a legal scenario")
}

/// What is fitted to so many requests, or fewer, of a workload.
fn refit(workload: &str, requests: usize, seed: u64) -> (Workload, fit::Fitted) {
    let folder = TempDir::new().expect("a temporary folder");
    let scenario = read(&folder, &format!("[workload]\n{workload}"), 5_000_000);
    let mut jobs = Jobs::start(&scenario, Streams::new(seed)).expect("there is no trace");
    let (start, mut text) = (scenario.start(), String::new());
    let midnight: jiff::Timestamp = "2026-01-05T00:00:00Z".parse().expect("it is a time");
    for _ in 0..requests {
        let Ok(Some(job)) = jobs.next_job() else {
            break;
        };
        // Dates, as in one of the formats.
        let at = midnight + job.at.saturating_duration_since(start);
        let at = at.strftime("%Y-%m-%d %H:%M:%S%.9f");
        let _ = writeln!(text, "{at},{},{}", job.input_tokens, job.output_tokens);
    }
    let path = folder.path().join("trace");
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens";
    fs::write(&path, format!("{header}\n{text}")).expect("the folder can be written to");
    let fitted = fit::fit(&path).expect("there is enough");
    let mut scenario = read(&folder, &fitted.toml, 60);
    (scenario.workloads.remove(0), fitted)
}

/// Whether a number is within four standard errors, each a share of what is expected.
#[track_caller]
fn close(found: f64, expected: f64, standard_error: f64) {
    let off = (found / expected - 1.0).abs();
    assert!(
        off < 4.0 * standard_error,
        "expected {expected}, found {found}"
    );
}

#[track_caller]
fn sizes(workload: &Workload, requests: f64) {
    let lognormal = |tokens: &Option<Tokens>, median: f64, sigma: f64| match tokens {
        Some(Tokens::Lognormal(law)) => {
            close(law.median.get(), median, sigma / requests.sqrt());
            close(law.sigma.get(), sigma, 1.0 / (2.0 * requests).sqrt());
        }
        other => panic!("expected a lognormal, found {other:?}"),
    };
    lognormal(&workload.input_tokens, 800.0, 1.0);
    lognormal(&workload.output_tokens, 200.0, 0.6);
    let correlation = workload.correlation.expect("it is found").get();
    // Ranks know a little less than normal scores would.
    close(correlation, 0.4, 1.1 * (1.0 - 0.16) / 0.4 / requests.sqrt());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn gaps_of_gamma_and_weibull_are_known_again(percent in 20_u32..45, steady in any::<bool>(), rate in 1_u32..1_000, seed in any::<u64>()) {
        // Nearer to 1, the two families are hard to tell apart.
        let shape = if steady { 100.0 / f64::from(percent) } else { f64::from(percent) / 100.0 };
        let requests = 3_000.0_f64;
        for kind in ["gamma", "weibull"] {
            let arrivals = format!("arrivals.{kind} = {{ rate_per_min = {rate}, shape = {shape:?} }}");
            let (workload, _) = refit(&format!("{arrivals}\n{SIZES}"), 3_000, seed);
            // The coefficient of variation is at most 16 here, of Weibull; the shape is known to 1.4 shares of a root.
            let (found, mean) = match (&workload.arrivals, kind) {
                (Arrivals::Gamma { rate_per_min, shape }, "gamma") => (shape.get(), rate_per_min.get()),
                (Arrivals::Weibull { rate_per_min, shape }, "weibull") => (shape.get(), rate_per_min.get()),
                (other, _) => panic!("expected {kind}, found {other:?}"),
            };
            close(found, shape, 1.4 / requests.sqrt());
            close(mean, f64::from(rate), 16.0 / requests.sqrt());
            sizes(&workload, requests);
        }
    }

    #[test]
    fn states_and_bursts_are_known_again(rate in 1_u32..100, seed in any::<u64>()) {
        let unit_s = 60.0 / f64::from(rate);
        let (fast, busy_s, quiet_s) = (f64::from(rate) * 20.0, 2.0 * unit_s, 20.0 * unit_s);
        // 40 requests in each burst, and 20 between them, so 6,000 are 100 rounds: a length is known to a
        // tenth, a rate to a fiftieth, and more where states are hard to tell apart.
        let states = format!("arrivals.mmpp.states = [
            {{ rate_per_min = {fast:?}, mean_s = {busy_s:?} }}, {{ rate_per_min = {rate}, mean_s = {quiet_s:?} }}]");
        let (workload, _) = refit(&format!("{states}\n{SIZES}"), 6_000, seed);
        let Arrivals::Mmpp(mmpp) = &workload.arrivals else {
            panic!("expected states, found {:?}", workload.arrivals);
        };
        let state = |place: usize| {
            let state = &mmpp.states[place];
            (state.rate_per_min.get(), state.mean_s.get().as_secs_f64())
        };
        prop_assert_eq!(mmpp.states.len(), 2);
        close(state(0).0, fast, 0.05);
        close(state(0).1, busy_s, 0.12);
        close(state(1).0, f64::from(rate), 0.08);
        close(state(1).1, quiet_s, 0.12);

        let bursts = format!("arrivals.on_off = {{ rate_per_min = {fast:?}, mean_on_s = {busy_s:?}, mean_off_s = {quiet_s:?} }}");
        let (workload, _) = refit(&format!("{bursts}\n{SIZES}"), 4_000, seed);
        // A rate too many is taken for real in one of 500: by the criterion, a square of chance above ln 4,000. It is next to none.
        let (busy_rate, on_s, off_s) = match &workload.arrivals {
            Arrivals::OnOff { rate_per_min, mean_on_s, mean_off_s } => (rate_per_min.get(), mean_on_s, mean_off_s),
            Arrivals::Mmpp(mmpp) if mmpp.states.len() == 2 && mmpp.states[1].rate_per_min.get() < 0.001 * fast =>
                (mmpp.states[0].rate_per_min.get(), &mmpp.states[0].mean_s, &mmpp.states[1].mean_s),
            other => panic!("expected bursts, found {other:?}"),
        };
        close(busy_rate, fast, 0.05);
        close(on_s.get().as_secs_f64(), busy_s, 0.12);
        close(off_s.get().as_secs_f64(), quiet_s, 0.12);
    }
}

#[test]
fn independent_requests_are_known_again_and_drawn_alike() {
    let (workload, fitted) = refit(
        &format!("arrivals.poisson.rate_per_min = 90\n{SIZES}"),
        6_000,
        11,
    );
    match workload.arrivals {
        Arrivals::Poisson { rate_per_min } => {
            close(rate_per_min.get(), 90.0, 1.0 / 6_000_f64.sqrt())
        }
        other => panic!("expected poisson, found {other:?}"),
    }
    for quantiles in &fitted.goodness.quantiles[..3] {
        // 1.63 roots is the 1 % point of the distance.
        assert!(
            quantiles.distance < 1.63 / 6_000_f64.sqrt(),
            "{quantiles:?}"
        );
    }
    for (window_s, trace, drawn) in &fitted.goodness.dispersion {
        assert!(
            (trace - drawn).abs() < 0.3,
            "{window_s} s: {trace} and {drawn}"
        );
    }
    let files = report::fit_files(&fitted).expect("it can be drawn");
    assert_eq!(files[0].bytes, fitted.toml.as_bytes());
    assert!(files[1].bytes.starts_with(b"\x89PNG"));
}

#[test]
fn days_have_a_profile_and_weeks_have_one_for_their_days() {
    let hourly: Vec<String> = (0..24_u32)
        .map(|hour| f64::from(hour / 8).to_string())
        .collect();
    let text = format!(
        "arrivals.gamma = {{ rate_per_min = 4, shape = 0.5 }}
         profile = {{ hourly = [{}], weekly = [1.3, 1.3, 1.3, 1.3, 1.3, 0.4, 0.1] }}\n{SIZES}",
        hourly.join(", ")
    );
    // The mean factor of a week is 1, so this is 21 days.
    let (workload, _) = refit(&text, 120_000, 5);
    let profile = workload.profile.expect("it lasts for weeks");
    for (hour, factor) in profile.hourly.iter().enumerate() {
        let expected = [0.0, 1.0, 2.0][hour / 8];
        assert!((factor - expected).abs() < 0.15, "hour {hour}: {factor}");
    }
    for (day, factor) in profile.weekly.iter().enumerate() {
        let expected = [1.3, 1.3, 1.3, 1.3, 1.3, 0.4, 0.1][day];
        assert!((factor - expected).abs() < 0.08, "day {day}: {factor}");
    }
    match workload.arrivals {
        // Without the profile, it is what it was.
        Arrivals::Gamma { shape, .. } => close(shape.get(), 0.5, 0.02),
        other => panic!("expected gamma, found {other:?}"),
    }
}

#[test]
fn sizes_with_peaks_become_a_mixture_or_quantiles_that_are_close() {
    for sizes in [
        "input_tokens.mixture = [{ weight = 1, lognormal = { median = 20, sigma = 0.3 } },
            { weight = 2, lognormal = { median = 3000, sigma = 0.5 } }]\noutput_tokens.fixed = 7",
        "input_tokens.mixture = [{ weight = 3, fixed = 20 }, { weight = 1, fixed = 500 },
            { weight = 2, fixed = 900 }, { weight = 2, lognormal = { median = 90, sigma = 0.5 } }]
         output_tokens.fixed = 7",
    ] {
        let (workload, fitted) = refit(
            &format!("arrivals.poisson.rate_per_min = 60\n{sizes}"),
            3_000,
            3,
        );
        let [_, input, output, _] = &fitted.goodness.quantiles;
        assert!(input.distance < 0.05, "{}\n{}", input.distance, fitted.toml);
        assert_eq!(output.distance, 0.0);
        assert!(matches!(workload.output_tokens, Some(Tokens::Fixed(7))));
        let arrivals = &workload.arrivals;
        assert!(matches!(arrivals, Arrivals::Poisson { .. }), "{arrivals:?}");
    }
}

#[test]
fn too_little_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("trace.csv");
    let refuses = |rows: String, part: &str| {
        fs::write(
            &path,
            format!("arrival_ms,input_tokens,output_tokens\n{rows}"),
        )
        .expect("the folder can be written to");
        let err = fit::fit(&path).expect_err("it says too little");
        assert!(err.contains(part) && err.contains("trace.csv"), "{err}");
    };
    refuses("0,1,1\n5,1,1\n".to_owned(), "at least 100 requests");
    refuses("7,1,1\n".repeat(200), "at different times");
    refuses("7,0,0\n".repeat(200), "at least 100 requests");
    refuses("7,1,1\n6,1,1\n".to_owned(), "sorted by time");
}

/// Real traffic, where it is at hand: whatever it is, what is printed is a workload.
#[test]
fn recorded_traffic_is_fitted_where_it_is_at_hand() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    for name in ["burstgpt_office.csv", "claude_agent_team.csv"] {
        if !traces.join(name).exists() {
            continue;
        }
        let fitted = fit::fit(&traces.join(name)).expect("there is enough");
        let folder = TempDir::new().expect("a temporary folder");
        read(&folder, &fitted.toml, 60);
        for quantiles in &fitted.goodness.quantiles[1..3] {
            assert!(quantiles.distance < 0.08, "{name}: {quantiles:?}");
        }
    }
}
