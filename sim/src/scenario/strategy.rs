//! How a client behaves: a stack of limiters, permits, queue, gate, backoff and budget.

use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use super::{
    admission::{Adaptive, Gate, Settle},
    entry::{Batch, Cache, OffPeak},
    learning::{Hears, LimitsFrom, Pace},
    limit::{Kind, Limit},
    presets,
    provider::Charge,
    retry::{Backoff, Budget, Throttle},
    route::Route,
    units::PositiveSeconds,
};

/// A client strategy.
///
/// What is absent is not done: the empty strategy sends at once and never retries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawStrategy")]
#[schemars(with = "RawStrategy")]
pub struct Strategy {
    /// Its name, unique in the scenario.
    pub name: String,
    /// How many clients there are, each by itself: request `n` goes to client `n` modulo this.
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
    /// When it tries again.
    pub backoff: Option<Backoff>,
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
            backoff: None,
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

/// The fields of a strategy as they stand in the file: what is absent comes from the preset, or
/// else is not done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules)]
struct RawStrategy {
    /// A shipped strategy, whose fields hold where they are not given here; `sim presets` lists all.
    #[schemars(extend("enum" = presets::STRATEGIES.names()))]
    preset: Option<String>,
    /// Its name, unique in the scenario. If absent, that of the preset; one of the two is required.
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// How many clients there are, each by itself and with all that follows. Requests take turns.
    #[schemars(extend("default" = 1), range(max = MOST_CLIENTS))]
    clients: Option<NonZeroU32>,
    /// Limits that each client keeps, all of them at once. They replace those of the preset.
    #[serde(rename = "limit")]
    #[schemars(extend("default" = []))]
    limits: Option<Vec<Limit>>,
    /// Whose published limits it keeps besides. If absent, nobody's.
    limits_from: Option<LimitsFrom>,
    /// Sends a request only while stated limits on tokens hold so many times what it costs, or all that
    /// they can hold, so that large requests leave room for small ones that are still to come. For limits of
    /// kind `"gcra"` and `"token-bucket"`.
    #[schemars(extend("default" = 1))]
    reserve: Option<NonZeroU32>,
    /// Whether responses correct the limits of the client, and teach it those that it was not told.
    #[schemars(extend("default" = false))]
    learn: Option<bool>,
    /// A rate that it finds from refusals alone. If absent, none.
    pace: Option<Pace>,
    /// What of a response reaches it. A client that hears the status alone learns no limits.
    #[schemars(extend("default" = "all"))]
    hears: Option<Hears>,
    /// The name of the provider that it calls. If absent, the first. Excludes `route`.
    provider: Option<String>,
    /// How it chooses among all providers and keys. If absent, it calls the first key of one provider.
    route: Option<Route>,
    /// Calls under way at a time. If absent, as many as there are.
    concurrency: Option<u64>,
    /// A limit on calls under way that learns. If absent, none. Excludes `concurrency`.
    adaptive: Option<Adaptive>,
    /// What it answers without a call. If absent, nothing.
    cache: Option<Cache>,
    /// When it sends patient requests, those of a `priority` other than `"interactive"`. If absent, at any time.
    off_peak: Option<OffPeak>,
    /// How many requests it sends as one. If absent, each by itself.
    batch: Option<Batch>,
    /// Which tokens of a request its limits count. If absent, what the provider counts with
    /// `limits_from = "provider"`, and else `"input+max_tokens"`.
    estimate: Option<Charge>,
    /// How it corrects the estimate once an answer is there. If absent, not at all. `"strict"` and
    /// `"optimistic"` need limits of kind `"gcra"`, `"token-bucket"` or `"stepped-bucket"`.
    settle: Option<Settle>,
    /// In which order requests wait for limits.
    #[schemars(extend("default" = "fifo"))]
    queue: Option<Queue>,
    /// The shortest time between two calls, in seconds. If absent, none.
    spacing_s: Option<PositiveSeconds>,
    /// One pause for all its requests, which a refusal begins. If absent, each waits by itself.
    gate: Option<Gate>,
    /// After so many seconds since its arrival a request is worthless. If absent, it never is.
    deadline_s: Option<PositiveSeconds>,
    /// How long it waits for the answer to a call, in seconds, before it takes the call for failed. If absent,
    /// as long as it takes.
    timeout_s: Option<PositiveSeconds>,
    /// When it tries again. If absent, never.
    backoff: Option<Backoff>,
    /// What bounds its retries over all requests. If absent, nothing.
    budget: Option<Budget>,
    /// What holds back calls, first ones too, while a provider accepts too few. If absent, nothing.
    throttle: Option<Throttle>,
}

/// More clients than this are a mistake: each has limits, a line and a budget of its own.
const MOST_CLIENTS: u32 = 10_000;

/// Which fields belong together, for the schema.
fn rules(schema: &mut Schema) {
    let given = |fields: &[&str]| json!({ "required": fields });
    schema.insert(
        "anyOf".to_owned(),
        json!([given(&["name"]), given(&["preset"])]),
    );
    let contradictions = [
        given(&["route", "provider"]),
        given(&["concurrency", "adaptive"]),
    ];
    schema.insert("not".to_owned(), json!({ "anyOf": contradictions }));
}

impl TryFrom<RawStrategy> for Strategy {
    type Error = String;

    fn try_from(raw: RawStrategy) -> Result<Self, String> {
        let base = match &raw.preset {
            Some(name) => presets::STRATEGIES.load(name)?,
            None => Self::default(),
        };
        let name = raw.name.or(raw.preset).unwrap_or_default();
        if name.is_empty() {
            return Err("expected `name` or `preset`".to_owned());
        }
        let mut limits = raw.limits.unwrap_or(base.limits);
        limits.extend(raw.concurrency.map(Limit::Concurrency));
        let strategy = Self {
            name,
            clients: raw.clients.unwrap_or(base.clients),
            limits,
            limits_from: raw.limits_from.or(base.limits_from),
            reserve: raw.reserve.unwrap_or(base.reserve),
            learn: raw.learn.unwrap_or(base.learn),
            pace: raw.pace.or(base.pace),
            hears: raw.hears.unwrap_or(base.hears),
            provider: raw.provider.or(base.provider),
            route: raw.route.or(base.route),
            cache: raw.cache.or(base.cache),
            off_peak: raw.off_peak.or(base.off_peak),
            batch: raw.batch.or(base.batch),
            estimate: raw.estimate.or(base.estimate),
            settle: raw.settle.or(base.settle),
            queue: raw.queue.unwrap_or(base.queue),
            spacing_s: raw.spacing_s.or(base.spacing_s),
            adaptive: raw.adaptive.or(base.adaptive),
            gate: raw.gate.or(base.gate),
            deadline_s: raw.deadline_s.or(base.deadline_s),
            timeout_s: raw.timeout_s.or(base.timeout_s),
            backoff: raw.backoff.or(base.backoff),
            budget: raw.budget.or(base.budget),
            throttle: raw.throttle.or(base.throttle),
        };
        strategy.check()?;
        Ok(strategy)
    }
}

impl Strategy {
    /// What cannot be seen from one field alone.
    fn check(&self) -> Result<(), String> {
        if self.clients.get() > MOST_CLIENTS {
            let found = self.clients;
            return Err(format!(
                "clients: expected at most {MOST_CLIENTS}, found {found}"
            ));
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
