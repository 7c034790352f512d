use crate::{
    report::format::seconds,
    scenario::{latency::Latency, provider::Provider},
};

/// What happens to calls that it admits, line by line, if it is not only a matter of time.
pub(super) fn lines(provider: &Provider) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(server) = provider.server {
        let workers = server.workers;
        let others = match server.queue {
            None => "the others wait in line".to_owned(),
            Some(0) => "the others are refused".to_owned(),
            Some(most) => format!("{most} more wait in line, and the others are refused"),
        };
        let calls = if workers.get() == 1 { "call" } else { "calls" };
        lines.push(format!("serves {workers} {calls} at a time; {others}"));
    }
    if let Some(slows) = provider.slows {
        let more = seconds(slows.per_in_service_s.get().as_secs_f64());
        lines.push(format!(
            "each call in service makes new ones take {more} longer"
        ));
    }
    if !provider.network.is_zero() {
        let way = latency(&provider.network);
        lines.push(format!("the way there, and back again: {way}"));
    }
    if provider.cancels_on_disconnect {
        lines.push("stops working on calls whose clients have turned away".to_owned());
    }
    lines
}

/// A distribution of times.
pub(super) fn latency(latency: &Latency) -> String {
    match latency {
        Latency::FixedS(time) => seconds(time.get().as_secs_f64()),
        Latency::Exponential { mean_s } => {
            let mean = seconds(mean_s.get().as_secs_f64());
            format!("exponential, {mean} on average")
        }
        Latency::Lognormal { median_s, sigma } => {
            let (median, sigma) = (seconds(median_s.get()), sigma.get());
            format!("lognormal, median {median}, sigma {sigma}")
        }
    }
}
