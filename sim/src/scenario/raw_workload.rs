//! A workload as it stands in the file.

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use super::{
    latency::Latency,
    presets,
    profile::Profile,
    tokens::{Multimodal, Tokens},
    units::{Correlation, Positive, PositiveSeconds},
    workload::{Arrivals, Assign, Priority, Workload},
};

/// Who asks: when requests arrive, and how large they are. What is absent comes from the preset, if there is
/// one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = sized)]
pub(super) struct RawWorkload {
    /// A shipped workload that supplies what is absent; `sim presets` lists them. If absent, nothing is
    /// supplied.
    #[schemars(extend("enum" = presets::WORKLOADS.names()))]
    pub(super) preset: Option<String>,
    /// Its name, in reports; required if there are several. If absent, that of the preset.
    pub(super) name: Option<String>,
    /// How urgent its requests are, under `queue = "priority"`.
    #[schemars(extend("default" = "interactive"))]
    pub(super) priority: Option<Priority>,
    /// Which client of a strategy has each of its requests, where the strategy has several.
    #[schemars(extend("default" = "in_turn"))]
    pub(super) assign: Option<Assign>,
    /// After so many seconds since its arrival a request is worthless, whatever the strategy: it is given up
    /// when its turn comes, and an answer that comes later counts as abandoned. Where the strategy has a
    /// `deadline_s` too, the stricter of both holds. If absent, that of the preset, or that of the strategy alone.
    pub(super) deadline_s: Option<PositiveSeconds>,
    /// How long users wait, from the arrival of a request on, before they cancel it: drawn for each request, and
    /// the same under every strategy. Whatever the request does then, it is over, and counts as cancelled: it
    /// leaves the line, or its retry does not take place, or its client hangs up. Not together with a strategy's
    /// `batch`. If absent, that of the preset, or they wait for as long as it takes.
    pub(super) patience: Option<Latency>,
    /// When requests arrive; required unless a preset brings them. If absent, those of the preset.
    pub(super) arrivals: Option<Arrivals>,
    /// The mean rate of the preset's arrivals, in requests per minute. If absent, that of the preset.
    pub(super) rate_per_min: Option<Positive>,
    /// How the rate follows the clock. If absent, as in the preset, or not at all.
    pub(super) profile: Option<Profile>,
    /// Tokens that a request sends; required unless a trace or a preset brings them.
    pub(super) input_tokens: Option<Tokens>,
    /// Tokens that an answer has; required unless a trace or a preset brings them.
    pub(super) output_tokens: Option<Tokens>,
    /// How input and output tokens go together: the correlation of their normal scores, which of two
    /// lognormals is that of their logarithms. If absent, as in the preset, or not at all.
    pub(super) correlation: Option<Correlation>,
    /// Pictures and sound that some requests bring beside text. If absent, as in the preset, or none.
    pub(super) multimodal: Option<Multimodal>,
    /// The cap on output tokens that every request declares. If absent, exactly the tokens of its answer.
    pub(super) max_tokens: Option<u64>,
    /// Where its figures are from, for people. If absent, nobody says.
    pub(super) source: Option<String>,
    /// The date of its figures, for people. If absent, nobody says.
    pub(super) as_of: Option<String>,
    /// The licence of what its figures were found from, for people. If absent, nobody says.
    pub(super) licence: Option<String>,
}

impl TryFrom<RawWorkload> for Workload {
    type Error = String;

    fn try_from(raw: RawWorkload) -> Result<Self, String> {
        let base: Option<Self> = match &raw.preset {
            Some(name) => Some(presets::WORKLOADS.load(name)?),
            None => None,
        };
        let own = raw.arrivals.is_some();
        let of_base = base.as_ref().map(|base| base.arrivals.clone());
        let mut arrivals = raw.arrivals.or(of_base).ok_or("missing field `arrivals`")?;
        if let Some(rate_per_min) = raw.rate_per_min {
            if own {
                return Err(
                    "rate_per_min: it is for a preset's arrivals; `arrivals` have their own"
                        .to_owned(),
                );
            }
            arrivals = arrivals.at_rate(rate_per_min)?;
        }
        // Sizes of a preset do not go with a trace, nor a profile with arrivals of the scenario's own.
        let traced = matches!(arrivals, Arrivals::Trace { .. } | Arrivals::Sessions { .. });
        let clocked = base.as_ref().filter(|_| !own);
        let sized = base.as_ref().filter(|_| !traced);
        let (input, output) = (&raw.input_tokens, &raw.output_tokens);
        let both = sized.filter(|_| input.is_none() && output.is_none());
        let base = base.as_ref();
        Ok(Self {
            name: raw.name.or(raw.preset).unwrap_or_default(),
            priority: raw
                .priority
                .or_else(|| base.map(|it| it.priority))
                .unwrap_or_default(),
            assign: raw
                .assign
                .or_else(|| base.map(|it| it.assign))
                .unwrap_or_default(),
            deadline_s: raw.deadline_s.or_else(|| base?.deadline_s),
            patience: raw.patience.or_else(|| base?.patience.clone()),
            profile: raw.profile.or_else(|| clocked?.profile.clone()),
            correlation: raw.correlation.or_else(|| both?.correlation),
            multimodal: raw.multimodal.or_else(|| sized?.multimodal.clone()),
            input_tokens: raw.input_tokens.or_else(|| sized?.input_tokens.clone()),
            output_tokens: raw.output_tokens.or_else(|| sized?.output_tokens.clone()),
            max_tokens: raw.max_tokens.or_else(|| base?.max_tokens),
            source: raw.source.or_else(|| base?.source.clone()),
            as_of: raw.as_of.or_else(|| base?.as_of.clone()),
            licence: raw.licence.or_else(|| base?.licence.clone()),
            arrivals,
        })
    }
}

/// Whether arrivals and sizes are required or come with a preset or a trace, for the schema.
pub(super) fn sized(schema: &mut Schema) {
    let given = |field| json!({ "required": [field] });
    let sizes = json!({ "anyOf": [given("input_tokens"), given("output_tokens")] });
    let recorded = json!({ "anyOf": [given("trace"), given("sessions")] });
    let traced = json!({ "required": ["arrivals"], "properties": { "arrivals": recorded } });
    let complete = json!({ "required": ["arrivals", "input_tokens", "output_tokens"] });
    schema.insert("if".to_owned(), traced);
    schema.insert("then".to_owned(), json!({ "not": sizes }));
    schema.insert(
        "else".to_owned(),
        json!({ "anyOf": [given("preset"), complete] }),
    );
}
