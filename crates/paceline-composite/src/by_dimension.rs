use alloc::vec::Vec;

use paceline_core::{Demand, Dimension, Timestamp};

use crate::{Binding, Receipt, Refused, Settle, SettleError};

/// Limits on different costs of the same request: requests, input tokens, output tokens, tokens.
///
/// A request passes all of them or none. A dimension may have any number of limits, such as requests
/// a minute and requests a day. Limits of several kinds are held as `Box<dyn Settle>`.
///
/// # Examples
///
/// ```
/// use paceline_composite::{ByDimension, Settling};
/// use paceline_core::{Demand, Dimension, Quota, Timestamp};
/// use paceline_gcra::Gcra;
///
/// let limit = |quota| Settling::new(Gcra::new(quota));
/// let mut limits = ByDimension::new([
///     (Dimension::Requests, limit(Quota::per_minute(500))),
///     (Dimension::Tokens, limit(Quota::per_minute(200_000))),
/// ]);
///
/// let now = Timestamp::EPOCH;
/// let estimate = Demand { requests: 1, input_tokens: 1_500, output_tokens: 120_000 };
/// let receipts = limits.reserve(now, estimate)?;
///
/// // A second such request has to wait for tokens, and took no request away.
/// let refused = limits.reserve(now, estimate).unwrap_err();
/// assert_eq!(refused.dimension, Dimension::Tokens);
/// assert_eq!(limits.available(now, Dimension::Requests), 499);
///
/// // The first one's answer was short.
/// limits.settle(now, receipts, Demand { output_tokens: 300, ..estimate })?;
/// assert!(limits.reserve(now, estimate).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ByDimension<S> {
    limits: Vec<(Dimension, S)>,
}

/// The right to settle the estimate of one request, once.
///
/// Dropping it lets the estimate stand. A clone of the limits does not honour it.
#[derive(Debug)]
#[must_use = "an estimate whose receipts are dropped stands"]
pub struct Receipts {
    /// One of each limit, which knows its own again.
    each: Vec<Receipt>,
}

impl<S: Settle> ByDimension<S> {
    /// Makes a limiter of limits; without any, it admits everything.
    pub fn new(limits: impl IntoIterator<Item = (Dimension, S)>) -> Self {
        Self {
            limits: limits.into_iter().collect(),
        }
    }

    /// The limits, in order.
    pub fn limits(&self) -> &[(Dimension, S)] {
        &self.limits
    }

    /// One limit for change, such as of its quota.
    pub fn limit_mut(&mut self, index: usize) -> Option<&mut S> {
        self.limits.get_mut(index).map(|(_, limit)| limit)
    }

    /// Asks whether `demand` conforms at `now`.
    ///
    /// # Errors
    ///
    /// The limit that makes the caller wait longest. A refusal that no wait cures comes before all
    /// others; of several, the first one, and in its dimension the smallest maximum.
    pub fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Refused> {
        let mut strictest = None::<Binding>;
        for (index, (dimension, limit)) in self.limits.iter().enumerate() {
            if let Err(denied) = limit.check(now, dimension.cost(demand)) {
                let binding = Binding { index, denied };
                strictest = Some(match strictest {
                    // Maxima in different units do not compare: the first one stands.
                    Some(other)
                        if other.denied.retry_at().is_none()
                            && self.limits[other.index].0 != *dimension =>
                    {
                        other
                    }
                    Some(other) => other.stricter(binding),
                    None => binding,
                });
            }
        }
        match strictest {
            None => Ok(()),
            Some(Binding { index, denied }) => Err(Refused {
                index,
                dimension: self.limits[index].0,
                denied,
            }),
        }
    }

    /// Spends `demand` at `now` if it conforms, for good: nothing is to be settled.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); a refused call changes nothing.
    pub fn try_acquire(&mut self, now: Timestamp, demand: Demand) -> Result<(), Refused> {
        self.check(now, demand)?;
        for (dimension, limit) in &mut self.limits {
            limit.charge(now, dimension.cost(demand));
        }
        Ok(())
    }

    /// Charges an estimate at `now`, whether or not it conforms.
    pub fn charge_estimate(&mut self, now: Timestamp, estimate: Demand) -> Receipts {
        let charge = |(dimension, limit): &mut (Dimension, S)| {
            limit.charge_estimate(now, dimension.cost(estimate))
        };
        Receipts {
            each: self.limits.iter_mut().map(charge).collect(),
        }
    }

    /// Charges an estimate at `now` if it conforms.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); a refused call changes nothing.
    pub fn reserve(&mut self, now: Timestamp, estimate: Demand) -> Result<Receipts, Refused> {
        self.check(now, estimate)?;
        Ok(self.charge_estimate(now, estimate))
    }

    /// Replaces the estimate by the true demand, which may be higher.
    ///
    /// # Errors
    ///
    /// Fails if another limiter wrote the receipts, and nothing changes; or if they expired in some
    /// limit, where the estimate then stands.
    pub fn settle(
        &mut self,
        now: Timestamp,
        receipts: Receipts,
        actual: Demand,
    ) -> Result<(), SettleError> {
        let mut settled = Ok(());
        for ((dimension, limit), receipt) in self.limits.iter_mut().zip(receipts.each) {
            let outcome = limit.settle(now, receipt, dimension.cost(actual));
            // Every limit hears of it, and the first failure is told.
            if settled.is_ok() {
                settled = outcome;
            }
        }
        settled
    }

    /// Settles with no demand at all: the request was never sent.
    ///
    /// # Errors
    ///
    /// As for [`settle`](Self::settle).
    pub fn cancel(&mut self, now: Timestamp, receipts: Receipts) -> Result<(), SettleError> {
        self.settle(now, receipts, Demand::default())
    }

    /// The least that any limit of a dimension has available, in cells; [`u64::MAX`] without any.
    pub fn available(&self, now: Timestamp, dimension: Dimension) -> u64 {
        let limits = self.limits.iter().filter(|(of, _)| *of == dimension);
        let each = limits.map(|(_, limit)| limit.available(now));
        each.min().unwrap_or(u64::MAX)
    }
}
