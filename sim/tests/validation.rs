//! The simulator says what is known in advance: every row of `sim validate`, with fewer runs.

use paceline_sim::validate::{Effort, Family, Row, Verdict, validate};

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
    rows
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
