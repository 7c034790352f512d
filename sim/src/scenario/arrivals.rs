//! Arrivals that come in states, and the rates of all.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    clients::Clients,
    units::{NonNegative, Positive, PositiveSeconds},
    workload::Arrivals,
};

/// A Markov-modulated Poisson process: independent arrivals, at a rate that jumps from state to state.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "RawMmpp")]
#[schemars(with = "RawMmpp")]
pub struct Mmpp {
    /// Its states, 2 to 16. It begins in one of them by lot, as often as it is in each over time.
    pub states: Vec<MmppState>,
}

/// One state of a process that jumps between states.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MmppState {
    /// The mean rate of arrivals while it lasts, in requests per minute; may be 0.
    pub rate_per_min: NonNegative,
    /// How long it lasts on average, in seconds; lengths are exponential.
    pub mean_s: PositiveSeconds,
    /// How likely each state is to follow, in their order, as weights of any sum; 0 for itself. If absent,
    /// all others are equally likely.
    pub next: Option<Vec<NonNegative>>,
}

/// Independent arrivals at a rate that jumps from state to state (a Markov-modulated Poisson process).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawMmpp {
    /// Its states. It begins in one of them by lot, as often as it is in each over time.
    #[schemars(length(min = 2, max = 16))]
    states: Vec<MmppState>,
}

impl TryFrom<RawMmpp> for Mmpp {
    type Error = String;

    fn try_from(raw: RawMmpp) -> Result<Self, String> {
        let count = raw.states.len();
        if !(2..=16).contains(&count) {
            return Err(format!("states: expected 2 to 16 of them, found {count}"));
        }
        for (index, state) in raw.states.iter().enumerate() {
            let Some(next) = &state.next else { continue };
            if next.len() != count {
                return Err(format!(
                    "states[{index}].next: expected a weight for each of {count} states, found {}",
                    next.len()
                ));
            }
            if next[index].get() > 0.0 {
                return Err(format!(
                    "states[{index}].next: expected 0 for the state itself, whose length is `mean_s`"
                ));
            }
        }
        let mmpp = Self { states: raw.states };
        if let Some((from, to)) = mmpp.unreachable() {
            return Err(format!(
                "states: expected a way from each to each, found none from {from} to {to}, counted from 0"
            ));
        }
        let rate = mmpp.mean_rate_per_min();
        if !(rate.is_finite() && rate > 0.0) {
            return Err("states: expected a rate_per_min above 0 in one of them".to_owned());
        }
        Ok(mmpp)
    }
}

impl Mmpp {
    /// How likely each state is to follow this one.
    pub fn following(&self, state: usize) -> Vec<f64> {
        let weight = |other: usize| match &self.states[state].next {
            Some(next) => next[other].get(),
            None if other == state => 0.0,
            None => 1.0,
        };
        let weights: Vec<f64> = (0..self.states.len()).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    /// Two states of which the second never follows upon the first, if there are any.
    fn unreachable(&self) -> Option<(usize, usize)> {
        let count = self.states.len();
        let follows: Vec<_> = (0..count).map(|state| self.following(state)).collect();
        for from in 0..count {
            let mut reached = vec![false; count];
            reached[from] = true;
            let mut open = vec![from];
            while let Some(state) = open.pop() {
                for to in 0..count {
                    if follows[state][to] > 0.0 && !reached[to] {
                        reached[to] = true;
                        open.push(to);
                    }
                }
            }
            if let Some(to) = reached.iter().position(|reached| !reached) {
                return Some((from, to));
            }
        }
        None
    }

    /// The share of time that it spends in each state, in the long run.
    ///
    /// By the elimination of Grassmann, Taksar and Heyman, which subtracts nothing and so loses no digits.
    pub fn shares(&self) -> Vec<f64> {
        let count = self.states.len();
        let mut jumps: Vec<_> = (0..count).map(|state| self.following(state)).collect();
        for last in (1..count).rev() {
            let leaves: f64 = jumps[last][..last].iter().sum();
            for from in 0..last {
                jumps[from][last] /= leaves;
                for to in 0..last {
                    jumps[from][to] += jumps[from][last] * jumps[last][to];
                }
            }
        }
        let mut visits = vec![1.0; count];
        for state in 1..count {
            visits[state] = (0..state)
                .map(|from| visits[from] * jumps[from][state])
                .sum();
        }
        let lengths = self
            .states
            .iter()
            .map(|state| state.mean_s.get().as_secs_f64());
        let time: Vec<f64> = visits
            .iter()
            .zip(lengths)
            .map(|(visits, s)| visits * s)
            .collect();
        let all: f64 = time.iter().sum();
        time.into_iter().map(|time| time / all).collect()
    }

    /// The mean rate over time.
    pub fn mean_rate_per_min(&self) -> f64 {
        let rates = self.states.iter().map(|state| state.rate_per_min.get());
        self.shares()
            .iter()
            .zip(rates)
            .map(|(share, rate)| share * rate)
            .sum()
    }

    /// How often it changes its state in a second, on average.
    pub(super) fn changes_per_s(&self) -> f64 {
        let lengths = self
            .states
            .iter()
            .map(|state| state.mean_s.get().as_secs_f64());
        self.shares()
            .iter()
            .zip(lengths)
            .map(|(share, s)| share / s)
            .sum()
    }

    /// The same states, with so many times the arrivals.
    pub(super) fn times(&self, factor: f64) -> Result<Self, String> {
        let mut scaled = self.clone();
        for state in &mut scaled.states {
            state.rate_per_min = NonNegative::try_from(state.rate_per_min.get() * factor)?;
        }
        Ok(scaled)
    }
}

impl Arrivals {
    /// The mean rate over time, before any profile; none of a batch, a trace or closed loops.
    pub fn mean_rate_per_min(&self) -> Option<f64> {
        match self {
            Self::Poisson { rate_per_min }
            | Self::Gamma { rate_per_min, .. }
            | Self::Weibull { rate_per_min, .. }
            | Self::Clients(Clients { rate_per_min, .. }) => Some(rate_per_min.get()),
            Self::OnOff {
                rate_per_min,
                mean_on_s,
                mean_off_s,
            } => {
                let on_s = mean_on_s.get().as_secs_f64();
                let all_s = on_s + mean_off_s.get().as_secs_f64();
                Some(rate_per_min.get() * on_s / all_s)
            }
            Self::Mmpp(mmpp) => Some(mmpp.mean_rate_per_min()),
            Self::Batch { .. }
            | Self::Steps(_)
            | Self::Trace { .. }
            | Self::Closed { .. }
            | Self::Sessions { .. } => None,
        }
    }

    /// The same arrivals at this mean rate: more or fewer of them, in states and bursts of the same length.
    pub(super) fn at_rate(mut self, rate: Positive) -> Result<Self, String> {
        let mean = self.mean_rate_per_min();
        let mean = mean.ok_or(
            "rate_per_min: a batch, steps, a trace and closed loops have no rate of their own",
        )?;
        let factor = rate.get() / mean;
        match &mut self {
            Self::Poisson { rate_per_min }
            | Self::Gamma { rate_per_min, .. }
            | Self::Weibull { rate_per_min, .. }
            | Self::Clients(Clients { rate_per_min, .. }) => *rate_per_min = rate,
            Self::OnOff { rate_per_min, .. } => {
                *rate_per_min = Positive::try_from(rate_per_min.get() * factor)?;
            }
            Self::Mmpp(mmpp) => *mmpp = mmpp.times(factor)?,
            Self::Batch { .. }
            | Self::Steps(_)
            | Self::Trace { .. }
            | Self::Closed { .. }
            | Self::Sessions { .. } => {}
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{presets::WORKLOADS, workload::Workload};

    #[test]
    fn a_preset_comes_at_the_rate_that_is_asked_for() {
        for preset in WORKLOADS.all() {
            let text = format!("preset = \"{}\"\nrate_per_min = 7", preset.name);
            let workload: Workload = toml::from_str(&text).expect("presets have rates");
            let rate = workload.arrivals.mean_rate_per_min();
            let rate = rate.expect("presets have rates");
            assert!((rate - 7.0).abs() < 1e-9, "{}: {rate}", preset.name);
        }
    }
}
