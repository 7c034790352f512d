//! What is typed and what is printed.

use std::net::TcpListener;

use paceline_sim::scenario::Scenario;
use tempfile::TempDir;

use crate::{
    program::{self, fails, sim},
    served::served,
};

/// Writes a scenario with these lines in its strategy, or beside it.
fn file(folder: &TempDir, strategy: &str) -> String {
    program::scenario(folder.path(), |text| {
        let (before, _) = text.split_once("[[strategy]]").expect("it has strategies");
        format!("{before}[[strategy]]\nname = \"s\"\n{strategy}\n")
    })
}

#[test]
fn what_cannot_be_driven_is_refused_before_anything_is_sent() {
    let folder = TempDir::new().expect("a temporary folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    for (lines, field) in [
        ("batch = { items = 5, wait_s = 1 }", "`batch`"),
        (
            "off_peak = { windows = [[\"22:00\", \"06:00\"]] }",
            "`off_peak`",
        ),
        ("route.policy = \"weighted\"", "`route`"),
    ] {
        let path = file(&folder, lines);
        let parts = ["strategy `s`: ", field, " cannot be driven"];
        let fast = ["--speed", "1000"];
        fails(
            &[&["drive", &path, "--against", &address], &fast[..]].concat(),
            &parts,
        );
        fails(&[&["calibrate", &path], &fast[..]].concat(), &parts);
    }
    listener.set_nonblocking(true).expect("it can be asked");
    let nobody = listener.accept().expect_err("nobody called");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn wrong_addresses_and_keys_are_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = file(&folder, "");
    for (address, part) in [
        ("https://127.0.0.1:1", "https is not supported"),
        ("127.0.0.1:1", "expected an address such as"),
    ] {
        let output = sim().args(["drive", &path, "--against", address]).output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
        assert!(message.contains(part), "{message}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let address = format!("http://{address}");
    let cannot = format!("--against: cannot reach {address}");
    fails(&["drive", &path, "--against", &address], &[&cannot]);
    let of =
        |more: [&'static str; 2]| [&["drive", &path, "--against", &address], &more[..]].concat();
    fails(
        &of(["--key-env", "NOT_SET_ANYWHERE"]),
        &["--key-env: NOT_SET_ANYWHERE is not set"],
    );
    fails(
        &of(["--strategy", "x"]),
        &["none is named `x`; there are `s`"],
    );
    fails(
        &of(["--provider", "x"]),
        &["--provider: the scenario has none that is named `x`"],
    );
}

/// All of the output is that of a comparison, and the key is nowhere in it.
#[test]
fn a_drive_is_reported_as_a_comparison_is() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = file(
        &folder,
        "concurrency = 1\n[strategy.backoff]\ndelay.constant_s = 60",
    );
    let scenario = Scenario::read(path.as_ref(), &[]).expect("legal");
    let address = format!("http://{}", served(&scenario));
    let out = folder.path().join("out");
    let drive = |format: &str| {
        let mut sim = sim();
        sim.args([
            "drive",
            &path,
            "--against",
            &address,
            "--speed",
            "500",
            "--format",
            format,
        ]);
        sim.args(["--out", &out.display().to_string()])
            .env("PACELINE_API_KEY", "very secret");
        let output = sim.output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let table = drive("table");
    assert!(table.starts_with("strategy "), "{table}");
    let completions =
        format!("driven against {address}/v1/chat/completions, 500 times as fast as time");
    assert!(table.contains(&completions), "{table}");
    let json: serde_json::Value = serde_json::from_str(&drive("json")).expect("JSON");
    assert_eq!(json["driven"]["speed"], 500);
    assert_eq!(json["limits"], serde_json::json!([]));
    let mut files = 0;
    for entry in std::fs::read_dir(&out).expect("a folder") {
        let bytes = std::fs::read(entry.expect("readable").path()).expect("readable");
        assert!(!String::from_utf8_lossy(&bytes).contains("very secret"));
        files += 1;
    }
    assert_eq!(files, 7);
}
