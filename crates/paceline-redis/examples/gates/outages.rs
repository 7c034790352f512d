use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use paceline_redis::{Counts, Outage, SharedLimit, SharedThrottle, Store};

use crate::{
    proxy::{Proxy, Weather},
    server::Server,
    setup::{Lateness, ONE, check, rate, share, store, wait},
};

/// Freezes the server, cuts connections, and loses 30 % of what is sent.
pub(crate) fn bad_network(server: Server, span: Duration) -> bool {
    let proxy = proxy(&server);
    let late = Lateness::watch();
    let load = Load::start(&proxy, 1, &[rate(500, 50)], Outage::Closed);
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
    let (granted, took, worst, counts) = wait(load.stop());
    let most = 50 + u64::try_from(took.as_millis()).unwrap_or(u64::MAX) / 2;
    let counts = &counts[0];
    let figures = format!("{granted} of at most {most}");
    let mut met = check("granted within the bound", figures, granted <= most);
    met &= late.check(worst);
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
    let load = Load::start(&proxy, 4, &[rate(200, 100)], share(4));
    let (probes, took) = wait(async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let before: u64 = load.throttles.iter().map(|one| one.counts().probes).sum();
        proxy.set(Weather::Partitioned);
        tokio::time::sleep(span).await;
        let after: u64 = load.throttles.iter().map(|one| one.counts().probes).sum();
        proxy.set(Weather::Fine);
        tokio::time::sleep(Duration::from_secs(2)).await;
        (after - before, span)
    });
    let (granted, total, worst, counts) = wait(load.stop());
    let allowed = 100 + u64::try_from(total.as_millis()).unwrap_or(u64::MAX) / 5;
    let figures = format!("{granted} of {allowed} and a burst of 100");
    let mut met = check(
        "granted within the limit and a burst",
        figures,
        granted <= allowed + 100,
    );
    let alone: u64 = counts.iter().map(|counts| counts.admitted_alone).sum();
    met &= check("admitted by the processes alone", alone, alone > 0);
    let most = 4 * (u64::try_from(took.as_millis()).unwrap_or(u64::MAX) / 250 + 1);
    met &= check(
        "probes",
        format!("{probes} of at most {most}"),
        probes <= most,
    );
    met & late.check(worst)
}

fn proxy(server: &Server) -> Proxy {
    Proxy::start(&server.socket(), server.socket().with_extension("proxy"))
}

/// Tasks that ask all the time, and never wait for a limit.
struct Load {
    begin: Instant,
    throttles: Vec<SharedThrottle>,
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<u64>>,
    worst: Arc<Mutex<Duration>>,
}

impl Load {
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    fn start(proxy: &Proxy, processes: usize, limits: &[SharedLimit], outage: Outage) -> Self {
        let throttles: Vec<SharedThrottle> = (0..processes)
            .map(|_| {
                let store = store(&proxy.url(), Store::TIMEOUT);
                SharedThrottle::new(&store, "key", limits.to_vec(), outage).expect("it is valid")
            })
            .collect();
        let stop = Arc::new(AtomicBool::new(false));
        let worst = Arc::new(Mutex::new(Duration::ZERO));
        let tasks = throttles
            .iter()
            .flat_map(|one| std::iter::repeat_n(one.clone(), 16));
        let tasks = tasks
            .map(|throttle| {
                let (stop, worst) = (Arc::clone(&stop), Arc::clone(&worst));
                tokio::spawn(async move {
                    let mut granted = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let asked = Instant::now();
                        if let Ok(admitted) = throttle.try_acquire(ONE).await {
                            admitted.succeeded();
                            granted += 1;
                        }
                        let took = asked.elapsed();
                        {
                            let mut worst = worst.lock().expect("nobody panics");
                            *worst = worst.max(took);
                        }
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    granted
                })
            })
            .collect();
        Self {
            begin: Instant::now(),
            throttles,
            stop,
            tasks,
            worst,
        }
    }

    async fn stop(self) -> (u64, Duration, Duration, Vec<Counts>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut granted = 0;
        for task in self.tasks {
            granted += task.await.expect("it does not panic");
        }
        let worst = *self.worst.lock().expect("nobody panics");
        let counts = self.throttles.iter().map(SharedThrottle::counts).collect();
        (granted, self.begin.elapsed(), worst, counts)
    }
}
