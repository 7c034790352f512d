//! How a client behaves: a stack of limiters, permits, queue, gate, backoff and budget.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    admission::{Adaptive, Gate, Settle},
    entry::{Batch, Cache, OffPeak},
    learning::{Hears, LimitsFrom, Pace},
    limit::{Kind, Limit},
    provider::Charge,
    raw_strategy::RawStrategy,
    retry::{Backoff, Budget, HintIn, Throttle},
    route::Route,
    units::PositiveSeconds,
};

/// More clients than this are a mistake: each has limits, a line and a budget of its own.
pub(super) const MOST_CLIENTS: u32 = 10_000;

/// More layers of retries than this are a mistake: calls multiply with each.
pub(super) const MOST_LAYERS: u32 = 5;

/// A client strategy.
///
/// What is absent is not done: the empty strategy sends at once and never retries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawStrategy")]
#[schemars(with = "RawStrategy")]
pub struct Strategy {
    /// Its name, unique in the scenario.
    pub name: String,
    /// How many clients there are, each by itself.
    pub clients: NonZeroU32,
    /// The limits that each keeps, all of them at once.
    pub limits: Vec<Limit>,
    /// Whose published limits it keeps besides.
    pub limits_from: Option<LimitsFrom>,
    /// Sends a request only while stated limits on tokens hold so many times what it costs, or all that they
    /// can, so that large ones leave room for small ones that are still to come; 1, if absent.
    pub reserve: NonZeroU32,
    /// Whether responses correct these limits, and teach it those that it was not told.
    pub learn: bool,
    /// A rate that it finds from refusals alone.
    pub pace: Option<Pace>,
    /// What of a response reaches it.
    pub hears: Hears,
    /// Which provider it calls, if it does not choose; the first one, if absent.
    pub provider: Option<String>,
    /// How it chooses among all providers and keys; the first key of one provider, if absent.
    pub route: Option<Route>,
    /// What it answers without a call.
    pub cache: Option<Cache>,
    /// When it sends patient requests; at any time, if absent.
    pub off_peak: Option<OffPeak>,
    /// How many requests it sends as one.
    pub batch: Option<Batch>,
    /// Which tokens of a request its limits count. If absent, those that the provider counts for
    /// limits from there, and else input and the declared cap: no client knows the length of an answer
    /// in advance.
    pub estimate: Option<Charge>,
    /// How it corrects that once an answer is there; not at all, if absent.
    pub settle: Option<Settle>,
    /// In which order requests wait for those limits.
    pub queue: Queue,
    /// The shortest time between two calls.
    pub spacing_s: Option<PositiveSeconds>,
    /// A limit on requests in flight that learns.
    pub adaptive: Option<Adaptive>,
    /// One pause for all its requests.
    pub gate: Option<Gate>,
    /// After this time since its arrival a request is worthless.
    pub deadline_s: Option<PositiveSeconds>,
    /// How long a client waits for the answer to a call; without end, if absent. After that it gives back
    /// what the call held, takes it for failed, and retries it as a fault, while the provider goes on
    /// with it. An answer that comes later is dropped.
    pub timeout_s: Option<PositiveSeconds>,
    /// When it tries again: never, if empty. Of several, each tries all over again what those before it
    /// gave up.
    pub backoff: Vec<Backoff>,
    /// What bounds its retries over all requests.
    pub budget: Option<Budget>,
    /// Which calls it does not even make, first ones too, while its provider accepts few.
    pub throttle: Option<Throttle>,
}

impl Default for Strategy {
    fn default() -> Self {
        Self {
            name: String::new(),
            clients: NonZeroU32::MIN,
            limits: Vec::new(),
            limits_from: None,
            reserve: NonZeroU32::MIN,
            learn: false,
            pace: None,
            hears: Hears::default(),
            provider: None,
            route: None,
            cache: None,
            off_peak: None,
            batch: None,
            estimate: None,
            settle: None,
            queue: Queue::default(),
            spacing_s: None,
            adaptive: None,
            gate: None,
            deadline_s: None,
            timeout_s: None,
            backoff: Vec::new(),
            budget: None,
            throttle: None,
        }
    }
}

/// In which order requests wait for the limits of a client.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// The oldest first; nobody passes the head.
    #[default]
    Fifo,
    /// The same, but patient requests let urgent ones pass for a while.
    Priority,
    /// The smallest first, by the largest share that it takes of a stated limit, or by tokens if none is
    /// known: one of a thousand tokens lets smaller ones pass for a quarter of an hour.
    Smallest,
    /// No order: everybody sleeps until they would conform, and asks again.
    None,
}

impl Strategy {
    /// What cannot be seen from one field alone.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.clients.get() > MOST_CLIENTS {
            let found = self.clients;
            return Err(format!(
                "clients: expected at most {MOST_CLIENTS}, found {found}"
            ));
        }
        if self.backoff.len() > MOST_LAYERS as usize {
            let found = self.backoff.len();
            return Err(format!(
                "backoff: expected at most {MOST_LAYERS} layers, found {found}"
            ));
        }
        let around = self.backoff.iter().zip(0..).skip(1);
        for (backoff, place) in around {
            if backoff.hint_in != HintIn::default() {
                return Err(format!(
                    "backoff[{place}].hint_in: expected it in the first layer only, which reads the response"
                ));
            }
        }
        if self.route.is_some() && self.provider.is_some() {
            return Err("expected either `route` or `provider`".to_owned());
        }
        let fixed = |limit: &Limit| matches!(limit, Limit::Concurrency(_));
        if self.adaptive.is_some() && self.limits.iter().any(fixed) {
            return Err("expected either `concurrency` or `adaptive`".to_owned());
        }
        let restores = |limit: &Limit| match limit {
            Limit::Concurrency(_) => true,
            Limit::Rate(rate) => matches!(
                rate.kind,
                Kind::Gcra | Kind::TokenBucket | Kind::SteppedBucket
            ),
        };
        let in_constant_time = matches!(self.settle, Some(Settle::Strict | Settle::Optimistic));
        if in_constant_time && !self.limits.iter().all(restores) {
            return Err(
                "`settle` of `strict` or `optimistic` needs limits of kind `gcra`, \
                 `token-bucket` or `stepped-bucket`; `exact` settles all"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
