use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{
    admission::{Adaptive, Gate, Settle},
    entry::{Batch, Cache, OffPeak},
    learning::{Hears, LimitsFrom, Pace},
    limit::Limit,
    one_or_several::{self, one_or_several},
    presets,
    provider::Charge,
    retry::{Backoff, Budget, Throttle},
    route::Route,
    strategy::{MOST_CLIENTS, MOST_LAYERS, Queue, Strategy},
    units::PositiveSeconds,
};

/// The fields of a strategy as they stand in the file: what is absent comes from the preset, or
/// else is not done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules)]
pub(super) struct RawStrategy {
    /// A shipped strategy, whose fields hold where they are not given here; `sim presets` lists all.
    #[schemars(extend("enum" = presets::STRATEGIES.names()))]
    preset: Option<String>,
    /// Its name, unique in the scenario. If absent, that of the preset; one of the two is required.
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// How many clients there are, each by itself and with all that follows. Which has each request is
    /// said by `assign` of the workload.
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
    /// When it tries again. If absent, never. Of several, the first is the innermost, such as an SDK, and each
    /// next one, such as the program around it, tries all over again what those before it gave up. They
    /// replace those of the preset.
    #[serde(default, deserialize_with = "layers")]
    #[schemars(schema_with = "layers_schema")]
    backoff: Option<Vec<Backoff>>,
    /// What bounds its retries over all requests. If absent, nothing.
    budget: Option<Budget>,
    /// What holds back calls, first ones too, while a provider accepts too few. If absent, nothing.
    throttle: Option<Throttle>,
}

fn layers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Backoff>>, D::Error> {
    one_or_several(deserializer).map(Some)
}

fn layers_schema(generator: &mut SchemaGenerator) -> Schema {
    one_or_several::schema::<Backoff>(MOST_LAYERS, generator)
}

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
        if raw.backoff.as_ref().is_some_and(Vec::is_empty) {
            return Err("backoff: expected a layer of retries, found an empty list".to_owned());
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
            backoff: raw.backoff.unwrap_or(base.backoff),
            budget: raw.budget.or(base.budget),
            throttle: raw.throttle.or(base.throttle),
        };
        strategy.check()?;
        Ok(strategy)
    }
}
