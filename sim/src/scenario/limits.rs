use super::{Scenario, limit::Limit};

impl Scenario {
    /// The limits of its providers, each with the provider's place: those on calls under way after the others.
    pub fn limits(&self) -> impl Iterator<Item = (usize, &Limit)> {
        self.providers.iter().enumerate().flat_map(|(place, it)| {
            let rates = it.limits.iter().filter(|it| matches!(it, Limit::Rate(_)));
            let smallest = it.limits.iter().filter_map(|limit| match limit {
                Limit::Concurrency(most) => Some((*most, limit)),
                Limit::Rate(_) => None,
            });
            let smallest = smallest.min_by_key(|it| it.0).map(|it| it.1);
            rates.chain(smallest).map(move |limit| (place, limit))
        })
    }
}
