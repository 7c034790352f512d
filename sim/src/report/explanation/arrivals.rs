use super::{count_u64, seconds, service};
use crate::scenario::{
    arrivals::Mmpp,
    clients::{ClientGaps, Clients},
    profile::Profile,
    workload::Arrivals,
};

/// When requests arrive.
pub(super) fn arrivals(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Poisson { rate_per_min } => {
            format!(
                "arrive at random, {} a minute on average",
                rate_per_min.get()
            )
        }
        Arrivals::Gamma {
            rate_per_min,
            shape,
        } => {
            let (rate, shape) = (rate_per_min.get(), shape.get());
            format!("arrive {rate} a minute on average, with Gamma gaps of shape {shape}")
        }
        Arrivals::Weibull {
            rate_per_min,
            shape,
        } => {
            let (rate, shape) = (rate_per_min.get(), shape.get());
            format!("arrive {rate} a minute on average, with Weibull gaps of shape {shape}")
        }
        Arrivals::Mmpp(mmpp) => self::mmpp(mmpp),
        Arrivals::Clients(clients) => self::clients(clients),
        Arrivals::OnOff {
            rate_per_min,
            mean_on_s,
            mean_off_s,
        } => format!(
            "arrive in bursts of {} a minute for {} on average, {} apart",
            rate_per_min.get(),
            seconds(mean_on_s.get().as_secs_f64()),
            seconds(mean_off_s.get().as_secs_f64()),
        ),
        Arrivals::Batch { jobs } => format!("{} are there at the start", count_u64(*jobs)),
        Arrivals::Trace {
            path,
            rows,
            spread_s,
            speed,
        } => {
            let mut text = format!("arrive as recorded in {}", path.display());
            if let Some(rows) = rows {
                text += &format!(", the first {}", count_u64(rows.get()));
            }
            if let Some(step) = spread_s {
                let step = seconds(step.get().as_secs_f64());
                text += &format!(", each up to {step} later by lot");
            }
            if let Some(speed) = speed {
                text += &format!(", {} times as fast", speed.get());
            }
            text
        }
        Arrivals::Closed {
            sessions,
            think,
            requests_per_session,
            start_over_s,
        } => {
            let each = requests_per_session
                .map_or_else(String::new, |each| format!(", {each} requests each"));
            format!(
                "{sessions} sessions in closed loops{each}, begun over {}; think {}",
                seconds(start_over_s.get().as_secs_f64()),
                service::latency(think)
            )
        }
        Arrivals::Sessions {
            path,
            start_over_s,
            recorded_latency,
        } => {
            let path = path.display();
            let over = seconds(start_over_s.get().as_secs_f64());
            let took = if *recorded_latency {
                "; answers take as long as recorded"
            } else {
                ""
            };
            format!("sessions in closed loops as recorded in {path}, begun over {over}{took}")
        }
    }
}

fn mmpp(mmpp: &Mmpp) -> String {
    let states = mmpp.states.iter().zip(mmpp.shares()).map(|(state, share)| {
        format!(
            "{} a minute for {} ({:.1} % of the time)",
            state.rate_per_min.get(),
            seconds(state.mean_s.get().as_secs_f64()),
            share * 100.0
        )
    });
    format!(
        "arrive at random, {:.4} a minute on average, at rates that change: {}",
        mmpp.mean_rate_per_min(),
        states.collect::<Vec<_>>().join(", ")
    )
}

fn clients(clients: &Clients) -> String {
    let kind = match clients.gaps {
        ClientGaps::Gamma(_) => "Gamma",
        ClientGaps::Weibull(_) => "Weibull",
    };
    let shape = clients.gaps.shape();
    let spread = match shape.shape_sigma.get() {
        0.0 => String::new(),
        sigma => format!(" that differs by sigma {sigma}"),
    };
    let mut text = format!(
        "arrive {} a minute on average from {} clients of Zipf exponent {}, each with {kind} gaps of shape {}{spread}",
        clients.rate_per_min.get(),
        count_u64(u64::from(clients.count.get())),
        clients.zipf.get(),
        shape.shape.get(),
    );
    if let Some(active) = clients.active {
        text += &format!(
            ", active {} % of the time, {} at a time",
            active.share.get() * 100.0,
            seconds(active.mean_s.get().as_secs_f64())
        );
    }
    text
}

/// How the rate follows the clock.
pub(super) fn profile(profile: &Profile) -> Vec<String> {
    let list = |factors: &[f64]| {
        let factors: Vec<_> = factors.iter().map(ToString::to_string).collect();
        factors.join(" ")
    };
    let clock = match profile.utc_offset_h {
        0.0 => "UTC".to_owned(),
        hours => format!("UTC{hours:+} h"),
    };
    let mut lines = Vec::new();
    if profile.hourly != [1.0; 24] {
        let factors = list(&profile.hourly);
        lines.push(format!(
            "times a factor for each hour from midnight {clock} on: {factors}"
        ));
    }
    if profile.weekly != [1.0; 7] {
        let factors = list(&profile.weekly);
        lines.push(format!(
            "times a factor for each day from Monday ({clock}) on: {factors}"
        ));
    }
    lines
}
