use std::{path::Path, time::Duration};

use paceline_core::{Demand, Dimension, Quota};

use crate::{
    scenario::{
        limit::{Kind, Limit, RateLimit},
        provider::{Charge, Provider},
    },
    workload::{Trace, TraceError},
};

/// What a trace asks for in total.
#[derive(Clone, Copy, Debug)]
pub struct Offered {
    /// From the first request to the last.
    pub span: Duration,
    /// Requests and tokens.
    pub demand: Demand,
}

impl Offered {
    /// Reads a trace to its end.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read, or lasts no time.
    pub fn read(path: &Path) -> Result<Self, String> {
        let fail = |err: TraceError| err.to_string();
        let mut trace = Trace::open(path).map_err(fail)?;
        let (mut span, mut demand) = (Duration::ZERO, Demand::default());
        while let Some(row) = trace.next_row().map_err(fail)? {
            span = row.arrival;
            demand.requests += 1;
            demand.input_tokens = demand.input_tokens.saturating_add(row.input_tokens);
            demand.output_tokens = demand.output_tokens.saturating_add(row.output_tokens);
        }
        if span.is_zero() {
            let path = path.display();
            return Err(format!("{path}: expected requests at different times"));
        }
        Ok(Self { span, demand })
    }

    /// The limits of a provider, all scaled by the factor for which this offers `load` times what the
    /// tightest of them allows.
    pub(super) fn scale(&self, provider: &Provider, load: f64) -> Vec<Limit> {
        let usage = |limit: &Limit| match limit {
            Limit::Rate(rate) => self.usage(rate, provider.charge),
            Limit::Concurrency(_) => 0.0,
        };
        let tightest = provider.limits.iter().map(usage).fold(0.0, f64::max);
        let factor = tightest / load;
        let scale = |limit: &Limit| match limit {
            Limit::Rate(rate) => Limit::Rate(RateLimit {
                quota: scaled(rate.quota, factor),
                ..rate.clone()
            }),
            Limit::Concurrency(most) => Limit::Concurrency(times(*most, factor)),
        };
        provider.limits.iter().map(scale).collect()
    }

    /// What this asks for, as a multiple of what a limit allows in the same time.
    fn usage(&self, rate: &RateLimit, charge: Charge) -> f64 {
        let demand = match charge {
            Charge::Input => Demand {
                output_tokens: 0,
                ..self.demand
            },
            Charge::InputAndMaxTokens | Charge::Actual => self.demand,
        };
        let periods = self.span.as_secs_f64() / rate.quota.period().as_secs_f64();
        let refills = matches!(rate.kind, Kind::Gcra | Kind::TokenBucket);
        let spent = if periods >= 1.0 {
            periods
        } else if refills {
            // All of it at the start, and what comes back meanwhile.
            1.0 + periods
        } else {
            1.0
        };
        number(rate.counts.cost(demand)) / (number(rate.quota.limit()) * spent)
    }
}

/// The tightest limit on requests of a minute or less, as requests a minute.
pub(super) fn requests_per_minute(provider: &Provider) -> Option<Quota> {
    const MINUTE: Duration = Duration::from_secs(60);

    let rates = provider.limits.iter().filter_map(|limit| match limit {
        Limit::Rate(rate) if rate.counts == Dimension::Requests => Some(rate),
        _ => None,
    });
    let short = rates.filter(|rate| rate.quota.period() <= MINUTE);
    let in_minute = short.map(|rate| {
        let periods = MINUTE.as_secs_f64() / rate.quota.period().as_secs_f64();
        times(rate.quota.limit(), periods)
    });
    Quota::new(in_minute.min()?, MINUTE).ok()
}

/// A quota with this many times its limit and burst, one at least.
fn scaled(quota: Quota, factor: f64) -> Quota {
    let limit = times(quota.limit(), factor);
    let burst = times(quota.burst(), factor);
    let scaled = Quota::new(limit, quota.period()).and_then(|it| it.with_burst(burst));
    scaled.unwrap_or(quota)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and saturating where it is huge"
)]
fn times(count: u64, factor: f64) -> u64 {
    ((number(count) * factor).round() as u64).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no 53 bits")]
const fn number(count: u64) -> f64 {
    count as f64
}
