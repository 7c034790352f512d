use alloc::vec::Vec;
use core::time::Duration;

use paceline_composite::{Receipt, Settle, SettleError};
use paceline_core::{Demand, Denied, Dimension, LimitWindow, Limiter, Metric, Timestamp};

use crate::{
    AimdRate, Held, LongWait,
    in_flight::InFlight,
    learned_limit::{LARGEST, LearnedLimit},
    pace_meter::PaceMeter,
    unannounced::Unannounced,
    window,
};

/// Limits by dimension that start from what is stated, or from nothing, and are corrected by responses.
///
/// As long as it knows of no limit it admits everything; bound what is in flight. If others share the key, put
/// a gate in front: headers say what is left, and not what others will take of it.
///
/// # What a response changes
///
/// - *Remaining.* What the server says is left, less what was sent since and is not answered, is the most that
///   is admitted, at once. More is admitted only if two responses in a row leave more, and never more than the
///   limit less what this client spent itself.
/// - *Limit.* A lower one holds at once, a larger one when two responses in a row state it, and then the
///   smaller of the two. If none is stated, what remains is the least that it can be. Above 10^12 it
///   counts as unknown. Zero disables.
/// - *Window.* It is taken from the reading; if that states none, or may have concluded it, from the arithmetic of a limit that
///   replenishes all the time, for a minute or a day; if that does not fit, it is the shortest of a minute,
///   an hour, a day and a month in which the reset can lie.
/// - *Kind.* Until three readings in a row fit a limit that replenishes all the time, no window holds more
///   than the limit, which every kind of provider admits. Then a bucket decides, as theirs does.
/// - *Refusal.* The limit that refused, or everything if none is blamed, pauses until the time that the
///   response names. A refusal that no known limit explains begins an [`AimdRate`] on what was refused, or
///   on requests, at the pace of that moment.
///
/// What a response does not say changes nothing: unknown is not zero. A time in the past is as unknown;
/// one in the future counts up to a day, or a month if a quota is used up.
///
/// A clone knows all that was learned, and learns for itself from then on; it settles no receipts but its own.
///
/// # Examples
///
/// ```
/// use paceline_adaptive::LearnedLimits;
/// use paceline_core::{Class, Demand, Dimension, Feedback, LimitReading, LimitWindow, Metric, Timestamp};
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let mut limits = LearnedLimits::new(now);
/// let demand = Demand::request(900, 100);
/// assert!(limits.check(now, demand).is_ok());
/// limits.charge(now, demand);
///
/// let mut reading = LimitReading::of(Metric::Tokens);
/// reading.window = Some(LimitWindow::MINUTE);
/// (reading.limit, reading.remaining) = (Some(30_000), Some(1_500));
/// let mut feedback = Feedback::new(Class::Ok);
/// feedback.limits.push(reading);
/// limits.observe(now, now, &feedback);
///
/// assert_eq!(limits.limit(Dimension::Tokens, LimitWindow::MINUTE), Some(30_000));
/// assert_eq!(limits.available(now, Dimension::Tokens), 1_500);
/// assert!(limits.check(now, Demand::request(1_400, 200)).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct LearnedLimits {
    pub(crate) limits: Vec<LearnedLimit>,
    pub(crate) unannounced: Vec<Unannounced>,
    /// How fast each dimension is charged.
    pub(crate) paces: [(Dimension, PaceMeter); 4],
    pub(crate) in_flight: InFlight,
    /// How many were observed.
    pub(crate) responses: u64,
    pub(crate) paused_until: Timestamp,
    long_wait: LongWait,
}

/// The right to settle what was charged for one request, once.
///
/// Dropping it lets the charge stand.
#[derive(Debug)]
#[must_use = "a charge whose receipts are dropped stands"]
pub struct LearnedReceipts {
    charged: Demand,
    /// One of each limit that was known then.
    each: Vec<Receipt>,
}

impl LearnedLimits {
    /// How many limits are kept; more than any provider has.
    pub const MOST: usize = 16;

    /// Makes a set that knows of no limit, and waits for everything.
    pub fn new(now: Timestamp) -> Self {
        let dimensions = [
            Dimension::Requests,
            Dimension::InputTokens,
            Dimension::OutputTokens,
            Dimension::Tokens,
        ];
        Self {
            limits: Vec::new(),
            unannounced: Vec::new(),
            paces: dimensions.map(|dimension| (dimension, PaceMeter::new(now))),
            in_flight: InFlight::default(),
            responses: 0,
            paused_until: Timestamp::EPOCH,
            long_wait: LongWait::Wait,
        }
    }

    /// The same set with one more stated limit, which responses correct.
    ///
    /// A dimension can have several, over several windows. A limit above 10^12, or over less than a
    /// millisecond or more than 31 days, is left out.
    #[must_use]
    pub fn with_limit(mut self, dimension: Dimension, limit: u64, window: LimitWindow) -> Self {
        let metric = match dimension {
            Dimension::InputTokens => Metric::InputTokens,
            Dimension::OutputTokens => Metric::OutputTokens,
            Dimension::Tokens => Metric::Tokens,
            _ => Metric::Requests,
        };
        if let Some(window) = window::span(window)
            && limit <= LARGEST
            && self.limits.len() < Self::MOST
        {
            self.limits
                .push(LearnedLimit::stated(metric, dimension, limit, window));
        }
        self
    }

    /// The same set with advice for waits of more than an hour.
    #[must_use]
    pub fn with_long_wait(mut self, advice: LongWait) -> Self {
        self.long_wait = advice;
        self
    }

    /// What a dimension is limited to over a window, as far as is known; the least of several.
    pub fn limit(&self, dimension: Dimension, window: LimitWindow) -> Option<u64> {
        let window = window::span(window)?;
        let of = |limit: &&LearnedLimit| limit.dimension == dimension && limit.window == window;
        self.limits.iter().filter(of).map(|limit| limit.limit).min()
    }

    /// The rate found for a dimension from refusals that no known limit explains, if there were any.
    pub fn found_rate(&self, dimension: Dimension) -> Option<&AimdRate> {
        let found = self.unannounced.iter().find(|of| of.dimension == dimension);
        found.map(|of| &of.rate)
    }

    /// The most of a dimension that conforms at `now`, in cells; [`u64::MAX`] if nothing limits it.
    pub fn available(&self, now: Timestamp, dimension: Dimension) -> u64 {
        if now < self.paused_until {
            return 0;
        }
        let known = self
            .limits
            .iter()
            .filter(|limit| limit.dimension == dimension);
        let found = self
            .unannounced
            .iter()
            .filter(|of| of.dimension == dimension);
        known
            .map(|limit| limit.available(now))
            .chain(found.map(|of| of.available(now)))
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Asks whether `demand` conforms at `now`.
    ///
    /// # Errors
    ///
    /// The limit that makes the request wait longest. One that no wait cures comes before all others.
    pub fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Held> {
        let mut strictest = None::<(Dimension, Denied)>;
        let mut ask = |dimension, answer: Result<(), Denied>| {
            if let Err(denied) = answer {
                strictest = Some(match strictest {
                    Some(other) if !is_stricter(denied, other.1) => other,
                    _ => (dimension, denied),
                });
            }
        };
        if now < self.paused_until && demand != Demand::default() {
            ask(Dimension::Requests, Err(Denied::Until(self.paused_until)));
        }
        for limit in &self.limits {
            ask(
                limit.dimension,
                limit.check(now, limit.dimension.cost(demand)),
            );
        }
        for of in &self.unannounced {
            ask(of.dimension, of.check(now, of.dimension.cost(demand)));
        }
        let Some((dimension, denied)) = strictest else {
            return Ok(());
        };
        let long = denied.retry_after(now).is_some_and(|wait| wait > HOUR);
        let advice = if long { self.long_wait } else { LongWait::Wait };
        Err(Held {
            dimension,
            denied,
            advice,
        })
    }

    /// Charges a demand at `now`, whether or not it conforms.
    pub fn charge(&mut self, now: Timestamp, demand: Demand) -> LearnedReceipts {
        self.in_flight.send(now, demand);
        for (dimension, pace) in &mut self.paces {
            pace.count(now, dimension.cost(demand));
        }
        for of in &mut self.unannounced {
            of.rate.charge(now, of.dimension.cost(demand));
        }
        let charge =
            |limit: &mut LearnedLimit| limit.own.charge_estimate(now, limit.dimension.cost(demand));
        LearnedReceipts {
            charged: demand,
            each: self.limits.iter_mut().map(charge).collect(),
        }
    }

    /// Replaces what was charged by the true demand, which may be higher.
    ///
    /// Do so only for providers that give back what a request did not use; if they do not, the next response
    /// corrects it. Of a rate that was found from refusals, nothing is given back.
    ///
    /// # Errors
    ///
    /// Fails if other limits wrote the receipts, and if they expired in some limit, where the charge stands.
    pub fn settle(
        &mut self,
        now: Timestamp,
        receipts: LearnedReceipts,
        actual: Demand,
    ) -> Result<(), SettleError> {
        let mut settled = Ok(());
        for (limit, receipt) in self.limits.iter_mut().zip(receipts.each) {
            let outcome = limit.own.settle(now, receipt, limit.dimension.cost(actual));
            // Every limit hears of it, and the first failure is told.
            if settled.is_ok() {
                settled = outcome;
            }
        }
        for of in &mut self.unannounced {
            let (charged, actual) = (
                of.dimension.cost(receipts.charged),
                of.dimension.cost(actual),
            );
            of.rate.charge(now, actual.saturating_sub(charged));
        }
        settled
    }
}

fn is_stricter(denied: Denied, than: Denied) -> bool {
    match (denied.retry_at(), than.retry_at()) {
        (Some(denied), Some(than)) => denied > than,
        // Maxima in different units do not compare: the first one stands.
        (None, than) => than.is_some(),
        (Some(_), None) => false,
    }
}

const HOUR: Duration = Duration::from_secs(3_600);
