use paceline_admission::{Admission, Gate};
use paceline_core::Timestamp;
use rand_chacha::rand_core::Rng;

use super::{limits::Limits, permits};
use crate::{
    engine::Streams,
    scenario::{
        learning::LimitsFrom,
        provider::{Charge, Provider},
        strategy::Strategy,
    },
};

/// A key of a provider, as the client sees it.
pub(super) struct Key {
    /// Its place among all keys of all providers.
    pub(super) place: usize,
    /// The gate, the limits and the permits; who waits stands in the client's line.
    pub(super) admission: Admission<Limits, ()>,
    pub(super) estimate: Charge,
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
    let number = u64::from(number);
    let mut seed = match place {
        0 => streams.numbered("gate", &[number]),
        _ => streams.numbered("gate", &[number, place]),
    };
    let mut gate = Gate::new(seed.next_u64());
    if let Some(spec) = strategy.gate {
        let spacing = spec.spacing_s.map_or(Gate::SPACING, |it| it.get());
        let least = spec
            .least_spacing_s
            .map_or_else(|| Gate::LEAST_SPACING.min(spacing), |it| it.get());
        let spaced = gate.with_spacing(spacing, least);
        gate = spaced.map_err(|err| format!("gate: {err}"))?;
    }
    Ok(admission.with_gate(gate))
}

/// Which tokens a client counts: what it was told to, or what the provider whose limits it knows does.
pub(super) fn estimate(strategy: &Strategy, provider: &Provider) -> Charge {
    strategy.estimate.unwrap_or_else(|| {
        let knows = matches!(strategy.limits_from, Some(LimitsFrom::Provider));
        match provider.charge {
            Charge::Input if knows => Charge::Input,
            _ => Charge::InputAndMaxTokens,
        }
    })
}
