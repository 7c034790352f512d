use statrs::function::gamma::{digamma, ln_gamma};

use super::{
    chain::Chain,
    modulated,
    statistics::{digits, mean, number},
};

/// A family of arrivals with the parameters under which these gaps are likeliest.
#[derive(Clone, Copy, Debug)]
pub(super) enum Law {
    /// Independent arrivals.
    Poisson,
    /// Gamma gaps of this shape.
    Gamma(f64),
    /// Weibull gaps of this shape.
    Weibull(f64),
    /// Bursts with silence between them.
    OnOff(Chain),
    /// Two to four rates that take turns.
    Mmpp(Chain),
}

/// How well a family explains gaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) law: Law,
    /// Schwarz's criterion (1978): the number of parameters times the logarithm of the number of gaps, less
    /// twice the logarithm of the likelihood.
    ///
    /// Akaike's asks for less, and often takes chance for one more state.
    pub(super) bic: f64,
}

/// More gaps than this say no more about the family.
const MOST_GAPS: usize = 20_000;

/// All families, the best first.
pub(super) fn candidates(gaps: &[f64]) -> Vec<Candidate> {
    let gaps = &gaps[..gaps.len().min(MOST_GAPS)];
    let count = number(gaps.len());
    let mean_gap = mean(gaps);
    let logs: Vec<f64> = gaps.iter().map(|gap| gap.ln()).collect();
    let mean_log = mean(&logs);

    let poisson = count * (-mean_gap.ln() - 1.0);
    let shape = gamma_shape(mean_gap.ln() - mean_log);
    let scale = mean_gap / shape;
    let of_gamma =
        count * ((shape - 1.0) * mean_log - shape - ln_gamma(shape) - shape * scale.ln());
    let (weibull, of_weibull) = weibull(gaps, mean_gap, mean_log);
    let mut candidates = vec![
        Candidate::new(Law::Poisson, 1, poisson, count),
        Candidate::new(Law::Gamma(shape), 2, of_gamma, count),
        Candidate::new(Law::Weibull(weibull), 2, of_weibull, count),
    ];
    let on_off = modulated::on_off(gaps);
    candidates
        .extend(on_off.map(|(chain, likely)| Candidate::new(Law::OnOff(chain), 3, likely, count)));
    candidates.extend(mmpp(gaps));
    candidates.sort_by(|a, b| a.bic.total_cmp(&b.bic));
    candidates
}

/// The best chain: of two states, or of more while that explains the gaps better.
fn mmpp(gaps: &[f64]) -> Option<Candidate> {
    let candidate = |(chain, likely): (Chain, f64)| {
        let numbers = 3 * chain.states - 2;
        let law = Law::Mmpp(chain);
        (
            chain,
            Candidate::new(law, numbers, likely, number(gaps.len())),
        )
    };
    let (mut chain, mut best) = candidate(modulated::two_states(gaps)?);
    while let Some((more, better)) = modulated::one_more(&chain, gaps).map(candidate) {
        if better.bic >= best.bic {
            break;
        }
        (chain, best) = (more, better);
    }
    Some(best)
}

impl Candidate {
    fn new(law: Law, parameters: usize, log_likelihood: f64, gaps: f64) -> Self {
        let bic = number(parameters) * gaps.ln() - 2.0 * log_likelihood;
        Self {
            law,
            bic: if bic.is_nan() { f64::INFINITY } else { bic },
        }
    }
}

impl Law {
    /// Its name in a scenario.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Gamma(_) => "gamma",
            Self::Weibull(_) => "weibull",
            Self::OnOff(_) => "on_off",
            Self::Mmpp(_) => "mmpp",
        }
    }

    /// The line of a scenario, with this mean rate over time.
    pub(super) fn line(&self, per_min: f64) -> String {
        let rate = digits(per_min);
        match self {
            Self::Poisson => format!("arrivals.poisson = {{ rate_per_min = {rate} }}"),
            Self::Gamma(shape) | Self::Weibull(shape) => format!(
                "arrivals.{} = {{ rate_per_min = {rate}, shape = {} }}",
                self.name(),
                digits(shape.clamp(0.05, 1_000.0))
            ),
            Self::OnOff(chain) => format!(
                "arrivals.on_off = {{ rate_per_min = {}, mean_on_s = {}, mean_off_s = {} }}",
                digits(per_min * chain.per_s[0] / chain.mean_per_s()),
                digits(lasts_s(chain, 0)),
                digits(lasts_s(chain, 1))
            ),
            Self::Mmpp(chain) => {
                let states = (0..chain.states).map(|state| {
                    let rate = per_min * chain.per_s[state] / chain.mean_per_s();
                    let mean_s = chain.leave(state).recip();
                    let ways = chain.ways(state).map(|way| digits(way * mean_s));
                    // Of two, each follows the other anyway.
                    let next = match chain.states {
                        2 => String::new(),
                        count => format!(", next = [{}]", ways[..count].join(", ")),
                    };
                    let (rate, mean_s) = (digits(rate), digits(lasts_s(chain, state)));
                    format!("    {{ rate_per_min = {rate}, mean_s = {mean_s}{next} }},\n")
                });
                format!("arrivals.mmpp.states = [\n{}]", states.collect::<String>())
            }
        }
    }
}

/// How long a state lasts on average, as far as a scenario can say: from a microsecond to 30 years.
fn lasts_s(chain: &Chain, state: usize) -> f64 {
    chain.leave(state).recip().clamp(1e-6, 1e9)
}

/// The shape of Gamma for which `ln(shape) - digamma(shape)` is this: by halving, as it falls.
fn gamma_shape(excess: f64) -> f64 {
    halve(|shape| shape.ln() - digamma(shape) > excess)
}

/// The likeliest shape of Weibull, and the logarithm of its likelihood.
fn weibull(gaps: &[f64], mean_gap: f64, mean_log: f64) -> (f64, f64) {
    // In units of the mean, so that powers stay small.
    let scaled: Vec<(f64, f64)> = gaps
        .iter()
        .map(|gap| gap / mean_gap)
        .map(|x| (x, x.ln()))
        .collect();
    let mean_log = mean_log - mean_gap.ln();
    let sums = |shape: f64| {
        scaled
            .iter()
            .fold((0.0, 0.0), |(powers, weighted), &(_, log)| {
                let power = (shape * log).exp();
                (powers + power, weighted + power * log)
            })
    };
    let shape = halve(|shape| {
        let (powers, weighted) = sums(shape);
        weighted / powers - shape.recip() < mean_log
    });
    let count = number(gaps.len());
    let scale = (sums(shape).0 / count).powf(shape.recip());
    let likelihood =
        count * (shape.ln() - shape * scale.ln() + (shape - 1.0) * mean_log - 1.0 - mean_gap.ln());
    (shape, likelihood)
}

/// The shape up to which this holds, of 0.001 to 10,000.
fn halve(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.001_f64.ln(), 10_000_f64.ln());
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle.exp()) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high).exp()
}
