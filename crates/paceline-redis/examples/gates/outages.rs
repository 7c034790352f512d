use std::time::Duration;

use paceline_redis::{Outage, SharedLimit, SharedThrottle, Store};

use crate::{
    figures::{Lateness, check, wait},
    load::Load,
    proxy::{Proxy, Weather},
    server::Server,
    setup::{rate, share, store},
};

/// How many tasks each throttle has, and how long each waits between two calls.
const TASKS: usize = 16;
const SPACING: Duration = Duration::from_millis(10);

/// Freezes the server, cuts connections, and loses 30 % of what is sent.
pub(crate) fn bad_network(server: Server, span: Duration) -> bool {
    let proxy = proxy(&server);
    let late = Lateness::watch();
    let throttles = throttles(&proxy, 1, &rate(500, 50), Outage::Closed);
    let load = Load::start(&throttles, TASKS, SPACING);
    wait(async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.signal("STOP");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        server.signal("CONT");
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            proxy.set(Weather::Cut);
            tokio::time::sleep(Duration::from_millis(5)).await;
            proxy.set(Weather::Fine);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        proxy.set(Weather::Loses(30));
        tokio::time::sleep(span).await;
        proxy.set(Weather::Fine);
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    let seen = wait(load.stop());
    let most = 50 + u64::try_from(seen.took.as_millis()).unwrap_or(u64::MAX) / 2;
    let counts = throttles[0].counts();
    let figures = format!("{} of at most {most}", seen.granted);
    let mut met = check("granted within the bound", figures, seen.granted <= most);
    met &= late.check(seen.worst);
    let figures = format!("{} questions, {} probes", counts.timed_out, counts.probes);
    met & check(
        "timed out, and so counted as spent",
        figures,
        counts.timed_out > 0,
    )
}

/// Four processes that each enforce their share while none of them reaches the server.
pub(crate) fn partition(server: Server, span: Duration) -> bool {
    let proxy = proxy(&server);
    let late = Lateness::watch();
    let throttles = throttles(&proxy, 4, &rate(200, 100), share(4));
    let load = Load::start(&throttles, TASKS, SPACING);
    let sum = |of: fn(&SharedThrottle) -> u64| throttles.iter().map(of).sum::<u64>();
    let probes = wait(async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let before = sum(|one| one.counts().probes);
        proxy.set(Weather::Partitioned);
        tokio::time::sleep(span).await;
        let after = sum(|one| one.counts().probes);
        proxy.set(Weather::Fine);
        tokio::time::sleep(Duration::from_secs(2)).await;
        after - before
    });
    let seen = wait(load.stop());
    let granted = seen.granted;
    let allowed = 100 + u64::try_from(seen.took.as_millis()).unwrap_or(u64::MAX) / 5;
    let figures = format!("{granted} of {allowed} and a burst of 100");
    let mut met = check(
        "granted within the limit and a burst",
        figures,
        granted <= allowed + 100,
    );
    let alone = sum(|one| one.counts().admitted_alone);
    met &= check("admitted by the processes alone", alone, alone > 0);
    let most = 4 * (u64::try_from(span.as_millis()).unwrap_or(u64::MAX) / 250 + 1);
    met &= check(
        "probes",
        format!("{probes} of at most {most}"),
        probes <= most,
    );
    met & late.check(seen.worst)
}

fn proxy(server: &Server) -> Proxy {
    Proxy::start(&server.socket(), server.socket().with_extension("proxy"))
}

fn throttles(
    proxy: &Proxy,
    processes: usize,
    limit: &SharedLimit,
    outage: Outage,
) -> Vec<SharedThrottle> {
    let throttle = |_| {
        let store = store(&proxy.url(), Store::TIMEOUT);
        SharedThrottle::new(&store, "key", [limit.clone()], outage).expect("it is valid")
    };
    (0..processes).map(throttle).collect()
}
