use paceline_core::Demand;

use crate::{scenario::provider::Charge, workload::Job};

/// What a provider with this charge rule charges when it admits a request.
pub(super) fn at_admission(charge: Charge, job: &Job) -> Demand {
    Demand {
        requests: 1,
        input_tokens: job.input_tokens,
        output_tokens: match charge {
            Charge::Input | Charge::Actual => 0,
            Charge::InputAndMaxTokens => job.max_tokens,
        },
    }
}

/// What a provider with this charge rule charges for a request from beginning to end.
pub(super) fn in_total(charge: Charge, job: &Job) -> Demand {
    let demand = at_admission(charge, job);
    match charge {
        Charge::Actual => Demand {
            output_tokens: job.output_tokens,
            ..demand
        },
        Charge::Input | Charge::InputAndMaxTokens => demand,
    }
}
