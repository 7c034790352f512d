//! Two providers: the first runs out, the second takes over, and the first returns when it resets.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Duration;

use paceline_composite::{ByDimension, Settling};
use paceline_core::{Demand, Denied, Dimension, SplitMix64, Timestamp};
use paceline_quota::{QuotaTracker, Window};
use paceline_router::{NoRoute, Policy, Router, Target};

fn main() {
    let targets = vec![
        Target::new("groq", "team", "llama"),
        Target::new("cerebras", "team", "llama").with_priority(1),
    ];
    let router = Router::new(targets, Policy::Priority);
    // Ten requests and 8,000 tokens a minute; five requests and 30,000 tokens a minute.
    let per_minute = |cells| {
        let window = Window::fixed(Duration::from_secs(60));
        Settling::new(QuotaTracker::new(cells, window))
    };
    let mut limits = [(10, 8_000), (5, 30_000)].map(|(requests, tokens)| {
        ByDimension::new([
            (Dimension::Requests, per_minute(requests)),
            (Dimension::Tokens, per_minute(tokens)),
        ])
    });

    let mut rng = SplitMix64::new(1);
    let mut now = Timestamp::EPOCH;
    let demand = Demand {
        requests: 1,
        input_tokens: 700,
        output_tokens: 300,
    };
    let mut sent = 0;
    while sent < 20 {
        let asked = router.route(now, demand, &mut rng, |target| {
            let limits = &limits[target];
            match limits.check(now, demand) {
                Ok(()) => Ok(limits.available(now, Dimension::Requests)),
                Err(refused) => Err(refused.denied),
            }
        });
        let seconds = now.saturating_duration_since(Timestamp::EPOCH).as_secs();
        match asked {
            Ok(route) => {
                // What it really used is settled with the receipts when the answer is there.
                let _receipts = limits[route.target].charge_estimate(now, demand);
                sent += 1;
                let provider = &router.targets()[route.target].provider;
                println!("{seconds:3} s  request {sent:2} goes to {provider}");
                now = now.saturating_add(Duration::from_secs(2));
            }
            Err(NoRoute::AllExhausted { until: Some(at) }) => {
                let wait = Denied::Until(at).retry_after(now).unwrap_or_default();
                println!("{seconds:3} s  all exhausted for {} s", wait.as_secs());
                now = at;
            }
            Err(pointless) => {
                println!("{seconds:3} s  {pointless}");
                return;
            }
        }
    }
}
