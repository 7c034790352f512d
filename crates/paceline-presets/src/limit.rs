use std::time::Duration;

use paceline_core::{Dimension, LimitWindow, Quota, QuotaError};

/// A limit of a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PresetLimit {
    /// So many cells per window.
    Rate(RateLimit),
    /// So many requests under way at a time.
    Concurrency(u64),
}

/// So many cells per window.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RateLimit {
    /// What is counted.
    pub counts: Dimension,
    /// Cells per window; zero if nothing is ever allowed.
    pub limit: u64,
    /// The window.
    pub window: LimitWindow,
    /// By which algorithm the provider counts.
    pub enforcement: Enforcement,
}

/// The algorithm by which a provider enforces a limit, as far as is known.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Enforcement {
    /// The generic cell rate algorithm.
    Gcra {
        /// Cells at once, which is the limit unless stated otherwise.
        burst: u64,
    },
    /// A token bucket with continuous refill.
    TokenBucket {
        /// Cells at once, which is the limit unless stated otherwise.
        burst: u64,
    },
    /// The exact sliding-window log.
    SlidingLog,
    /// A window that opens with the first request after the last one closed.
    FixedWindow,
    /// A window of the calendar.
    Calendar {
        /// The IANA name of the time zone in which it begins and ends; UTC unless stated otherwise.
        zone: String,
    },
}

impl RateLimit {
    /// The limit as a quota, in which a month of the calendar has 30 days.
    ///
    /// The burst is that of a bucket, and the limit itself where windows are counted.
    ///
    /// # Errors
    ///
    /// Fails on a window of no time or of more than 584 years, and on a burst of zero; no limit
    /// that was read has one.
    pub fn quota(&self) -> Result<Quota, QuotaError> {
        let period = match self.window {
            LimitWindow::Span(span) => span,
            _ => MONTH,
        };
        let quota = Quota::new(self.limit, period)?;
        match self.enforcement {
            // The burst of a disabled limit is its limit, which is no burst at all.
            Enforcement::Gcra { burst } | Enforcement::TokenBucket { burst }
                if !quota.is_disabled() =>
            {
                quota.with_burst(burst)
            }
            _ => Ok(quota),
        }
    }
}

pub(crate) const MONTH: Duration = Duration::from_secs(30 * 86_400);
