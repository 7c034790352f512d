//! `sim score` as its users meet it, on a small trace.

use std::{fmt::Write, fs, path::Path};

use tempfile::TempDir;

use crate::program::{fails, sim};

/// Two hundred requests of different sizes, one a second.
fn trace(folder: &Path) -> String {
    let mut rows = "arrival_ms,input_tokens,output_tokens\n".to_owned();
    for row in 0..200_u64 {
        let (input, output) = (20 + row * 37 % 400, 1 + row * 13 % 90);
        let _ = writeln!(rows, "{},{input},{output}", row * 1_000);
    }
    write(folder, "small.csv", &rows)
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("the folder can be written to");
    path.display().to_string()
}

#[test]
fn it_prints_a_table_for_each_load_and_the_same_bytes_again() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = trace(folder.path());
    let print = || {
        let providers = ["--provider", "openai-tier-1,gateway-pro"];
        let run = sim().args(["score", &path]).args(providers).output();
        let output = run.expect("it runs");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let printed = print();
    for load in ["0.8", "1", "1.5"] {
        let title = format!("### The trace offers {load} times what the limits allow\n");
        let table = printed.split(&title).nth(1).expect("it has a table");
        let table = table.split("###").next().expect("there is a first part");
        for provider in ["openai-tier-1", "gateway-pro"] {
            let row = format!("| small | {provider} |");
            assert_eq!(table.matches(&row).count(), 1, "{row} in {table}");
        }
    }
    for knows in ["told the limits", "headers", "429s alone"] {
        let of_six = printed
            .lines()
            .filter(|line| line.starts_with(&format!("| {knows} |")) && line.contains(" | 6 |"));
        assert_eq!(of_six.count(), 1, "{printed}");
    }
    assert_eq!(print(), printed);
}

#[test]
fn wrong_input_is_refused_before_anything_runs() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = trace(folder.path());
    fails(
        &["score", &path, "--provider", "nobody"],
        &["nobody", "preset"],
    );
    for load in ["0", "-1", "NaN", "1,0"] {
        let load = format!("--load={load}");
        fails(&["score", &path, &load], &["--load: expected 0.01 to 100"]);
    }
    let header = "arrival_ms,input_tokens,output_tokens\n";
    let one = write(folder.path(), "one.csv", &format!("{header}0,1,1\n"));
    fails(
        &["score", &one],
        &["one.csv", "expected requests at different times"],
    );
    let none = write(folder.path(), "none.csv", header);
    fails(&["score", &none], &["none.csv", "at least one row"]);
    fails(
        &["score", &path, "/no/such/file.csv"],
        &["/no/such/file.csv", "No such file"],
    );
}

#[test]
fn wrong_usage_exits_with_2_and_prints_nothing() {
    for args in [
        &["score"][..],
        &["score", "x.csv", "--load", "much"],
        &["score", "x.csv", "--colour", "red"],
    ] {
        let output = sim().args(args).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
