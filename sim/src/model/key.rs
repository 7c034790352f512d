use paceline_admission::{Admission, Gate};
use paceline_core::{Demand, Timestamp};
use rand_chacha::rand_core::Rng;

use super::{cost, limits::Limits, permits};
use crate::{
    engine::Streams,
    scenario::{
        learning::LimitsFrom,
        provider::{Charge, Provider},
        strategy::Strategy,
    },
    workload::Job,
};

/// A key of a provider, as the client sees it.
pub(super) struct Key {
    /// Its place among all keys of all providers.
    pub(super) place: usize,
    /// The gate, the limits and the permits; who waits stands in the client's line.
    pub(super) admission: Admission<Limits, ()>,
    pub(super) estimate: Estimate,
}

/// What a client takes a request to cost.
#[derive(Clone, Copy)]
pub(crate) enum Estimate {
    /// All that such a rule charges in the end.
    InTotal(Charge),
    /// What a provider with this rule, whose limits it knows, charges at admission; the rest as it does.
    AsAdmitted(Charge),
}

impl Estimate {
    /// Whether the provider never counts anything else.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::AsAdmitted(_))
    }

    pub(crate) fn of(self, job: &Job) -> Demand {
        match self {
            Self::InTotal(charge) => cost::in_total(charge, job),
            Self::AsAdmitted(charge) => {
                let demand = cost::at_admission(charge, job);
                // As there, a call that costs nothing yet waits for a debt to be paid.
                let output_tokens = demand
                    .output_tokens
                    .max(u64::from(charge == Charge::Actual));
                Demand {
                    output_tokens,
                    ..demand
                }
            }
        }
    }
}

pub(super) fn admission(
    strategy: &Strategy,
    provider: &Provider,
    (number, place): (u32, u64),
    start: Timestamp,
    streams: Streams,
) -> Result<Admission<Limits, ()>, String> {
    let mut admission = Admission::new(Limits::new(strategy, provider, start), 0);
    if let Some(policy) = permits::policy(strategy, provider)? {
        admission = admission.with_permits(policy);
    }
    Ok(admission.with_gate(gate(strategy, (number, place), streams)?))
}

/// The gate of a client of this number at the key in this place.
pub(crate) fn gate(
    strategy: &Strategy,
    (number, place): (u32, u64),
    streams: Streams,
) -> Result<Gate, String> {
    let number = u64::from(number);
    let mut seed = match place {
        0 => streams.numbered("gate", &[number]),
        _ => streams.numbered("gate", &[number, place]),
    };
    let gate = Gate::new(seed.next_u64());
    let Some(spec) = strategy.gate else {
        return Ok(gate);
    };
    let spacing = spec.spacing_s.get();
    let least = spec
        .least_spacing_s
        .map_or_else(|| Gate::LEAST_SPACING.min(spacing), |it| it.get());
    let spaced = gate.with_spacing(spacing, least);
    spaced.map_err(|err| format!("gate: {err}"))
}

/// What a client counts: what it was told to, or what the provider whose limits it knows does.
pub(crate) fn estimate(strategy: &Strategy, provider: &Provider) -> Estimate {
    match (strategy.estimate, &strategy.limits_from) {
        (Some(charge), _) => Estimate::InTotal(charge),
        (None, Some(LimitsFrom::Provider)) => Estimate::AsAdmitted(provider.charge),
        (None, _) => Estimate::InTotal(Charge::InputAndMaxTokens),
    }
}
