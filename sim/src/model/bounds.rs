use paceline_admission::Refusal;
use paceline_core::{Demand, Denied, Limiter, Timestamp};

use super::{
    client::Client,
    key::Key,
    observe::{Bound, Holder},
};
use crate::workload::Job;

/// What an observer is told of a client's reasons.
impl Client {
    /// What keeps a request from each key, now that it is not sent.
    pub(super) fn bounds(&self, now: Timestamp, job: &Job) -> Vec<Bound> {
        let of = |key: &Key| {
            let (by, denied) = key.bound(now, job).unwrap_or((Holder::Route, None));
            Bound {
                key: key.place,
                by,
                denied,
            }
        };
        self.keys.iter().map(of).collect()
    }

    /// What it charges its own limits for a request at a key.
    pub(super) fn cost(&self, place: usize, job: &Job) -> Demand {
        let key = self.keys.iter().find(|key| key.place == place);
        key.map_or_else(Demand::default, |key| key.estimate.of(job))
    }

    /// When the gate for a key opens, if the client has gates.
    pub(super) fn gate_opens_at(&self, place: usize) -> Option<Timestamp> {
        let key = self.keys.iter().find(|key| key.place == place)?;
        self.gated.then(|| key.admission.gate().opens_at())
    }
}

impl Key {
    fn bound(&self, now: Timestamp, job: &Job) -> Option<(Holder, Option<Denied>)> {
        let (admission, cost) = (&self.admission, self.estimate.of(job));
        let gate = Limiter::check(admission.gate(), now, 1).err();
        let gate = gate.map(|denied| (Holder::Gate, denied));
        let limits = admission.limits().holder(now, cost);
        let longest = gate.into_iter().chain(limits).reduce(stricter);
        if let Some((by, denied)) = longest {
            return Some((by, Some(denied)));
        }
        match admission.check(now, cost) {
            Ok(()) => None,
            Err(Refusal::Busy) => Some((Holder::Permits, None)),
            Err(Refusal::Denied(denied)) => Some((Holder::Permits, Some(denied))),
        }
    }
}

/// Who of two holds a request for longer; the first one, if they agree.
pub(super) fn stricter(one: (Holder, Denied), other: (Holder, Denied)) -> (Holder, Denied) {
    if one.1.and(other.1) == one.1 {
        one
    } else {
        other
    }
}
