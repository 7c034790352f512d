//! The provider of a scenario as an HTTP server.

mod forms;
mod hostile;
mod http;
mod like_the_model;
mod limits;
#[path = "../program/mod.rs"]
mod program;
mod stopping;
#[path = "../tallied/mod.rs"]
mod tallied;
#[path = "../text/mod.rs"]
mod text;

use paceline_sim::{scenario::Scenario, serve::Options};

use http::Running;

/// A scenario whose answers have 8 tokens, with these lines for its provider.
fn scenario(provider: &str) -> Scenario {
    text::read(&format!(
        "seed = 1
        duration_s = 600
        [workload]
        arrivals.poisson = {{ rate_per_min = 60 }}
        input_tokens.fixed = 10
        output_tokens.fixed = 8
        max_tokens = 64
        [provider]
        {provider}
        [[strategy]]
        name = \"it\""
    ))
}

fn serve(provider: &str) -> Running {
    Running::start(scenario(provider), Options::default())
}

fn at_speed(provider: &str, speed: f64) -> Running {
    let options = Options {
        speed,
        ..Options::default()
    };
    Running::start(scenario(provider), options)
}
