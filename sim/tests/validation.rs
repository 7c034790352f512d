//! The simulator says what is known in advance: every row of `sim validate`, with fewer runs.

use std::{fs, path::Path};

use paceline_sim::{
    report::validation::markdown,
    validate::{Effort, Family, Row, Verdict, validate},
};

#[track_caller]
fn agrees(family: Family, runs: u32) -> Vec<Row> {
    let effort = Effort {
        runs,
        seed: 2,
        full: false,
    };
    let rows = validate(family, effort);
    let wrong = rows.iter().filter(|row| row.verdict() != Verdict::Agrees);
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rows.iter().all(|row| row.family == family));
    is_documented(&rows);
    rows
}

/// The document has the same rows; what was measured there took more runs.
#[track_caller]
fn is_documented(rows: &[Row]) {
    // All but what was measured and said of it.
    let claims = |table: &str| -> Vec<String> {
        let lines = table.lines().filter(|line| line.starts_with("| "));
        let claims = lines.map(|line| line.split(" | ").take(5).collect::<Vec<_>>().join(" | "));
        claims.collect()
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/VALIDATION.md");
    let text = fs::read_to_string(path).expect("the document is there");
    let printed = markdown(rows);
    let (title, table) = printed.split_once('\n').expect("a table has a title");
    let (_, found) = text
        .split_once(&format!("{title}\n"))
        .expect("it has this table");
    let found = found.split("\n#").next().unwrap_or_default();
    assert_eq!(
        claims(found),
        claims(table),
        "docs/VALIDATION.md is out of date; `sim validate --format markdown` prints what belongs there"
    );
}

#[test]
fn queues_wait_as_long_as_known() {
    agrees(Family::Queues, 20);
}

#[test]
fn limits_refuse_the_known_share() {
    agrees(Family::Losses, 20);
}

#[test]
fn backlogs_take_the_known_number_of_calls() {
    agrees(Family::Bursts, 20);
}

#[test]
fn retries_cost_what_is_known() {
    agrees(Family::Retries, 20);
}

#[test]
fn budgets_bound_what_is_known() {
    agrees(Family::Budgets, 20);
}

#[test]
fn rushes_leave_what_is_known() {
    agrees(Family::Overload, 20);
}

#[test]
fn the_experiment_of_2015_comes_out_as_published() {
    let rows = agrees(Family::Aws, 100);
    // Seven numbers of clients, five policies, time and writes; the spread of both; three walks.
    assert_eq!(rows.len(), 7 * 5 * 2 + 2 + 3 * 2);
}

#[test]
fn providers_say_what_they_were_seen_to_say() {
    agrees(Family::Recorded, 20);
}
