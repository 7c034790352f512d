//! What the parts of a run are called, for people.

use paceline_core::Timestamp;

use crate::{
    model,
    report::format,
    scenario::{Scenario, limit::RateLimit, provider::Provider, strategy::Strategy},
};

/// The names of keys and limits in a run of one strategy.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    strategy: &'a Strategy,
    start: Timestamp,
    keys: Vec<Key<'a>>,
}

#[derive(Clone, Debug)]
struct Key<'a> {
    name: String,
    provider: &'a Provider,
}

impl<'a> Names<'a> {
    /// The names in a run of this strategy.
    pub fn new(scenario: &'a Scenario, strategy: &'a Strategy) -> Self {
        let of = |provider: &'a Provider| {
            let name = match provider.name.as_str() {
                "" => "the provider",
                name => name,
            };
            (1..=provider.keys.get()).map(move |number| Key {
                name: match provider.keys.get() {
                    1 => name.to_owned(),
                    _ => format!("{name}, key {number}"),
                },
                provider,
            })
        };
        Self {
            strategy,
            start: scenario.start(),
            keys: scenario.providers.iter().flat_map(of).collect(),
        }
    }

    /// How many keys all providers have together.
    pub const fn keys(&self) -> usize {
        self.keys.len()
    }

    /// A key, by its place among all keys of all providers.
    pub fn key(&self, place: usize) -> &str {
        self.keys.get(place).map_or("", |key| &key.name)
    }

    /// The limits on cells of a key, as they are at a time.
    pub fn limits(&self, now: Timestamp, key: usize) -> impl Iterator<Item = &'a RateLimit> {
        let start = self.start;
        let provider = self.keys.get(key).map(|key| key.provider);
        let limits = provider.map_or(&[][..], |provider| {
            let mut upgrades = provider.upgrades.iter().rev();
            let last = upgrades.find(|it| start.saturating_add(it.at.get()) <= now);
            last.map_or(&provider.limits, |it| &it.limits)
        });
        model::rates(limits)
    }

    /// A limit of a key, by its place.
    pub fn limit(&self, now: Timestamp, key: usize, place: usize) -> String {
        let rate = self.limits(now, key).nth(place);
        rate.map_or_else(String::new, format::limit)
    }

    /// A limit that the strategy keeps for a key, by its place.
    pub fn stated(&self, key: usize, place: usize) -> String {
        let provider = self.keys.get(key).map(|key| key.provider);
        let told = provider.and_then(|it| model::told(self.strategy, it).nth(place));
        told.map_or_else(String::new, format::limit)
    }
}
