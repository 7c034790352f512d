//! Workloads that draw what a trace recorded.

mod arrivals;
mod chain;
mod goodness;
mod modulated;
mod profile;
mod quantiles;
mod sample;
mod simplex;
mod sizes;
mod statistics;

use std::path::Path;

use paceline_core::Timestamp;
use serde::Deserialize;

use crate::scenario::workload::Workload;
use arrivals::Candidate;
use goodness::Numbers;
pub use goodness::{Goodness, Quantiles};
use profile::FittedProfile;
use sample::Sample;
use statistics::{digits, gaps, number, sorted};

/// A workload that was fitted to a trace.
#[derive(Debug)]
pub struct Fitted {
    /// The `[workload]` of a scenario, as TOML, with a comment for each choice.
    pub toml: String,
    /// The trace beside what that workload draws.
    pub goodness: Goodness,
}

/// A scenario of which the workload alone is read.
#[derive(Deserialize)]
struct Scenario {
    workload: Workload,
}

/// Without dates, a trace starts on this Monday at midnight: 2026-01-05.
const MONDAY: Timestamp = Timestamp::from_nanos(1_767_571_200_000_000_000);
/// So many requests are drawn to be laid beside a trace.
const DRAWN: usize = 200_000;

/// Finds the workload that is likeliest to have made a trace, and draws from it to see how well it fits.
///
/// # Errors
///
/// Fails if the trace cannot be read, or holds too little to say anything.
pub fn fit(path: &Path) -> Result<Fitted, String> {
    let sample = Sample::read(path)?;
    let starts_at = sample.starts_at.unwrap_or(MONDAY);
    let profile = FittedProfile::of(&sample.at_s, starts_at);
    let (gaps, span_s) = match &profile {
        Some(profile) => {
            let level = profile.level(&sample.at_s);
            (gaps(&level), level.last().copied().unwrap_or_default())
        }
        None => (gaps(&sample.at_s), sample.span_s()),
    };
    let candidates = arrivals::candidates(&gaps);
    let per_min = 60.0 * number(gaps.len()) / span_s;
    let best = candidates
        .first()
        .ok_or("there is nothing to choose from")?;
    let input = sizes::sizes(&sorted(sample.input.clone()));
    let output = sizes::sizes(&sorted(sample.output.clone()));
    let linked = statistics::correlation(&sample.input, &sample.output);
    // Two standard errors of what is not there.
    let linked =
        Some(linked).filter(|it| it.abs() > (2.0 / number(sample.input.len()).sqrt()).max(0.05));

    let mut lines = String::new();
    lines += &format!(
        "# Arrivals: {}\n{}\n",
        reason(&candidates),
        best.law.line(per_min)
    );
    if let Some(profile) = &profile {
        lines += &format!("# Profile: requests of each hour{}\n", clock(&sample));
        lines += &profile.lines();
    }
    lines += &format!(
        "# Input tokens: {}\ninput_tokens.{}\n",
        input.reason, input.law
    );
    lines += &format!(
        "# Output tokens: {}\noutput_tokens.{}\n",
        output.reason, output.law
    );
    if let Some(linked) = linked {
        lines += &format!(
            "# Correlation of normal scores, from ranks\ncorrelation = {}\n",
            digits(linked)
        );
    }

    let scenario: Scenario =
        toml::from_str(&format!("[workload]\n{lines}")).map_err(|err| err.to_string())?;
    let head = head(path, &sample);
    let span_s = sample.span_s();
    let summary = format!(
        "{} at {} a minute",
        best.law.name(),
        digits(60.0 * sample.per_s())
    );
    let trace = Numbers {
        at_s: sample.at_s,
        input: sample.input,
        output: sample.output,
    };
    let count = trace.at_s.len().max(DRAWN);
    let drawn = Numbers::drawn(&scenario.workload, starts_at, count)?;
    let (quantiles, dispersion) = goodness::compare(&trace, &drawn);
    let rates = [&trace, &drawn].map(|it| goodness::rates(it, span_s));
    let mut toml = head;
    toml += &measured(&quantiles, &trace, &drawn, linked.is_some());
    toml += &format!("[workload]\n{lines}");
    Ok(Fitted {
        toml,
        goodness: Goodness {
            name: stem(path),
            summary,
            quantiles,
            dispersion,
            span_s,
            rates,
        },
    })
}

fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name may hold what would end a comment.
    name.chars()
        .filter(|letter| !letter.is_control())
        .take(80)
        .collect()
}

fn head(path: &Path, sample: &Sample) -> String {
    let mut text = format!(
        "# Fitted to {}: {} requests in {} min, in the format of {}.\n",
        stem(path),
        sample.at_s.len(),
        digits(sample.span_s() / 60.0),
        sample.format
    );
    if sample.at_s.len() == sample::MOST {
        text += &format!("# It was read up to its request number {}.\n", sample::MOST);
    }
    if let Some(step_s) = sample.spread_s {
        let step = digits(step_s);
        text += &format!(
            "# Stamps come in steps of {step} s, so requests are spread evenly over {step} s.\n"
        );
    }
    if sample.empty > 0 {
        text += &format!(
            "# {} requests without tokens are left out of sizes.\n",
            sample.empty
        );
    }
    text
}

/// How well what is drawn agrees with the trace.
fn measured(quantiles: &[Quantiles; 4], trace: &Numbers, drawn: &Numbers, linked: bool) -> String {
    let [gaps, input, output, _] = quantiles.each_ref().map(|it| it.distance);
    let mut text = format!(
        "# KS distance of what this draws to the trace: gaps {gaps:.3}, input {input:.3}, output {output:.3}.\n"
    );
    for window_s in [1.0, 10.0, 60.0] {
        if let (Some(trace), Some(drawn)) = (trace.dispersion(window_s), drawn.dispersion(window_s))
        {
            text += &format!(
                "# Dispersion of counts in {window_s} s (Poisson: 1): trace {}, drawn {}.\n",
                digits(trace),
                digits(drawn)
            );
        }
    }
    if linked {
        let (trace, drawn) = (trace.correlation(), drawn.correlation());
        text += &format!("# Correlation: trace {trace:.3}, drawn {drawn:.3}.\n");
    }
    text
}

fn reason(candidates: &[Candidate]) -> String {
    let best = candidates.first().map_or(0.0, |candidate| candidate.bic);
    let others = candidates.iter().skip(1);
    let others = others.map(|other| format!("{} +{:.0}", other.law.name(), other.bic - best));
    let name = candidates
        .first()
        .map_or("", |candidate| candidate.law.name());
    format!(
        "{name} has the least BIC ({})",
        others.collect::<Vec<_>>().join(", ")
    )
}

fn clock(sample: &Sample) -> &'static str {
    match sample.starts_at {
        Some(_) => " in UTC",
        None => "; the trace has no dates, so its start is taken for midnight on a Monday",
    }
}
