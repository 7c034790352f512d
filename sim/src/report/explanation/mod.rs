//! A scenario in words.

mod arrivals;
mod service;
mod strategy;
mod workload;

use std::fmt::Write;

use super::format::{count_u64, limit as limit_name, seconds};
use crate::scenario::{
    Scenario,
    limit::{Kind, Limit, RateLimit},
    provider::{Charge, Provider, RetryAfter},
    tenant::Tenant,
    workload::Workload,
};

/// What a scenario would simulate, in a few lines.
pub fn explanation(scenario: &Scenario) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = explain(&mut text, scenario);
    text
}

fn explain(text: &mut String, scenario: &Scenario) -> std::fmt::Result {
    let duration = seconds(scenario.duration().as_secs_f64());
    writeln!(
        text,
        "{}: {duration}, seed {}",
        scenario.name, scenario.seed
    )?;
    let warmup = scenario.warmup_s.get();
    if !warmup.is_zero() {
        let warmup = seconds(warmup.as_secs_f64());
        writeln!(text, "  counts nothing in the first {warmup}")?;
    }
    for workload in &scenario.workloads {
        workload::requests(text, workload)?;
    }

    for provider in &scenario.providers {
        self::provider(text, provider)?;
    }

    writeln!(text, "\nStrategies")?;
    for strategy in &scenario.strategies {
        writeln!(text, "  {}", strategy.name)?;
        for part in strategy::parts(strategy) {
            writeln!(text, "    - {part}")?;
        }
    }
    Ok(())
}

fn provider(text: &mut String, provider: &Provider) -> std::fmt::Result {
    match provider.name.as_str() {
        "" => writeln!(text, "\nProvider")?,
        name => writeln!(text, "\nProvider {name}")?,
    }
    if provider.keys.get() > 1 {
        writeln!(text, "  {} keys, each with these limits", provider.keys)?;
    }
    if provider.limits.is_empty() {
        writeln!(text, "  no limits")?;
    }
    for limit in &provider.limits {
        writeln!(text, "  {}", self::limit(limit))?;
    }
    if let Some(source) = &provider.source {
        let as_of = provider.as_of.as_deref().unwrap_or("an unknown date");
        writeln!(text, "  source: {source}, as of {as_of}")?;
    }
    for upgrade in &provider.upgrades {
        let limits: Vec<_> = upgrade.limits.iter().map(limit).collect();
        let at = seconds(upgrade.at.get().as_secs_f64());
        writeln!(text, "  from {at} on: {}", limits.join("; "))?;
    }
    let charge = match provider.charge {
        Charge::Input => "input tokens",
        Charge::InputAndMaxTokens => "input tokens and the declared cap",
        Charge::Actual => "input tokens at admission, output tokens at completion",
    };
    writeln!(text, "  charges {charge}")?;
    let hint = match provider.retry_after {
        RetryAfter::Exact => "exact".to_owned(),
        RetryAfter::Seconds => "rounded up to seconds".to_owned(),
        RetryAfter::Missing => "missing".to_owned(),
        RetryAfter::Wrong { factor } => format!("wrong by a factor of {}", factor.get()),
    };
    writeln!(text, "  Retry-After: {hint}")?;
    if provider.refused_calls_count {
        writeln!(text, "  refused calls count against limits on requests")?;
    }
    if provider.error_rate.get() > 0.0 {
        writeln!(
            text,
            "  {} % of admitted calls fail",
            provider.error_rate.get() * 100.0
        )?;
    }
    if provider.break_off_rate.get() > 0.0 {
        let share = provider.break_off_rate.get() * 100.0;
        let all = match provider.error_rate.get() > 0.0 {
            true => "of the others",
            false => "of admitted calls",
        };
        writeln!(text, "  {share} % {all} break off part-way")?;
    }
    for line in service::lines(provider) {
        writeln!(text, "  {line}")?;
    }
    for outage in &provider.outages {
        let (from, to) = (
            outage.from.get().as_secs_f64(),
            outage.to.get().as_secs_f64(),
        );
        writeln!(text, "  outage from {from} s to {to} s")?;
    }
    for tenant in &provider.tenants {
        others(text, provider, tenant)?;
    }
    Ok(())
}

fn others(text: &mut String, provider: &Provider, tenant: &Tenant) -> std::fmt::Result {
    let Workload { name, .. } = &tenant.requests;
    let who = match name.as_str() {
        "" => "others".to_owned(),
        name => format!("others ({name})"),
    };
    let key = match provider.keys.get() {
        1 => String::new(),
        _ => format!(" with key {}", tenant.key),
    };
    let lines = workload::lines(&tenant.requests);
    write!(text, "  {who} call it as well{key}: {}", lines.join("; "))?;
    writeln!(text)
}

fn limit(limit: &Limit) -> String {
    match limit {
        Limit::Concurrency(most) => format!("{} requests at a time", count_u64(*most)),
        Limit::Rate(rate) => rate_limit(rate),
    }
}

fn rate_limit(rate: &RateLimit) -> String {
    let what = limit_name(rate);
    let burst = format!("burst {}", count_u64(rate.quota.burst()));
    match &rate.kind {
        Kind::Gcra => format!("{what}, GCRA, {burst}"),
        Kind::TokenBucket => format!("{what}, token bucket, {burst}"),
        Kind::SteppedBucket => format!("{what}, refilled once a period, {burst}"),
        Kind::SlidingLog => format!("{what}, sliding log"),
        Kind::SlidingCounter => format!("{what}, sliding counter"),
        Kind::StrictCounter => format!("{what}, strict counter"),
        Kind::FixedWindow => format!("{what}, window from first use"),
        Kind::Calendar { zone, .. } => {
            format!(
                "{what}, by the calendar of {}",
                zone.iana_name().unwrap_or("UTC")
            )
        }
    }
}
