use alloc::{string::String, vec::Vec};
use core::{error, fmt};

use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};

use crate::{Alert, QuotaTracker};

/// The quotas of one provider, tracked together.
///
/// All are asked before any is charged, so a request that a short quota refuses does not eat from a
/// long one.
///
/// # Examples
///
/// ```
/// use paceline_core::{Demand, Dimension, Timestamp};
/// use paceline_quota::{ProviderQuotas, QuotaTracker, Window};
/// use std::time::Duration;
///
/// let per = |limit, seconds| QuotaTracker::new(limit, Window::fixed(Duration::from_secs(seconds)));
/// let mut quotas = ProviderQuotas::new();
/// quotas.track("requests/day", Dimension::Requests, per(50, 86_400));
/// quotas.track("tokens/min", Dimension::Tokens, per(1_000, 60));
///
/// let now = Timestamp::EPOCH;
/// let demand = Demand { requests: 1, input_tokens: 700, output_tokens: 0 };
/// assert!(quotas.try_acquire(now, demand).is_ok());
/// let refused = quotas.try_acquire(now, demand).unwrap_err();
/// assert_eq!(refused.name, "tokens/min");
/// assert_eq!(quotas.quota("requests/day").map(|quota| quota.used(now)), Some(1));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProviderQuotas {
    quotas: Vec<(String, Dimension, QuotaTracker)>,
}

/// A refusal, and the quota that binds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exceeded {
    /// The name of the quota that is too small for the request, or that frees up last.
    pub name: String,
    /// When all quotas admit the request, or that one never will.
    pub denied: Denied,
}

/// An alert, and the quota that it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedAlert {
    /// The name of the quota.
    pub name: String,
    /// What was crossed.
    pub alert: Alert,
}

/// No quota has this name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownQuota(
    /// The name.
    pub String,
);

impl ProviderQuotas {
    /// Tracks nothing yet.
    pub const fn new() -> Self {
        Self { quotas: Vec::new() }
    }

    /// Tracks a quota under a name, in place of one that had it.
    pub fn track(&mut self, name: impl Into<String>, counts: Dimension, quota: QuotaTracker) {
        let name = name.into();
        match self.quotas.iter_mut().find(|(other, ..)| *other == name) {
            Some(entry) => *entry = (name, counts, quota),
            None => self.quotas.push((name, counts, quota)),
        }
    }

    /// The quota with this name.
    pub fn quota(&self, name: &str) -> Option<&QuotaTracker> {
        let mut quotas = self.quotas.iter();
        quotas
            .find(|(other, ..)| other == name)
            .map(|(.., quota)| quota)
    }

    /// The quota with this name, to observe or change it.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub fn quota_mut(&mut self, name: &str) -> Result<&mut QuotaTracker, UnknownQuota> {
        let mut quotas = self.quotas.iter_mut();
        let found = quotas.find(|(other, ..)| other == name);
        found
            .map(|(.., quota)| quota)
            .ok_or_else(|| UnknownQuota(name.into()))
    }

    /// Asks whether all quotas admit a request.
    ///
    /// # Errors
    ///
    /// Names the quota that binds, and says when all of them admit it.
    pub fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Exceeded> {
        let refusals = self.quotas.iter().filter_map(|(name, counts, quota)| {
            let denied = quota.check(now, counts.cost(demand)).err()?;
            Some((name, denied))
        });
        let binding = refusals.reduce(|first, second| {
            // The join of two refusals is one of them; ours is the first that equals it.
            if first.1.and(second.1) == first.1 {
                first
            } else {
                second
            }
        });
        binding.map_or(Ok(()), |(name, denied)| {
            let name = name.clone();
            Err(Exceeded { name, denied })
        })
    }

    /// Spends a request in all quotas, whether or not they admit it.
    pub fn charge(&mut self, now: Timestamp, demand: Demand) {
        for (_, counts, quota) in &mut self.quotas {
            quota.charge(now, counts.cost(demand));
        }
    }

    /// Spends a request in all quotas if all admit it, and in none otherwise.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    pub fn try_acquire(&mut self, now: Timestamp, demand: Demand) -> Result<(), Exceeded> {
        self.check(now, demand)?;
        self.charge(now, demand);
        Ok(())
    }

    /// Reports the thresholds that usage has crossed, each once per period of its quota.
    pub fn alerts(&mut self, now: Timestamp) -> Vec<NamedAlert> {
        let named = |(name, _, quota): &mut (String, Dimension, QuotaTracker)| {
            let alerts = quota.alerts(now).into_iter();
            let named = alerts.map(|alert| NamedAlert {
                name: name.clone(),
                alert,
            });
            named.collect::<Vec<_>>()
        };
        self.quotas.iter_mut().flat_map(named).collect()
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quota {}: {}", self.name, self.denied)
    }
}

impl error::Error for Exceeded {}

impl fmt::Display for UnknownQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no quota is named {}", self.0)
    }
}

impl error::Error for UnknownQuota {}
