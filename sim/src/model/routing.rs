use paceline_core::{Class, Demand, Denied, Feedback, SplitMix64, Timestamp};
use paceline_router::{NoRoute, Policy, Price, Refusal, Route, Router, Target};
use rand_chacha::rand_core::Rng;

use super::provider;
use crate::{
    engine::Streams,
    scenario::{
        provider::{self as spec, Provider},
        route::{Route as Spec, RoutePolicy},
        units::NonNegative,
    },
};

/// How a client chooses among the keys of all providers.
pub(super) struct Routing {
    router: Router,
    rng: SplitMix64,
}

impl Routing {
    pub(super) fn new(spec: &Spec, providers: &[Provider], number: u32, streams: Streams) -> Self {
        let targets = provider::keys(providers).enumerate();
        let targets = targets.map(|(place, (index, provider))| {
            let weight = spec.weights.get(index).copied().unwrap_or(1);
            let priority = u32::try_from(index).unwrap_or(u32::MAX);
            Target::new(&provider.name, place.to_string(), "")
                .with_weight(weight)
                .with_priority(priority)
                .with_price(price(provider.price))
        });
        let policy = match spec.policy {
            RoutePolicy::Weighted => Policy::Weighted,
            RoutePolicy::Remaining => Policy::Remaining,
            RoutePolicy::Priority => Policy::Priority,
            RoutePolicy::Cheapest => Policy::Cheapest,
        };
        let router = Router::new(targets.collect(), policy).with_ramp(spec.ramp_s.get());
        let seed = streams.numbered("route", &[u64::from(number)]).next_u64();
        Self {
            router,
            rng: SplitMix64::new(seed),
        }
    }

    /// The place of a key for this request.
    pub(super) fn choose(
        &mut self,
        now: Timestamp,
        demand: Demand,
        ask: impl FnMut(usize) -> Result<u64, Denied>,
    ) -> Result<usize, Denied> {
        match self.router.route(now, demand, &mut self.rng, ask) {
            Ok(route) => Ok(route.target),
            Err(NoRoute::TooLarge) => Err(Denied::TooLarge { max: 0 }),
            Err(NoRoute::AllExhausted { until }) => {
                Err(Denied::Until(until.unwrap_or(Timestamp::MAX)))
            }
        }
    }

    /// Takes note of a response to a request that was sent to a key at `sent_at`.
    pub(super) fn heard(
        &mut self,
        now: Timestamp,
        target: usize,
        sent_at: Timestamp,
        feedback: &Feedback,
    ) {
        let route = Route { target, sent_at };
        if feedback.class == Class::Ok {
            self.router.succeeded(route);
        } else if let Some(refusal) = Refusal::told_by(feedback, now) {
            self.router.refused(now, route, refusal, &mut self.rng);
        }
    }
}

/// In millionths of the currency, as the router counts.
fn price(spec: spec::Price) -> Price {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturating where it is huge"
    )]
    let micros = |price: NonNegative, times: f64| (price.get() * times).round() as u64;
    Price {
        input: micros(spec.per_million_input_tokens, 1e6),
        output: micros(spec.per_million_output_tokens, 1e6),
        request: micros(spec.per_thousand_requests, 1e3),
    }
}
