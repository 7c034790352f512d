//! Arrivals that come in states or from many clients.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::{
    units::{NonNegative, Positive, PositiveSeconds, Share},
    workload::Arrivals,
};

/// A Markov-modulated Poisson process: independent arrivals, at a rate that jumps from state to state.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawMmpp")]
pub struct Mmpp {
    /// Its states, 2 to 16. It begins in one of them by lot, as often as it is in each over time.
    pub states: Vec<MmppState>,
}

/// One state of such a process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmppState {
    /// The mean rate of arrivals while it lasts; may be 0.
    pub rate_per_min: NonNegative,
    /// How long it lasts on average; lengths are exponential.
    pub mean_s: PositiveSeconds,
    /// How likely each state is to follow, in their order, as weights of any sum; 0 for itself. All
    /// others are equally likely, if absent.
    pub next: Option<Vec<NonNegative>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMmpp {
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

/// Many clients, few of whom bring most requests, each with bursts of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// How many clients, 1 to 100,000.
    pub count: NonZeroU32,
    /// The mean rate of all together, over time.
    pub rate_per_min: Positive,
    /// How uneven they are: the n-th client's rate is proportional to n to the power of minus this; all
    /// are equal at 0 (default).
    #[serde(default)]
    pub zipf: NonNegative,
    /// The gaps between the requests of one client.
    pub gaps: ClientGaps,
    /// When clients are there at all; always, if absent.
    pub active: Option<Active>,
}

/// The gaps between the requests of one client.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientGaps {
    /// Gamma gaps.
    Gamma(ClientShape),
    /// Weibull gaps.
    Weibull(ClientShape),
}

/// How bursty clients are.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientShape {
    /// The median shape of clients, 0.05 to 1,000: burstier than Poisson below 1, steadier above.
    pub shape: Shape,
    /// How much clients differ: the standard deviation of the logarithm of their shapes; 0, if absent. A
    /// shape outside the bounds becomes the bound.
    #[serde(default)]
    pub shape_sigma: NonNegative,
}

impl ClientGaps {
    /// The shapes of clients.
    pub const fn shape(self) -> ClientShape {
        match self {
            Self::Gamma(shape) | Self::Weibull(shape) => shape,
        }
    }
}

/// A shape of gaps that can be told from a pulse and from a clock: 0.05 to 1,000.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "f64")]
pub struct Shape(f64);

impl Shape {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The nearest shape.
    pub const fn clamped(number: f64) -> Self {
        Self(number.clamp(0.05, 1_000.0))
    }
}

impl TryFrom<f64> for Shape {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if Self::clamped(number).0 == number {
            Ok(Self(number))
        } else {
            Err(format!(
                "expected a shape from 0.05 to 1000, found {number}"
            ))
        }
    }
}

/// When clients are there at all: each comes and goes by itself, and asks more while it is there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Active {
    /// The share of time for which a client is active, above 0.
    pub share: Share,
    /// How long it is active at a time, on average; lengths are exponential, of pauses too.
    pub mean_s: PositiveSeconds,
}

impl Clients {
    /// What cannot be seen from one field alone.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.count.get() > 100_000 {
            let count = self.count;
            return Err(format!(
                "count: expected 1 to 100000 clients, found {count}"
            ));
        }
        if self.active.is_some_and(|active| active.share.get() < 1e-6) {
            return Err("active.share: expected at least 1e-6".to_owned());
        }
        Ok(())
    }
}

impl Arrivals {
    /// The mean rate over time, before any profile; none of a batch or a trace.
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
            Self::Batch { .. } | Self::Steps(_) | Self::Trace { .. } => None,
        }
    }

    /// The same arrivals at this mean rate: more or fewer of them, in states and bursts of the same length.
    pub(super) fn at_rate(mut self, rate: Positive) -> Result<Self, String> {
        let mean = self.mean_rate_per_min();
        let mean =
            mean.ok_or("rate_per_min: a batch, steps and a trace have no rate of their own")?;
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
            Self::Batch { .. } | Self::Steps(_) | Self::Trace { .. } => {}
        }
        Ok(self)
    }
}
