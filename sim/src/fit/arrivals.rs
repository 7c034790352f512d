use statrs::function::gamma::{digamma, ln_gamma};

use super::{
    modulated::{self, TwoStates},
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
    OnOff(TwoStates),
    /// Two rates that take turns.
    Mmpp(TwoStates),
}

/// How well a family explains gaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) law: Law,
    /// Akaike's criterion: twice the number of parameters, less twice the logarithm of the likelihood.
    pub(super) aic: f64,
}

/// More gaps than this say no more about the family.
const MOST_GAPS: usize = 40_000;

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
    let on_off = modulated::on_off(gaps);
    let mmpp = modulated::two_states(gaps);
    let mut candidates = vec![
        Candidate::new(Law::Poisson, 1.0, poisson),
        Candidate::new(Law::Gamma(shape), 2.0, of_gamma),
        Candidate::new(Law::Weibull(weibull), 2.0, of_weibull),
        Candidate::new(Law::OnOff(on_off.0), 3.0, on_off.1),
        Candidate::new(Law::Mmpp(mmpp.0), 4.0, mmpp.1),
    ];
    candidates.sort_by(|a, b| a.aic.total_cmp(&b.aic));
    candidates
}

impl Candidate {
    fn new(law: Law, parameters: f64, log_likelihood: f64) -> Self {
        let aic = 2.0 * parameters - 2.0 * log_likelihood;
        Self {
            law,
            aic: if aic.is_nan() { f64::INFINITY } else { aic },
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
            Self::OnOff(states) => {
                let factor = per_min / states.mean_per_s();
                format!(
                    "arrivals.on_off = {{ rate_per_min = {}, mean_on_s = {}, mean_off_s = {} }}",
                    digits(states.per_s[0] * factor),
                    digits(1.0 / states.leave[0]),
                    digits(1.0 / states.leave[1])
                )
            }
            Self::Mmpp(states) => {
                let factor = per_min / states.mean_per_s();
                let state = |place: usize| {
                    format!(
                        "    {{ rate_per_min = {}, mean_s = {} }},\n",
                        digits(states.per_s[place] * factor),
                        digits(1.0 / states.leave[place])
                    )
                };
                format!("arrivals.mmpp.states = [\n{}{}]", state(0), state(1))
            }
        }
    }
}

/// The shape of Gamma for which `ln(shape) - digamma(shape)` is this: by halving, as it falls.
fn gamma_shape(excess: f64) -> f64 {
    halve(|shape| shape.ln() - digamma(shape) > excess)
}

/// The likeliest shape of Weibull, and the logarithm of its likelihood.
fn weibull(gaps: &[f64], mean_gap: f64, mean_log: f64) -> (f64, f64) {
    // In units of the mean, so that powers stay small.
    let scaled: Vec<(f64, f64)> = gaps.iter().map(|gap| gap / mean_gap).map(|x| (x, x.ln())).collect();
    let mean_log = mean_log - mean_gap.ln();
    let sums = |shape: f64| {
        scaled.iter().fold((0.0, 0.0), |(powers, weighted), &(_, log)| {
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
    let likelihood = count
        * (shape.ln() - shape * scale.ln() + (shape - 1.0) * mean_log - 1.0 - mean_gap.ln());
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
