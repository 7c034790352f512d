//! What `sim check` says of arrivals and sizes, and what `sim fit` and `--trace` make of published files.

use std::{fmt::Write, fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use crate::program::{fails, scenario, sim};

/// What `check` prints about a workload.
#[track_caller]
fn explains(arrivals: &str, more: &str, parts: &[&str]) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| {
        let text = text.replace("poisson = { rate_per_min = 30 }", arrivals);
        text.replace("input_tokens.fixed = 100", more)
    });
    let output = sim().args(["check", &path]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn arrivals_and_sizes_are_explained() {
    explains(
        "mmpp.states = [{ rate_per_min = 60, mean_s = 10 }, { rate_per_min = 0, mean_s = 30 }]
         profile = { hourly = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23], utc_offset_h = -3 }",
        "input_tokens.mixture = [{ weight = 3, fixed = 5 }, { weight = 1, pareto = { least = 9, alpha = 1.5 } }]\ncorrelation = -0.25",
        &[
            "at random, 15.0000 a minute on average",
            "60 a minute for 10.0 s (25.0 % of the time)",
            "each hour from midnight UTC-3 h on: 0 1 2 3",
            "by lot: 75.0 % 5; 25.0 % Pareto, least 9, exponent 1.5",
            "a correlation of -0.25",
        ],
    );
    explains(
        "clients = { count = 1000, rate_per_min = 60, zipf = 1.1, gaps.weibull = { shape = 0.5, shape_sigma = 0.2 }, active = { share = 0.3, mean_s = 600 } }",
        "input_tokens.quantiles = [[0.5, 493], [0.95, 2387]]\nmultimodal = { share = 0.25, input_tokens.gamma = { mean = 700, shape = 2 } }",
        &[
            "60 a minute on average from 1,000 clients of Zipf exponent 1.1",
            "Weibull gaps of shape 0.5 that differs by sigma 0.2",
            "active 30 % of the time, 10.0 min at a time",
            "by quantiles: 493 at 50 %, 2387 at 95 %",
            "25 % of them bring pictures or sound, input tokens on top: Gamma, mean 700, shape 2",
        ],
    );
    explains(
        "weibull = { rate_per_min = 4, shape = 0.7 }",
        "preset = \"office\"\ninput_tokens.fixed = 1",
        &[
            "Requests of office",
            "4 a minute on average, with Weibull gaps of shape 0.7",
            "source: The first 400 requests of BurstGPT",
        ],
    );
}

/// A trace as Azure publishes it, of a request every second.
fn azure(rows: u32) -> Vec<u8> {
    let mut text = "TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned();
    for row in 0..rows {
        let _ = writeln!(
            text,
            "2023-11-16 18:{:02}:{:02}.6805900,{},{}",
            row / 60,
            row % 60,
            100 + row,
            9
        );
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed
        .write_all(text.as_bytes())
        .expect("a vector takes all");
    packed.finish().expect("a vector takes all")
}

#[test]
fn a_published_trace_is_replayed_and_fitted_as_it_was_downloaded() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let trace = folder.path().join("AzureLLMInferenceTrace_conv.csv.gz");
    fs::write(&trace, azure(300)).expect("the folder can be written to");
    let trace = trace.display().to_string();
    let output = sim()
        .args(["compare", &path, "--trace", &trace])
        .output()
        .expect("it runs");
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(table.contains("300"), "{table}");

    let out = folder.path().join("out");
    let shown = out.display().to_string();
    let fit = || {
        sim()
            .args(["fit", &trace, "--out", &shown])
            .output()
            .expect("it runs")
            .stdout
    };
    let printed = fit();
    assert_eq!(
        printed,
        fs::read(out.join("workload.toml")).expect("it was written")
    );
    assert_eq!(printed, fit(), "the same trace gives the same bytes");
    let text = String::from_utf8(printed).expect("UTF-8");
    assert!(
        text.contains("300 requests in 4.983 min, in the format of Azure LLM"),
        "{text}"
    );
    assert!(
        text.contains("[workload]") && text.contains("output_tokens.fixed = 9"),
        "{text}"
    );
    assert!(
        fs::read(out.join("fit.png"))
            .expect("it was written")
            .starts_with(b"\x89PNG")
    );
    assert_eq!(fs::read_dir(&out).expect("it is a folder").count(), 2);
    fails(&["fit", &path], &["scenario.toml:1: expected a header"]);
}
