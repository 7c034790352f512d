//! What a viewer sees: runs that go on as time does, drawn from a state alone.

mod brief;

use std::time::Duration;

use brief::shipped;
use paceline_sim::{
    compare::compare,
    watch::{Command, Gauge, Lane, Show, View, draw},
};
use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};

fn view() -> View {
    let lane = |name: &str, left| Lane {
        name: name.to_owned(),
        waiting: 12,
        in_flight: 3,
        arrived: 1_234,
        completed: 500,
        refused: 77,
        given_up: 5,
        gate: Some(Duration::from_secs(9)),
        gauges: vec![Gauge {
            label: "100 requests/min".to_owned(),
            left,
            most: 100,
        }],
        throughput: vec![0, 4, 8],
        refusals: vec!["0:01:02.3 #42 100 requests/min, wait 9.00 s".to_owned()],
    };
    View {
        scenario: "a test".to_owned(),
        elapsed: Duration::from_secs(62),
        duration: Duration::from_secs(600),
        speed: 2.5,
        paused: false,
        lags: false,
        possible: 1_000,
        bin: Duration::from_secs(60),
        selected: 1,
        help: false,
        lanes: vec![lane("first", 100), lane("second", 50)],
    }
}

/// The rows of a screen of this size.
fn rows(view: &View, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it never fails");
    terminal
        .draw(|frame| draw(frame, view))
        .expect("it never fails");
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
    (0..height).map(row).collect()
}

#[track_caller]
fn row_with<'a>(rows: &'a [String], part: &str) -> &'a str {
    let row = rows.iter().find(|row| row.contains(part));
    row.unwrap_or_else(|| panic!("no `{part}` in:\n{}", rows.join("\n")))
}

#[test]
fn a_screen_shows_every_strategy_and_one_in_detail() {
    for size in [(80, 24), (120, 40)] {
        let rows = rows(&view(), size);
        let head = row_with(&rows, "a test");
        assert!(
            head.contains("0:01:02.0 of 0:10:00.0  x2.5  runs"),
            "{head}"
        );
        for name in ["│first", "│second"] {
            let row = row_with(&rows, name);
            let words: Vec<_> = row.split_whitespace().collect();
            assert_eq!(
                words[1..8],
                ["12", "3", "500", "50.0", "%", "77", "5"],
                "{row}"
            );
        }
        row_with(&rows, "┌ second gate closed for 9.00 s ");
        row_with(&rows, "arrived 1,234  waiting 12  in flight 3");
        row_with(&rows, "#42 100 requests/min");
        row_with(&rows, "space pause");
    }
    // Only a wide screen has room for what they got done.
    let narrow = rows(&view(), (80, 24));
    assert!(!narrow.iter().any(|row| row.contains("throughput")));
    let wide = rows(&view(), (120, 40));
    assert!(row_with(&wide, "│first").contains(" ▄█"));
}

#[test]
fn bars_are_as_full_as_limits() {
    let full = |row: &str| row.matches('█').count();
    let screen = rows(&view(), (80, 24));
    assert_eq!(full(row_with(&screen, "│first")), 8);
    assert_eq!(full(row_with(&screen, "│second")), 4);
    let gauge = row_with(&screen, "100 requests/min: 50");
    let (full, empty) = (full(gauge), gauge.matches('░').count());
    assert!(full.abs_diff(empty) <= 1, "{gauge}");
}

#[test]
fn states_are_named() {
    let said = |change: fn(&mut View), part| {
        let mut view = view();
        change(&mut view);
        row_with(&rows(&view, (80, 24)), part);
    };
    said(|view| view.paused = true, "paused");
    said(|view| view.lags = true, "as fast as it can");
    said(|view| view.elapsed = view.duration, "over");
    said(|view| view.help = true, "one thing more, then stop");
    said(|view| view.lanes[1].refusals.clear(), "none");
    said(|view| view.lanes[0].gauges.clear(), "no limit");
}

fn end_of(show: &mut Show<'_>) -> View {
    show.advance(Duration::from_secs(1_000_000), || true)
        .expect("there is no trace to fail");
    show.view()
}

/// The last picture tells what the comparison counts.
#[test]
#[expect(clippy::cast_precision_loss, reason = "counts of a small run")]
fn whoever_watches_to_the_end_has_seen_what_the_comparison_counts() {
    let scenario = shipped("two-providers.toml", 300.0);
    let comparison = compare(&scenario, 1, || ()).expect("there is no trace to fail");
    let mut show = Show::start(&scenario, scenario.strategies.iter(), None).expect("no trace");
    let view = end_of(&mut show);
    assert!(view.is_over());
    assert_eq!(view.possible as f64, comparison.optimum.requests);
    for (lane, summary) in view.lanes.iter().zip(&comparison.strategies) {
        assert_eq!(lane.name, summary.name);
        assert_eq!(lane.completed as f64, summary.completed, "{}", lane.name);
        assert_eq!(lane.refused as f64, summary.refused, "{}", lane.name);
        // None of them has a deadline, so nothing is given up at the very end.
        assert_eq!(lane.given_up as f64, summary.abandoned, "{}", lane.name);
        let open = lane.arrived - lane.completed - lane.given_up;
        assert_eq!(open as f64, summary.unfinished, "{}", lane.name);
        let done: u64 = lane.throughput.iter().sum();
        assert_eq!(done, lane.completed);
    }
}

#[test]
fn commands_do_what_they_say() {
    let scenario = shipped("one-gate.toml", 60.0);
    let mut show =
        Show::start(&scenario, scenario.strategies.iter(), Some(10.0)).expect("no trace");
    let second = Duration::from_secs(1);
    let mut after = |commands: &[Command], span| {
        for &command in commands {
            show.command(command).expect("no trace");
        }
        show.advance(span, || true).expect("no trace");
        show.view()
    };
    assert_eq!(after(&[], second).elapsed, 10 * second);
    assert_eq!(after(&[Command::Faster], second).elapsed, 30 * second);
    assert_eq!(after(&[Command::Pause], second).elapsed, 30 * second);
    let stepped = after(&[Command::Step], second);
    assert!(
        stepped.paused && stepped.elapsed > 30 * second,
        "{:?}",
        stepped.elapsed
    );
    assert!(stepped.elapsed < 60 * second);
    let next = after(&[Command::Pause, Command::Slower, Command::Slower], second);
    assert_eq!(next.elapsed, stepped.elapsed + 5 * second);
    let last = scenario.strategies.len() - 1;
    assert_eq!(after(&[Command::Previous], Duration::ZERO).selected, last);
    assert_eq!(after(&[Command::Next], Duration::ZERO).selected, 0);
    assert!(after(&[Command::Help], Duration::ZERO).help);
}

#[test]
fn a_picture_comes_even_if_more_happens_than_there_is_time_for() {
    let scenario = shipped("one-gate.toml", 60.0);
    let mut show = Show::start(&scenario, scenario.strategies.iter(), None).expect("no trace");
    show.advance(Duration::from_secs(1_000), || false)
        .expect("no trace");
    let view = show.view();
    assert!(view.lags && !view.is_over());
    assert!(end_of(&mut show).is_over());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// No screen is too small, and no number too large.
    #[test]
    fn any_state_fits_on_any_screen(
        size in (1..200_u16, 1..60_u16),
        lanes in 1..30_usize,
        selected in 0..30_usize,
        number in any::<u64>(),
        gauges in 0..40_usize,
        help in any::<bool>(),
    ) {
        let mut view = view();
        let (number, gauge) = (number >> 24, view.lanes[0].gauges[0].clone());
        let lane = &mut view.lanes[0];
        (lane.waiting, lane.completed, lane.refused) = (number, number, number);
        lane.throughput = vec![number, 0, number / 2];
        lane.gauges = vec![Gauge { left: number, ..gauge }; gauges];
        view.lanes = vec![view.lanes[0].clone(); lanes];
        view.selected = selected % lanes;
        view.help = help;
        prop_assert_eq!(rows(&view, size), rows(&view, size));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// How time is cut into pictures does not change what happens.
    #[test]
    fn what_happens_does_not_depend_on_the_pictures(
        spans in prop::collection::vec(0..3_000_u64, 1..12),
    ) {
        let scenario = shipped("one-gate.toml", 60.0);
        let start = || Show::start(&scenario, scenario.strategies.iter().take(2), Some(1.0)).expect("no trace");
        let (mut one, mut other) = (start(), start());
        let whole: u64 = spans.iter().sum();
        one.advance(Duration::from_millis(whole), || true).expect("no trace");
        for span in spans {
            other.advance(Duration::from_millis(span), || true).expect("no trace");
        }
        prop_assert_eq!(format!("{:?}", one.view()), format!("{:?}", other.view()));
    }
}
