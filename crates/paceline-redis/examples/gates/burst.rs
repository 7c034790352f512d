use std::time::Duration;

use paceline_redis::{Outage, SharedThrottle};

use crate::{
    server::Server,
    setup::{ONE, check, store, wait},
};

/// A hundred tasks want one of five, a thousand times.
pub(crate) fn five_of_a_hundred(server: Server, _: Duration) -> bool {
    let store = store(&server.url(), Duration::from_secs(5));
    let mut wrong = 0;
    for round in 0..1_000 {
        let scope = format!("key {round}");
        // Hourly would do; a rate so low grants nothing more in the time that this takes.
        let quota = paceline_core::Quota::per_hour(5);
        let limit = paceline_redis::SharedLimit::gcra(paceline_core::Dimension::Requests, quota);
        let throttle = SharedThrottle::new(&store, &scope, [limit], Outage::Closed);
        let throttle = throttle.expect("it is valid");
        let granted = wait(async {
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let throttle = throttle.clone();
                    tokio::spawn(async move {
                        throttle
                            .acquire_within(ONE, Duration::from_secs(60))
                            .await
                            .is_ok()
                    })
                })
                .collect();
            let mut granted = 0;
            for task in tasks {
                granted += u32::from(task.await.expect("it does not panic"));
            }
            granted
        });
        wrong += u32::from(granted != 5);
    }
    check("rounds in which it was not exactly five", wrong, wrong == 0)
}
