//! The program, run as its users run it.

use std::{fs, path::Path};

use assert_cmd::Command;

/// The program, without colours.
pub(crate) fn sim() -> Command {
    let mut command = Command::cargo_bin("sim").expect("cargo builds the binary for its tests");
    command.env("NO_COLOR", "1");
    command
}

/// A small scenario; `edit` changes its text.
pub(crate) fn scenario(folder: &Path, edit: impl FnOnce(String) -> String) -> String {
    let text = r#"seed = 1
duration_s = 600

[workload]
arrivals.poisson = { rate_per_min = 30 }
input_tokens.fixed = 100
output_tokens.fixed = 50

[[provider.limit]]
counts = "requests"
limit = 10
per = "minute"
kind = "gcra"

[[strategy]]
name = "one"

[[strategy]]
preset = "sdk-default"
"#;
    let path = folder.join("scenario.toml");
    fs::write(&path, edit(text.to_owned())).expect("the folder can be written to");
    path.display().to_string()
}

/// Runs and expects failure with exit code 1 and one message that holds all of these parts.
#[track_caller]
pub(crate) fn fails(args: &[&str], parts: &[&str]) {
    let output = sim().args(args).output().expect("it runs");
    let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty(), "a failure prints no results");
    assert!(message.starts_with("error: "), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}
