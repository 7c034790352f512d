//! A provider that is served, and a scenario that is driven against it.

use std::{
    future::pending,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use paceline_sim::{
    drive::{self, Drive, Driven, FastClock, Key},
    model::Tally,
    scenario::Scenario,
    serve::{Counts, Options, Server},
};
use tokio::sync::oneshot;

/// How fast clocks run in tests.
pub(crate) const SPEED: u32 = 500;

/// The provider of a scenario, served until the test is over or stops it.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) thread: JoinHandle<()>,
}

pub(crate) fn serve(scenario: &Scenario) -> Served {
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let scenario = scenario.clone();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let options = Options {
                speed: SPEED.into(),
                ..Options::default()
            };
            let server = Server::bind(&scenario, "127.0.0.1:0", &options).await;
            let server = server.expect("a free port");
            let address = server.local_addr().expect("an address");
            tell.send((address, server.counts()))
                .expect("somebody waits");
            let stopped = async {
                if stopped.await.is_err() {
                    pending::<()>().await;
                }
            };
            server.run(stopped).await.expect("it serves");
        });
    });
    let (address, counts) = told.recv().expect("it listens");
    Served {
        address,
        counts,
        stop,
        thread,
    }
}

pub(crate) fn served(scenario: &Scenario) -> SocketAddr {
    serve(scenario).address
}

/// Drives the only strategy of a scenario against this address, and stops when told to.
pub(crate) fn driven_until(
    scenario: &Scenario,
    address: &str,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Driven> {
    let what = Drive {
        scenario,
        strategy: &scenario.strategies[0],
        target: address.parse().expect("an address"),
        key: Key::new("a key").expect("a header can carry it"),
    };
    let speed = NonZeroU32::new(SPEED).expect("above 0");
    let clock = || FastClock::starting_at(scenario.start(), speed);
    drive::drive(&what, clock, stop, |_| ())
}

/// Drives it against its own provider.
pub(crate) fn driven(scenario: &Scenario) -> Tally {
    let address = format!("http://{}", served(scenario));
    let driven = driven_until(scenario, &address, pending());
    driven.expect("the server answers").tally
}
