//! A network between a throttle and its server that can lose, stall and cut.

#![allow(dead_code, reason = "each test uses its own part")]
#![allow(unreachable_pub, reason = "an example includes it, too")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::OwnedReadHalf, unix::OwnedWriteHalf},
    sync::watch,
};

/// What the network does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weather {
    Fine,
    /// So many percent of what is sent is lost, and sent again 200 ms later, as TCP does.
    Loses(u32),
    /// Nothing passes, and nobody is told.
    Partitioned,
    /// Connections are cut.
    Cut,
}

pub struct Proxy {
    socket: PathBuf,
    weather: Arc<watch::Sender<Weather>>,
    /// Connections that were made.
    pub connections: Arc<AtomicU64>,
}

impl Proxy {
    pub fn start(server: &Path, socket: PathBuf) -> Self {
        let listener = UnixListener::bind(&socket).expect("the directory is there");
        let (weather, _) = watch::channel(Weather::Fine);
        let proxy = Self {
            socket,
            weather: Arc::new(weather),
            connections: Arc::default(),
        };
        let (server, weather) = (server.to_owned(), Arc::clone(&proxy.weather));
        let connections = Arc::clone(&proxy.connections);
        tokio::spawn(async move {
            let seed = Arc::new(AtomicU32::new(0x9E37_79B9));
            while let Ok((client, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let Ok(server) = UnixStream::connect(&server).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let there = carry(
                    from_client,
                    to_server,
                    weather.subscribe(),
                    Arc::clone(&seed),
                );
                let back = carry(
                    from_server,
                    to_client,
                    weather.subscribe(),
                    Arc::clone(&seed),
                );
                let mut cut = weather.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        () = there => {}
                        () = back => {}
                        _ = cut.wait_for(|weather| *weather == Weather::Cut) => {}
                    }
                });
            }
        });
        proxy
    }

    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket.display())
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    seed: Arc<AtomicU32>,
) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if weather
            .wait_for(|weather| *weather != Weather::Partitioned)
            .await
            .is_err()
        {
            return;
        }
        let now = *weather.borrow();
        if let Weather::Loses(percent) = now {
            let drawn = seed.fetch_add(0x61C8_8647, Ordering::Relaxed);
            // A multiplicative hash of a counter: evenly spread is all that it has to be.
            if (drawn.wrapping_mul(0x85EB_CA6B) >> 16) % 100 < percent {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
