use paceline_core::Timestamp;

use crate::{
    engine::{Draws, Streams},
    scenario::{Scenario, provider::Provider},
    workload::{Job, Jobs, TraceError},
};

/// Everybody who calls with the keys of the clients, but is none of them.
pub(super) struct Tenants {
    /// Those of each provider that has any.
    groups: Vec<Group>,
}

/// The tenants of one provider.
struct Group {
    jobs: Jobs,
    /// The place of each one's key among all keys.
    keys: Vec<usize>,
    streams: Streams,
}

/// A call of a tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct TenantCall {
    pub(super) job: Job,
    /// The place of its key among all keys.
    pub(super) key: usize,
    /// To which group it belongs.
    pub(super) group: usize,
}

impl Tenants {
    /// Starts their arrivals, each under streams of its own.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be opened or does not begin as one.
    pub(super) fn start(scenario: &Scenario, streams: Streams) -> Result<Self, TraceError> {
        let (begin, end) = (scenario.start(), scenario.end());
        let mut groups = Vec::new();
        let mut first_key = 0;
        for (provider, number) in scenario.providers.iter().zip(0_u64..) {
            if !provider.tenants.is_empty() {
                let streams = streams.branch("tenants", &[number]);
                groups.push(Group::start(provider, first_key, (begin, end), streams)?);
            }
            first_key += usize::try_from(provider.keys.get()).unwrap_or(usize::MAX);
        }
        Ok(Self { groups })
    }

    /// How many groups there are, each with calls in order of time.
    pub(super) const fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The next call of a group.
    ///
    /// # Errors
    ///
    /// Fails on a row of a trace that is not a request.
    pub(super) fn next_call(&mut self, group: usize) -> Result<Option<TenantCall>, TraceError> {
        let Group { jobs, keys, .. } = &mut self.groups[group];
        let job = jobs.next_job()?;
        Ok(job.map(|job| TenantCall {
            job,
            key: keys[job.workload as usize],
            group,
        }))
    }

    /// From which the service of a call of a group is drawn.
    pub(super) fn luck(&self, group: usize, job: &Job) -> Draws {
        let streams = self.groups[group].streams;
        streams.few("service", &[job.id])
    }
}

impl Group {
    fn start(
        provider: &Provider,
        first_key: usize,
        times: (Timestamp, Timestamp),
        streams: Streams,
    ) -> Result<Self, TraceError> {
        let tenants = || provider.tenants.iter();
        let key = |number: u32| usize::try_from(number - 1).map_or(first_key, |it| first_key + it);
        Ok(Self {
            jobs: Jobs::of(tenants().map(|it| &it.requests), times, streams)?,
            keys: tenants().map(|tenant| key(tenant.key.get())).collect(),
            streams,
        })
    }
}
