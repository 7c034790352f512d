use std::time::Duration;

use paceline_core::Dimension;
use paceline_redis::{Outage, SharedThrottle};

use crate::{
    figures::{check, wait},
    server::Server,
    setup::{granted_of_a_hundred, hourly, patient},
};

/// A hundred tasks want one of five, a thousand times.
pub(crate) fn five_of_a_hundred(server: Server, _: Duration) -> bool {
    let store = patient(&server);
    let mut wrong = 0;
    for round in 0..1_000 {
        let scope = format!("key {round}");
        // A rate so low grants nothing more in the time that this takes.
        let limits = [hourly(Dimension::Requests, 5)];
        let throttle = SharedThrottle::new(&store, &scope, limits, Outage::Closed);
        let throttle = throttle.expect("it is valid");
        let granted = wait(granted_of_a_hundred(&throttle));
        wrong += u32::from(granted != 5);
    }
    check("rounds in which it was not exactly five", wrong, wrong == 0)
}
