//! Four processes share one key of a provider that refuses whatever exceeds its limits: none of their calls is refused, and
//! they use nearly all that there is.
//!
//! `cargo build -p paceline-sim && cargo run -p paceline-redis --example four_processes`. Another `sim` than that beside the
//! example's directory is the first argument, the seconds that it takes the second. It needs `redis-server` in the PATH,
//! and exits with 1 if a call was refused, or less than 98 % of the limit were used.

#![expect(clippy::print_stdout, reason = "it prints figures")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::{
    error::Error,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use paceline_core::{Demand, Dimension, Quota};
use paceline_redis::{AcquireError, Outage, Salt, SharedLimit, SharedThrottle, Store};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use server::Server;
use worker::{Worker, ready};

#[path = "../../tests/server/mod.rs"]
mod server;
#[path = "../worker/mod.rs"]
mod worker;

const PROCESSES: u32 = 4;
const TASKS: u32 = 16;
const PER_SECOND: u64 = 100;
/// What the provider lets through at once.
const BURST: u64 = 100;
/// What our processes let through at once: less, because calls travel for different times.
const OUR_BURST: u64 = 60;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", store, provider, seconds] => work(store, provider, seconds),
        _ => run(&words),
    }
    .unwrap_or_else(|error| {
        println!("{error}");
        ExitCode::FAILURE
    })
}

type Outcome = Result<ExitCode, Box<dyn Error>>;

fn run(words: &[String]) -> Outcome {
    let beside = || {
        Some(
            std::env::current_exe()
                .ok()?
                .parent()?
                .parent()?
                .join("sim"),
        )
    };
    let sim = words
        .first()
        .map(PathBuf::from)
        .or_else(beside)
        .ok_or("where is sim?")?;
    let seconds = words.get(1).map_or(Ok(30), |word| word.parse())?;
    let server = Server::start().ok_or("redis-server is not in the PATH")?;
    let provider = Provider::start(&sim)?;
    println!("{PROCESSES} processes of {TASKS} tasks, {PER_SECOND} requests a second, {seconds} s");

    let seconds_text = seconds.to_string();
    let mut workers = Vec::new();
    for _ in 0..PROCESSES {
        workers.push(Worker::spawn([
            &server.url(),
            &provider.address,
            &seconds_text,
        ])?);
    }
    for worker in &mut workers {
        worker.go()?;
    }
    let (mut served, mut refused, mut failed) = (0, 0, 0);
    for worker in workers {
        let [a, b, c] = worker.numbers()?;
        println!("  {a} served, {b} refused, {c} failed");
        (served, refused, failed) = (served + a, refused + b, failed + c);
    }
    let could = BURST + PER_SECOND * seconds;
    let used = served * 1_000 / could;
    println!(
        "{served} of {could} that the provider lets through: {}.{} %",
        used / 10,
        used % 10
    );
    println!("{refused} refused, {failed} failed");
    let met = refused == 0 && failed == 0 && served * 100 >= could * 98;
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// `sim serve`, until it is dropped.
struct Provider {
    child: Child,
    address: String,
}

impl Provider {
    fn start(sim: &Path) -> Result<Self, Box<dyn Error>> {
        let scenario =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/four_processes/provider.toml");
        let mut command = Command::new(sim);
        command
            .arg("serve")
            .arg(scenario)
            .args(["--listen", "127.0.0.1:0"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|error| format!("{}: {error}", sim.display()))?;
        let mut says = BufReader::new(child.stdout.take().ok_or("it is piped")?);
        let mut line = String::new();
        says.read_line(&mut line)?;
        std::thread::spawn(move || says.lines().for_each(drop));
        let address = line
            .trim()
            .rsplit_once("http://")
            .map(|(_, address)| address.to_owned());
        let address =
            address.ok_or("sim did not start; `sim check` says what is wrong with the scenario")?;
        Ok(Self { child, address })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One of the four: its tasks call as often as they may.
fn work(store: &str, provider: &str, seconds: &str) -> Outcome {
    let span = Duration::from_secs(seconds.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let salt = Salt::new(b"a secret of this deployment")?;
        let store = Store::open_with_timeout(store, salt, Duration::from_secs(1))?;
        let limits = [
            SharedLimit::gcra(
                Dimension::Requests,
                Quota::per_minute(60 * PER_SECOND).with_burst(OUR_BURST)?,
            ),
            SharedLimit::gcra(
                Dimension::Tokens,
                Quota::per_minute(3_000_000).with_burst(50_000)?,
            ),
        ];
        let outage = Outage::LocalShare {
            processes: PROCESSES.try_into()?,
        };
        let throttle = SharedThrottle::new(&store, "the provider's key", limits, outage)?;
        throttle.acquire(Demand::default()).await?.succeeded();
        ready()?;
        let ends = Instant::now() + span;
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| tokio::spawn(calls(throttle.clone(), provider.to_owned(), ends)))
            .collect();
        let (mut served, mut refused, mut failed) = (0, 0, 0);
        for task in tasks {
            let (a, b, c) = task.await?;
            (served, refused, failed) = (served + a, refused + b, failed + c);
        }
        println!("{served} {refused} {failed}");
        Ok(ExitCode::SUCCESS)
    })
}

async fn calls(throttle: SharedThrottle, provider: String, ends: Instant) -> (u64, u64, u64) {
    let (mut served, mut refused, mut failed) = (0, 0, 0);
    // What it may cost at most: the prompt, and the cap on the answer.
    let estimate = Demand::request(200, 100);
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (served, refused, failed);
        }
        let admitted = match throttle.acquire_within(estimate, left).await {
            Ok(admitted) => admitted,
            Err(AcquireError::NotInTime { .. }) => return (served, refused, failed),
            Err(_) => {
                failed += 1;
                continue;
            }
        };
        match call(&provider).await {
            Ok(200) => {
                served += 1;
                // The provider charges the cap, whatever the answer was.
                admitted.succeeded();
            }
            Ok(429) => {
                refused += 1;
                admitted.refused(None);
            }
            _ => {
                failed += 1;
                admitted.failed();
            }
        }
    }
}

/// One call by hand, and the status of its answer.
async fn call(provider: &str) -> Result<u16, Box<dyn Error + Send + Sync>> {
    let body = r#"{"model":"any","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}"#;
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {provider}\r\nauthorization: Bearer one-key\r\n\
         content-type: application/json\r\nx-paceline-input-tokens: 200\r\nx-paceline-output-tokens: 20\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(provider).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer);
    let status = head.split(' ').nth(1).ok_or("it is no answer")?;
    Ok(status.parse()?)
}
