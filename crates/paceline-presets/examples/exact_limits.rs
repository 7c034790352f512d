//! Exact limiters from a preset: `exact_limits groq-free`.

use std::{env, error::Error, io::Write};

use jiff::tz::TimeZone;
use paceline_composite::{ByDimension, Settle, Settling};
use paceline_core::{Demand, LimitWindow, Limiter, Timestamp};
use paceline_gcra::Gcra;
use paceline_presets::{Enforcement, PresetLimit, RateLimit};
use paceline_quota::{CalendarUnit, QuotaTracker, Window};
use paceline_sliding_window::SlidingLog;
use paceline_token_bucket::TokenBucket;

fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1);
    let preset = paceline_presets::find(name.as_deref().unwrap_or("groq-free"))?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", preset.summary)?;
    writeln!(out, "{}, as of {}", preset.source, preset.as_of)?;
    let mut rates = Vec::new();
    for limit in &preset.limits {
        match limit {
            PresetLimit::Rate(rate) => rates.push((rate.counts, limiter(rate)?)),
            PresetLimit::Concurrency(most) => writeln!(out, "{most} requests under way at most")?,
        }
    }
    let mut limits = ByDimension::new(rates);

    // A burst of requests of 1,000 tokens, until one has to wait.
    let (now, demand) = (
        Timestamp::from_nanos(1_790_000_000_000_000_000),
        Demand::request(800, 200),
    );
    for admitted in 0..100_000 {
        if let Err(refused) = limits.try_acquire(now, demand) {
            let wait = refused.denied.retry_after(now).unwrap_or_default();
            let by = refused.dimension;
            writeln!(
                out,
                "{admitted} requests at once, then a wait of {wait:?} for {by}"
            )?;
            return Ok(());
        }
    }
    writeln!(out, "no end to the rate")?;
    Ok(())
}

/// The limiter that counts as the provider does.
fn limiter(rate: &RateLimit) -> Result<Box<dyn Settle>, Box<dyn Error>> {
    fn settled(limiter: impl Limiter + Clone + 'static) -> Box<dyn Settle> {
        Box::new(Settling::new(limiter))
    }
    let quota = rate.quota()?;
    Ok(match &rate.enforcement {
        Enforcement::Gcra { .. } => settled(Gcra::new(quota)),
        Enforcement::TokenBucket { .. } => settled(TokenBucket::new(quota)),
        Enforcement::SlidingLog => settled(SlidingLog::new(quota)),
        Enforcement::FixedWindow => {
            settled(QuotaTracker::new(rate.limit, Window::fixed(quota.period())))
        }
        Enforcement::Calendar { zone } => {
            let unit = match rate.window {
                LimitWindow::MINUTE => CalendarUnit::Minute,
                LimitWindow::HOUR => CalendarUnit::Hour,
                LimitWindow::DAY => CalendarUnit::Day,
                _ => CalendarUnit::Month,
            };
            let window = Window::calendar(unit, TimeZone::get(zone)?);
            settled(QuotaTracker::new(rate.limit, window))
        }
        other => return Err(format!("no limiter for {other:?}").into()),
    })
}
