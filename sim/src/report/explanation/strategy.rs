use std::time::Duration;

use super::limit;
use crate::{
    report::format::short_seconds,
    scenario::{
        admission::{Adaptive, Gate, Settle},
        learning::{Hears, LimitsFrom, Pace},
        retry::{Backoff, Budget, Delay, Hint, HintPolicy, Jitter, Throttle},
        route::RoutePolicy,
        strategy::{Queue, Strategy},
    },
};

/// What a strategy does, line by line.
pub(super) fn parts(strategy: &Strategy) -> Vec<String> {
    let mut parts: Vec<_> = strategy.limits.iter().map(limit).collect();
    parts.extend(strategy.settle.map(|settle| settlement(settle).to_owned()));
    if let Some(spacing) = strategy.spacing_s {
        parts.push(format!("{} between calls", span(spacing.get())));
    }
    parts.extend(knowledge(strategy));
    parts.extend(strategy.adaptive.map(adaptive));
    parts.extend(strategy.gate.map(gate));
    match strategy.queue {
        Queue::None if !parts.is_empty() => {
            parts.push("no queue: everybody sleeps and asks again".to_owned());
        }
        Queue::Priority => parts.push("urgent requests pass patient ones".to_owned()),
        Queue::Smallest => parts.push("small requests pass large ones".to_owned()),
        Queue::None | Queue::Fifo => {}
    }
    parts.extend(entry(strategy));
    if strategy.clients.get() > 1 {
        let clients = strategy.clients;
        parts.insert(0, format!("{clients} clients, each by itself:"));
    }
    if let Some(deadline) = strategy.deadline_s {
        parts.push(format!("worthless after {}", span(deadline.get())));
    }
    if let Some(timeout) = strategy.timeout_s {
        let timeout = span(timeout.get());
        parts.push(format!("waits {timeout} for an answer"));
    }
    match &strategy.backoff[..] {
        [] => parts.push("never retries".to_owned()),
        [innermost, around @ ..] => {
            parts.extend(retries(innermost));
            for backoff in around {
                let [times, rest @ ..] = retries(backoff);
                parts.push(format!("around that, {times}"));
                parts.extend(rest);
            }
        }
    }
    parts.extend(strategy.budget.map(budget));
    parts.extend(strategy.throttle.map(throttle));
    parts
}

fn budget(budget: Budget) -> String {
    match budget {
        Budget::Ratio {
            percent,
            floor_per_s,
            most,
            initial,
            time_to_live_s,
        } => {
            let kept = time_to_live_s.map_or_else(String::new, |time| {
                format!(", kept for {}", span(time.get()))
            });
            format!(
                "retry budget: {percent} per 100 first calls and {floor_per_s} a second, \
                 at most {most} saved up{kept}, {initial} at the start"
            )
        }
        Budget::AwsQuota { initial } => format!(
            "retry quota of 500 tokens, {initial} at the start; 5 per refusal, 14 per fault"
        ),
        Budget::Grpc {
            tokens,
            per_success,
        } => format!(
            "no retries while half of {tokens} tokens are gone; a failure takes one, a success \
             returns {}",
            per_success.get()
        ),
        Budget::Breaker { percent, window_s } => {
            let lately = window_s.map_or_else(String::new, |window| {
                format!(" of the last {}", span(window.get()))
            });
            format!("no retries while failures exceed {percent} % of the first calls{lately}")
        }
    }
}

fn throttle(throttle: Throttle) -> String {
    format!(
        "holds calls back beyond {} % of those accepted in the last {}",
        throttle.multiple_percent,
        span(throttle.window_s.get())
    )
}

/// What it does with requests before they wait, line by line.
fn entry(strategy: &Strategy) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(cache) = strategy.cache {
        let percent = cache.hit_ratio.get() * 100.0;
        parts.push(format!("answers {percent} % of requests from a cache"));
    }
    if let Some(off_peak) = &strategy.off_peak {
        let windows = off_peak.windows.iter();
        let windows: Vec<_> = windows
            .map(|(from, to)| format!("{from} to {to}"))
            .collect();
        let clock = match off_peak.utc_offset_h {
            0.0 => "UTC".to_owned(),
            hours => format!("UTC{hours:+} h"),
        };
        let windows = windows.join(" and ");
        parts.push(format!(
            "sends patient requests from {windows} only, {clock}"
        ));
    }
    if let Some(batch) = strategy.batch {
        let wait = span(batch.wait_s.get());
        let items = batch.items;
        parts.push(format!(
            "sends up to {items} requests as one, which wait {wait} for each other"
        ));
    }
    parts
}

/// What it knows of limits besides those that are listed, line by line.
fn knowledge(strategy: &Strategy) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(strategy.limits_from.as_ref().map(|from| match from {
        LimitsFrom::Provider => "knows the limits of its provider".to_owned(),
        LimitsFrom::Preset(limits) => format!("knows {} limits of a preset", limits.len()),
    }));
    if strategy.reserve.get() > 1 {
        parts.push(format!(
            "leaves {} times what a request costs to others, as far as limits hold that",
            strategy.reserve.get() - 1
        ));
    }
    if strategy.learn {
        parts.push("learns limits from responses".to_owned());
    }
    parts.extend(strategy.pace.map(|pace| match pace {
        Pace::Cubic {} => "finds a rate from refusals, on a cubic curve".to_owned(),
        Pace::Aimd {
            requests_per_min, ..
        } => format!(
            "finds a rate from refusals, from {} requests a minute on",
            requests_per_min.get()
        ),
    }));
    if strategy.hears == Hears::Status {
        parts.push("hears of a response no more than its status".to_owned());
    }
    if let Some(provider) = &strategy.provider {
        parts.push(format!("calls `{provider}`"));
    }
    parts.extend(strategy.route.as_ref().map(|route| {
        let by = match route.policy {
            RoutePolicy::Weighted => "by lot",
            RoutePolicy::Remaining => "by lot, by what remains of their limits",
            RoutePolicy::Priority => "the first that admits it, in order",
            RoutePolicy::Cheapest => "the cheapest that admits it",
        };
        format!("chooses among all keys: {by}")
    }));
    parts
}

const fn settlement(settle: Settle) -> &'static str {
    match settle {
        Settle::Exact => "estimates are settled exactly",
        Settle::Strict => "estimates are settled strictly, in constant time",
        Settle::Optimistic => "estimates are settled optimistically",
    }
}

fn adaptive(adaptive: Adaptive) -> String {
    let (initial, range) = adaptive.bounds();
    let (least, most) = range.into_inner();
    let how = match adaptive {
        Adaptive::Aimd {
            backoff_percent, ..
        } => format!("AIMD, {backoff_percent} % after a refusal"),
        Adaptive::Gradient2 { .. } => "Gradient2, by latency".to_owned(),
    };
    format!("{least} to {most} requests at a time, {initial} at the start: {how}")
}

fn gate(gate: Gate) -> String {
    let spacing = span(gate.spacing_s.get());
    format!("one gate for all: a refusal closes it, and it reopens {spacing} apart")
}

/// When a strategy tries again, line by line.
fn retries(backoff: &Backoff) -> [String; 3] {
    let times = |most: Option<u32>| match most {
        None => "without limit".to_owned(),
        Some(1) => "once".to_owned(),
        Some(most) => format!("{most} times"),
    };
    let elapsed = backoff.max_elapsed_s.map_or_else(String::new, |most| {
        format!(", for {} at most", span(most.get()))
    });
    [
        format!(
            "retries {} after refusals, {} after faults{elapsed}",
            times(backoff.throttle_retries),
            times(backoff.error_retries),
        ),
        format!(
            "waits {}, {}",
            delay(&backoff.delay),
            jitter(backoff.jitter)
        ),
        hint(backoff),
    ]
}

fn delay(delay: &Delay) -> String {
    match delay {
        Delay::ConstantS(delay) => span(delay.get()),
        Delay::Linear {
            initial_s,
            step_s,
            cap_s,
        } => format!(
            "{}, {} more each time, up to {}",
            span(initial_s.get()),
            span(step_s.get()),
            span(cap_s.get())
        ),
        Delay::Exponential {
            initial_s,
            factor,
            cap_s,
        } => {
            format!(
                "{}, times {factor}, up to {}",
                span(initial_s.get()),
                span(cap_s.get())
            )
        }
        Delay::Fibonacci { unit_s, cap_s } => {
            format!(
                "{} times Fibonacci numbers, up to {}",
                span(unit_s.get()),
                span(cap_s.get())
            )
        }
        Delay::Decorrelated { base_s, cap_s } => {
            format!(
                "{} to thrice the last, up to {}",
                span(base_s.get()),
                span(cap_s.get())
            )
        }
        Delay::ScheduleS(delays) => {
            let delays: Vec<_> = delays.iter().map(|delay| span(delay.get())).collect();
            format!("{}, the last again and again", delays.join(", "))
        }
    }
}

fn jitter(jitter: Jitter) -> String {
    match jitter {
        Jitter::None => "without jitter".to_owned(),
        Jitter::Full => "with full jitter".to_owned(),
        Jitter::Equal => "with equal jitter".to_owned(),
        Jitter::ProportionalPercent(percent) => format!("plus or minus {percent} %"),
        Jitter::DownPercent(percent) => format!("minus up to {percent} %"),
        Jitter::AddS(most) => format!("plus up to {}", span(most.get())),
    }
}

fn hint(backoff: &Backoff) -> String {
    let how = match backoff.hint {
        Hint::Ignore => return "ignores the server's hint".to_owned(),
        Hint::Floor => "takes the server's hint as a floor under that",
        Hint::Exact => "takes the server's hint exactly",
    };
    match backoff.hint_policy {
        HintPolicy::Honour => format!("{how}, however long"),
        HintPolicy::FailAboveS(most) => format!("{how}, and gives up above {}", span(most.get())),
        HintPolicy::ClampS(most) => format!("{how}, at most {}", span(most.get())),
        HintPolicy::IgnoreAboveS(most) => format!("{how}, deaf above {}", span(most.get())),
    }
}

fn span(duration: Duration) -> String {
    short_seconds(duration.as_secs_f64())
}
