use std::fmt::Write;

use super::{
    arrivals::{arrivals, profile},
    count_u64, seconds,
    service::latency,
};
use crate::scenario::{
    tokens::{Lognormal, Tokens},
    workload::{Assign, Priority, Workload},
};

/// The requests of a workload.
pub(super) fn requests(text: &mut String, workload: &Workload) -> std::fmt::Result {
    match workload.name.as_str() {
        "" => writeln!(text, "\nRequests")?,
        name => writeln!(text, "\nRequests of {name}")?,
    }
    for line in lines(workload) {
        writeln!(text, "  {line}")?;
    }
    if let Some(source) = &workload.source {
        let as_of = workload.as_of.as_deref().unwrap_or("an unknown date");
        writeln!(text, "  source: {source}, as of {as_of}")?;
    }
    if let Some(cap) = workload.max_tokens {
        writeln!(text, "  declared cap: {} output tokens", count_u64(cap))?;
    }
    for line in ends(workload) {
        writeln!(text, "  {line}")?;
    }
    if workload.assign == Assign::AtRandom {
        writeln!(text, "  each goes to a client by lot")?;
    }
    match workload.priority {
        Priority::Interactive => Ok(()),
        Priority::Batch => writeln!(text, "  patient: lets urgent requests pass for an hour"),
        Priority::YieldsForS(span) => {
            let span = seconds(span.get().as_secs_f64());
            writeln!(text, "  patient: lets urgent requests pass for {span}")
        }
    }
}

/// When its requests are over, whatever becomes of them.
fn ends(workload: &Workload) -> Vec<String> {
    let deadline = workload.deadline_s.map(|deadline| {
        let deadline = seconds(deadline.get().as_secs_f64());
        format!("worthless {deadline} after they arrive")
    });
    let patience = workload.patience.as_ref().map(|patience| {
        let patience = latency(patience);
        format!("cancelled by their users after some time: {patience}")
    });
    deadline.into_iter().chain(patience).collect()
}

/// When its requests arrive, and how large they are.
pub(super) fn lines(workload: &Workload) -> Vec<String> {
    let mut lines = vec![arrivals(&workload.arrivals)];
    lines.extend(workload.profile.iter().flat_map(profile));
    for (name, tokens) in [
        ("input tokens", &workload.input_tokens),
        ("output tokens", &workload.output_tokens),
    ] {
        let tokens = tokens.as_ref().map(self::tokens);
        lines.extend(tokens.map(|tokens| format!("{name}: {tokens}")));
    }
    if let Some(correlation) = workload.correlation {
        let correlation = correlation.get();
        lines.push(format!(
            "input and output go together with a correlation of {correlation}"
        ));
    }
    if let Some(multimodal) = &workload.multimodal {
        let share = multimodal.share.get() * 100.0;
        let more = tokens(&multimodal.input_tokens);
        lines.push(format!(
            "{share} % of them bring pictures or sound, input tokens on top: {more}"
        ));
    }
    lines
}

fn tokens(tokens: &Tokens) -> String {
    let most = |max: Option<u64>| {
        max.map_or_else(String::new, |max| format!(", at most {}", count_u64(max)))
    };
    match tokens {
        Tokens::Fixed(tokens) => count_u64(*tokens),
        Tokens::Lognormal(Lognormal { median, sigma, max }) => format!(
            "lognormal, median {}, sigma {}{}",
            median.get(),
            sigma.get(),
            most(*max)
        ),
        Tokens::Gamma(law) => format!(
            "Gamma, mean {}, shape {}{}",
            law.mean.get(),
            law.shape.get(),
            most(law.max)
        ),
        Tokens::Pareto(law) => format!(
            "Pareto, least {}, exponent {}{}",
            law.least.get(),
            law.alpha.get(),
            most(law.max)
        ),
        Tokens::Mixture(mixture) => {
            let parts = mixture.parts();
            let all: f64 = parts.iter().map(|part| part.weight.get()).sum();
            let parts = parts.iter().map(|part| {
                let percent = part.weight.get() / all * 100.0;
                format!("{percent:.1} % {}", self::tokens(&part.tokens))
            });
            format!("by lot: {}", parts.collect::<Vec<_>>().join("; "))
        }
        Tokens::Quantiles(quantiles) => {
            let points = quantiles.points().iter();
            let points = points.map(|(share, tokens)| format!("{tokens} at {} %", share * 100.0));
            format!("by quantiles: {}", points.collect::<Vec<_>>().join(", "))
        }
    }
}
