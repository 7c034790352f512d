//! The program: how it begins, and how it stops.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use paceline_sim::{compare, scenario::Scenario};
use tempfile::TempDir;

use super::{
    http::{call, chat, open},
    program::{fails, scenario},
};

/// The program while it serves.
struct Program {
    child: Child,
    at: SocketAddr,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
            .arg("serve")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it says where it listens");
        let at = line.strip_prefix("listening on http://");
        let at = at.unwrap_or_else(|| panic!("`{line}`")).trim_end();
        let at = at.parse().expect("an address");
        Self { child, at }
    }

    /// Asks it to stop.
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(kill.expect("there is `kill`").success());
    }

    /// Waits for its end: how it ended, and what it said.
    fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        let err = self.child.stderr.as_mut().expect("it is piped");
        err.read_to_string(&mut said).expect("it is text");
        (self.child.wait().expect("it ends"), said)
    }
}

const UNLIMITED: &str = "per_output_token.fixed_s = 0";

/// A scenario with this in the place of its limit.
fn with_provider(folder: &Path, provider: &str) -> String {
    scenario(folder, |text| {
        let (before, rest) = text.split_once("[[provider.limit]]").expect("it has one");
        let (_, after) = rest.split_once("\n\n").expect("something follows");
        format!("{before}[provider]\n{provider}\n\n{after}")
    })
}

#[test]
fn a_signal_ends_it_well_and_completes_the_record() {
    for (signal, name) in [("TERM", "seen.csv"), ("INT", "seen.jsonl")] {
        let folder = TempDir::new().expect("a temporary folder");
        let path = scenario(folder.path(), |text| text);
        let record = folder.path().join(name);
        let shown = record.display().to_string();
        let program = Program::start(&[&path, "--record", &shown]);
        for number in 0..25 {
            let headers = [
                format!("x-paceline-input-tokens: {}", 100 + number),
                "x-paceline-output-tokens: 7".to_owned(),
            ];
            let said = call(
                program.at,
                &chat("secret-key", &[&headers[0], &headers[1]], ""),
            );
            assert_eq!(said.status, if number < 5 { 200 } else { 429 });
            // A retry is no other request.
            let retry = "x-stainless-retry-count: 1";
            call(program.at, &chat("secret-key", &[retry], ""));
        }
        assert!(!record.exists(), "it is not complete");
        program.signal(signal);
        let (status, said) = program.end();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(said.starts_with("50 calls: "), "{said}");
        assert!(
            said.ends_with(" 0 failed, 0 hung up, 0 under way\n"),
            "{said}"
        );
        let trace = fs::read_to_string(&record).expect("it is complete");
        assert!(!trace.contains("secret") && !said.contains("secret"));
        // What it wrote is read back, request by request.
        let mut scenario = Scenario::read(Path::new(&path), &[]).expect("it is legal");
        scenario.replay(record);
        let comparison = compare::compare(&scenario, 1, || ()).expect("it is a trace");
        assert!((comparison.arrivals - 25.0).abs() < 1e-9);
        let rest = fs::read_dir(folder.path()).expect("it is there");
        assert_eq!(rest.count(), 2, "nothing else is left");
    }
}

#[test]
fn calls_under_way_are_answered_when_it_is_asked_to_stop() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = with_provider(folder.path(), "per_output_token.fixed_s = 0.1");
    let program = Program::start(&[&path]);
    let ten = "x-paceline-output-tokens: 10";
    let asked = chat("a", &[ten], r#", "stream": true"#);
    let mut under_way = open(program.at, asked.as_bytes());
    // Its first words come a second before the last ones.
    let mut begun = [0; 64];
    under_way.read_exact(&mut begun).expect("it begins");
    program.signal("TERM");
    let mut rest = String::new();
    under_way
        .read_to_string(&mut rest)
        .expect("it is not cut off");
    assert!(rest.contains("data: [DONE]"), "{rest}");
    let (status, said) = program.end();
    assert_eq!(status.code(), Some(0));
    assert!(said.starts_with("1 calls: 1 answered, 0 refused"), "{said}");
}

#[test]
fn ten_thousand_idle_connections_delay_nobody() {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let most = files.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    let most: u64 = most.unwrap_or_default();
    if most < 10_300 {
        let what = "10,000 idle connections; expected to open 10,300 files, may open";
        let _ = writeln!(io::stderr(), "NOT TESTED: {what} {most}");
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let path = with_provider(folder.path(), UNLIMITED);
    let program = Program::start(&[&path]);
    let idle: Vec<TcpStream> = (0..10_000)
        .map(|_| TcpStream::connect(program.at).expect("it accepts"))
        .collect();
    for _ in 0..10 {
        assert_eq!(call(program.at, &chat("a", &[], "")).status, 200);
    }
    program.signal("TERM");
    let (status, said) = program.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.starts_with("10 calls: 10 answered"), "{said}");
    drop(idle);
}

#[test]
fn it_says_in_one_line_why_it_cannot_serve() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = listener.local_addr().expect("it listens").to_string();
    let nowhere = folder
        .path()
        .join("no/such/folder.csv")
        .display()
        .to_string();
    for (option, value, parts) in [
        (
            "--listen",
            "nowhere",
            ["--listen: cannot listen at `nowhere`", ""],
        ),
        (
            "--listen",
            "127.0.0.1:99999",
            ["--listen: cannot listen at", ""],
        ),
        (
            "--provider",
            "x",
            ["--provider: none is named `x`", "there are"],
        ),
        (
            "--speed",
            "0",
            ["--speed: expected above 0 to 1000", "found 0"],
        ),
        (
            "--record",
            &nowhere,
            ["--record: cannot write to", "no/such"],
        ),
    ] {
        fails(&["serve", &path, option, value], &parts);
    }
    fails(
        &["serve", &path, "--listen", &taken],
        &["--listen: cannot listen at", &taken],
    );
}
