//! What makes the program at home in a shell: completions and manual pages.

use std::{fs, process::Command};

use tempfile::TempDir;

const COMMANDS: [&str; 4] = ["compare", "check", "presets", "score"];

fn sim() -> assert_cmd::Command {
    assert_cmd::Command::cargo_bin("sim").expect("cargo builds the binary for its tests")
}

fn output(args: &[&str]) -> String {
    let output = sim().args(args).output().expect("it runs");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = output(&["completions", shell]);
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    sim().args(["completions", "tcsh"]).assert().code(2);
}

#[test]
fn bash_completes_commands_and_options() {
    // Where there is no bash, there is nothing to complete.
    if Command::new("bash").arg("--version").output().is_err() {
        return;
    }
    let script = output(&["completions", "bash"]);
    let complete = |words: &str, last: usize| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}; _sim sim \"${{COMP_WORDS[{last}]}}\" x; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &ask]).output();
        let output = output.expect("bash runs");
        assert!(output.stderr.is_empty(), "bash has complaints");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(complete("sim comp", 1), "compare completions\n");
    assert_eq!(complete("sim compare --repl", 2), "--replications\n");
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = TempDir::new().expect("a temporary folder");
    let shown = folder.path().display().to_string();
    output(&["man", "--out", &shown]);
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it was written");
    assert_eq!(page("sim.1"), output(&["man"]));
    assert!(!page("sim.1").contains("help(1)"), "there is no such page");
    for command in COMMANDS {
        assert!(page("sim.1").contains(&format!("sim\\-{command}(1)")));
        let page = page(&format!("sim-{command}.1"));
        assert!(page.contains(&format!("sim\\-{command}")), "{page}");
    }
}
