//! What cannot be seen from one part of a scenario alone.

use super::{Scenario, provider::Provider, strategy::Strategy, workload::Workload};

impl Scenario {
    /// What cannot be seen from one field alone.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.strategies.is_empty() {
            return Err("strategy: expected at least one [[strategy]]".to_owned());
        }
        for (index, strategy) in self.strategies.iter().enumerate() {
            if let Err(err) = crate::model::check(strategy) {
                let name = &strategy.name;
                return Err(format!("strategy `{name}`: {err}"));
            }
            let same = |other: &Strategy| other.name == strategy.name;
            if self.strategies[..index].iter().any(same) {
                let name = &strategy.name;
                return Err(format!("strategy: two strategies are named `{name}`"));
            }
        }
        if self.warmup_s.get() >= self.duration() {
            return Err(format!(
                "warmup_s: expected less than duration_s ({}), found {}",
                self.duration().as_secs_f64(),
                self.warmup_s.get().as_secs_f64()
            ));
        }
        self.validate_providers()?;
        self.validate_workloads()?;
        let bins = self.duration().as_secs_f64() / self.bin().as_secs_f64();
        if bins > 100_000.0 {
            return Err(format!(
                "bin_s: expected at most 100000 bins in duration_s, found {bins:.0}"
            ));
        }
        Ok(())
    }

    fn validate_providers(&self) -> Result<(), String> {
        /// More keys than this are a mistake.
        const MOST_KEYS: u64 = 1_000;

        for (index, provider) in self.providers.iter().enumerate() {
            if self.providers.len() > 1 && provider.name.is_empty() {
                return Err(format!(
                    "provider[{index}]: expected `name`, as there are several"
                ));
            }
            let same = |other: &Provider| other.name == provider.name;
            if self.providers[..index].iter().any(same) {
                let name = &provider.name;
                return Err(format!("provider: two providers are named `{name}`"));
            }
        }
        let keys = self.providers.iter().map(|it| u64::from(it.keys.get()));
        let keys: u64 = keys.sum();
        if !(1..=MOST_KEYS).contains(&keys) {
            return Err(format!(
                "provider: expected 1 to {MOST_KEYS} keys of all providers, found {keys}"
            ));
        }
        for strategy in &self.strategies {
            let (name, known) = (&strategy.name, |other: &str| {
                self.providers.iter().any(|it| it.name == other)
            });
            if let Some(provider) = &strategy.provider
                && !known(provider)
            {
                return Err(format!(
                    "strategy `{name}`: no provider is named `{provider}`"
                ));
            }
            let weights = strategy.route.as_ref().map_or(&[][..], |it| &it.weights);
            if !weights.is_empty() && weights.len() != self.providers.len() {
                return Err(format!(
                    "strategy `{name}`: expected a weight for each of {} providers, found {}",
                    self.providers.len(),
                    weights.len()
                ));
            }
        }
        Ok(())
    }

    fn validate_workloads(&self) -> Result<(), String> {
        /// More kinds of requests than this are a mistake.
        const MOST: usize = 100;

        let count = self.workloads.len();
        if !(1..=MOST).contains(&count) {
            return Err(format!(
                "workload: expected 1 to {MOST} of them, found {count}"
            ));
        }
        let mut requests = 0.0;
        for (index, workload) in self.workloads.iter().enumerate() {
            let field = match count {
                1 => "workload".to_owned(),
                _ => format!("workload[{index}]"),
            };
            if count > 1 && workload.name.is_empty() {
                return Err(format!("{field}: expected `name`, as there are several"));
            }
            let same = |other: &Workload| other.name == workload.name;
            if self.workloads[..index].iter().any(same) {
                let name = &workload.name;
                return Err(format!("workload: two workloads are named `{name}`"));
            }
            workload
                .validate()
                .map_err(|what| format!("{field}.{what}"))?;
            let mut strategies = self.strategies.iter();
            if workload.patience.is_some()
                && let Some(strategy) = strategies.find(|it| it.batch.is_some())
            {
                return Err(format!(
                    "{field}.patience: expected no strategy with `batch`, as nobody leaves a batch; found `{}`",
                    strategy.name
                ));
            }
            requests += workload.expected_requests(self.duration());
        }
        for (place, provider) in self.providers.iter().enumerate() {
            for (index, tenant) in provider.tenants.iter().enumerate() {
                let place = match self.providers.len() {
                    1 => String::new(),
                    _ => format!("[{place}]"),
                };
                tenant
                    .validate(provider.keys)
                    .map_err(|what| format!("provider{place}.tenant[{index}].{what}"))?;
                requests += tenant.requests.expected_requests(self.duration());
            }
        }
        // Nobody waits for more than a billion requests.
        if requests > 1e9 {
            return Err(format!(
                "workload.arrivals: expected at most 1e9 requests, found {requests:e}"
            ));
        }
        Ok(())
    }
}
