use std::time::Duration;

use paceline_core::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma};

use super::{clients::Population, modulated::Modulated, profile::ProfileClock, renewal::Renewal};
use crate::scenario::workload::{Arrivals, Workload};

/// When requests arrive, as times since the start.
#[derive(Debug)]
pub(super) struct Gaps {
    kind: Kind,
    rng: ChaCha8Rng,
    /// The time of the last arrival, in seconds, as the process sees it.
    clock_s: f64,
    /// Time as everybody else sees it, if the rate follows the hours.
    profile: Option<ProfileClock>,
}

#[derive(Debug)]
enum Kind {
    Poisson {
        mean_gap_s: f64,
    },
    Gamma(Gamma<f64>),
    Weibull(Renewal),
    Mmpp(Modulated),
    Clients(Population),
    OnOff {
        mean_gap_s: f64,
        mean_on_s: f64,
        mean_off_s: f64,
        burst_ends_s: f64,
    },
    Batch {
        left: u64,
    },
}

impl Gaps {
    /// Makes the arrivals of everything but a trace and closed loops, which have none to draw.
    pub(super) fn new(workload: &Workload, start: Timestamp, mut rng: ChaCha8Rng) -> Self {
        let kind = match workload.arrivals {
            Arrivals::Poisson { rate_per_min } => Kind::Poisson {
                mean_gap_s: 60.0 / rate_per_min.get(),
            },
            Arrivals::Gamma {
                rate_per_min,
                shape,
            } => {
                let shape = shape.get();
                let scale = 60.0 / rate_per_min.get() / shape;
                match Gamma::new(shape, scale) {
                    Ok(gamma) => Kind::Gamma(gamma),
                    // Both are above zero; a scale that underflows means no gap at all.
                    Err(_) => Kind::Poisson { mean_gap_s: 0.0 },
                }
            }
            Arrivals::Weibull {
                rate_per_min,
                shape,
            } => Kind::Weibull(Renewal::weibull(60.0 / rate_per_min.get(), shape.get())),
            Arrivals::Mmpp(ref mmpp) => Kind::Mmpp(Modulated::new(mmpp, &mut rng)),
            Arrivals::Clients(ref clients) => Kind::Clients(Population::new(clients, &mut rng)),
            Arrivals::OnOff {
                rate_per_min,
                mean_on_s,
                mean_off_s,
            } => {
                let mean_on_s = mean_on_s.get().as_secs_f64();
                Kind::OnOff {
                    mean_gap_s: 60.0 / rate_per_min.get(),
                    mean_on_s,
                    mean_off_s: mean_off_s.get().as_secs_f64(),
                    burst_ends_s: mean_on_s * exponential(&mut rng),
                }
            }
            Arrivals::Batch { jobs } => Kind::Batch { left: jobs },
            Arrivals::Trace { .. } | Arrivals::Sessions { .. } | Arrivals::Closed { .. } => {
                Kind::Batch { left: 0 }
            }
        };
        Self {
            kind,
            rng,
            clock_s: 0.0,
            profile: workload
                .profile
                .as_ref()
                .map(|profile| ProfileClock::new(profile, start)),
        }
    }

    /// The time of the next arrival.
    pub(super) fn next(&mut self) -> Option<Duration> {
        match &mut self.kind {
            Kind::Poisson { mean_gap_s } => {
                self.clock_s += *mean_gap_s * exponential(&mut self.rng);
            }
            Kind::Gamma(gamma) => self.clock_s += gamma.sample(&mut self.rng),
            Kind::Weibull(gaps) => self.clock_s += gaps.draw(&mut self.rng),
            Kind::Mmpp(process) => self.clock_s = process.next(self.clock_s, &mut self.rng),
            Kind::Clients(clients) => self.clock_s = clients.next(&mut self.rng),
            Kind::OnOff {
                mean_gap_s,
                mean_on_s,
                mean_off_s,
                burst_ends_s,
            } => {
                self.clock_s += *mean_gap_s * exponential(&mut self.rng);
                // Exponential gaps have no memory: what reaches past the end of a burst goes on
                // with the next one.
                while self.clock_s > *burst_ends_s {
                    let over = self.clock_s - *burst_ends_s;
                    let begins_s = *burst_ends_s + *mean_off_s * exponential(&mut self.rng);
                    *burst_ends_s = begins_s + *mean_on_s * exponential(&mut self.rng);
                    self.clock_s = begins_s + over;
                }
            }
            Kind::Batch { left } => *left = left.checked_sub(1)?,
        }
        // Beyond the timeline nothing arrives.
        let clock_s = match &mut self.profile {
            Some(profile) => profile.real(self.clock_s),
            None => self.clock_s,
        };
        Duration::try_from_secs_f64(clock_s).ok()
    }
}

/// A draw from the exponential distribution with mean 1.
pub(super) fn exponential(rng: &mut ChaCha8Rng) -> f64 {
    Exp1.sample(rng)
}
