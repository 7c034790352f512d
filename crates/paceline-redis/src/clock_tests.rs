//! Clocks that jump, and clocks that are wrong.

use std::time::Duration;

use paceline_core::{Dimension, Quota};
use paceline_quota::CalendarUnit;
use paceline_sliding_window::Estimate;

use crate::{
    SharedLimit, Window,
    lease::requests,
    model_tests::{Bench, START},
    reply::Verdict,
    server::Server,
};

/// A clock that is set back stalls nobody, and frees nothing.
#[test]
fn a_clock_that_is_set_back_keeps_what_was_charged() {
    let Some(server) = Server::start() else {
        return;
    };
    for step in [3_600_000_000, 86_400_000_000] {
        let quota = Quota::per_second(10);
        let mut bench = Bench::new(&server, &[SharedLimit::gcra(Dimension::Requests, quota)]);
        assert!(matches!(
            bench.ask(START, requests(10), 0).verdict,
            Verdict::Granted { .. }
        ));
        let reply = bench.ask(START - step, requests(1), 0);
        assert_eq!(
            (reply.verdict, reply.anomalies),
            (
                Verdict::Denied {
                    wait: 100_000,
                    binding: 1
                },
                1
            )
        );
        // From then on time passes again.
        let reply = bench.ask(START - step + 99_999, requests(1), 0);
        assert_eq!(
            reply.verdict,
            Verdict::Denied {
                wait: 1,
                binding: 1
            }
        );
        let reply = bench.ask(START - step + 100_000, requests(1), 0);
        assert!(matches!(reply.verdict, Verdict::Granted { .. }));
        assert_eq!(reply.anomalies, 0);
    }
}

/// The others as well: a counter counts all that it holds as charged now, a window stays open.
#[test]
fn windows_outlast_a_clock_that_jumps() {
    let Some(server) = Server::start() else {
        return;
    };
    let day = 86_400_000_000;
    let quota = Quota::per_second(10);
    let counter = SharedLimit::sliding(Dimension::Requests, quota, Estimate::Weighted);
    let daily = SharedLimit::quota(Dimension::Requests, 10, Window::utc(CalendarUnit::Day));
    for step in [3_600_000_000, day, 30 * day] {
        let mut bench = Bench::new(&server, std::slice::from_ref(&counter));
        assert!(matches!(
            bench.ask(START, requests(10), 0).verdict,
            Verdict::Granted { .. }
        ));
        let reply = bench.ask(START - step, requests(1), 0);
        let Verdict::Denied { wait, .. } = reply.verdict else {
            panic!("{reply:?}")
        };
        // It stalls for two periods at most.
        assert!(wait <= 2_000_000 && reply.anomalies == 1, "{reply:?}");
        let reply = bench.ask(START - step + wait, requests(1), 0);
        assert!(matches!(reply.verdict, Verdict::Granted { .. }));

        let mut bench = Bench::new(&server, std::slice::from_ref(&daily));
        assert!(matches!(
            bench.ask(START, requests(10), 0).verdict,
            Verdict::Granted { .. }
        ));
        let reply = bench.ask(START - step, requests(1), 0);
        let Verdict::Denied { wait, .. } = reply.verdict else {
            panic!("{reply:?}")
        };
        // What it granted in a day that has not come yet counts until that day, or the present one, has passed.
        assert!(wait <= 2 * day && reply.anomalies >= 1, "{reply:?}");
        // And forward: another window, and no more than that.
        let mut bench = Bench::new(&server, std::slice::from_ref(&daily));
        assert!(matches!(
            bench.ask(START, requests(10), 0).verdict,
            Verdict::Granted { .. }
        ));
        let granted = matches!(
            bench.ask(START + step, requests(10), 0).verdict,
            Verdict::Granted { .. }
        );
        assert_eq!(granted, (START + step) / day > START / day);
        assert!(matches!(
            bench.ask(START + step, requests(1), 0).verdict,
            Verdict::Denied { .. }
        ));
    }
}

/// What a client takes the time to be changes no decision about a calendar.
#[tokio::test]
async fn a_client_whose_clock_is_wrong_decides_the_same() {
    let Some(server) = Server::start() else {
        return;
    };
    let salt = crate::Salt::new(&[7; 16]).expect("it is long enough");
    let daily = SharedLimit::quota(Dimension::Requests, 100, Window::utc(CalendarUnit::Day));
    let throttle = |ahead: i64| {
        let timeout = Duration::from_secs(5);
        let store = crate::Store::open_with_timeout(&server.url(), salt.clone(), timeout);
        let store = store.expect("it is valid");
        let outage = crate::Outage::Closed;
        let builder = crate::SharedThrottle::builder(&store, "key", [daily.clone()], outage);
        let throttle = builder.hold(Duration::ZERO).build().expect("it is valid");
        let now = throttle.now();
        let shown = (now.as_nanos() / 1_000).saturating_add_signed(ahead);
        throttle.0.memory().set_server_now(now, shown);
        throttle
    };
    let minute: i64 = 60_000_000;
    let mut granted = 0;
    for ahead in [0, 5, -5, 24 * 60, -24 * 60, 40 * 24 * 60, -400 * 24 * 60] {
        let throttle = throttle(ahead * minute);
        for _ in 0..10 {
            throttle
                .acquire(requests(1))
                .await
                .expect("it fits")
                .succeeded();
            granted += 1;
        }
        assert_eq!(
            throttle.0.memory().granted(),
            granted,
            "{ahead} minutes ahead"
        );
    }
}
