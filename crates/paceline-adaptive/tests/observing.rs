//! What one response may change, and what none may.

mod answers;

use answers::{NOW, ONE, after, left, of, requests, send, with_minute};
use paceline_adaptive::LearnedLimits;
use paceline_core::{Class, Demand, Denied, Dimension, LimitReading, LimitWindow, Metric};

fn answer(limits: &mut LearnedLimits, second: u64, reading: LimitReading) {
    send(limits, after(second), 1);
    limits.observe(after(second), after(second), &of(Class::Ok, [reading]));
}

#[test]
fn less_is_left_at_once_and_more_on_the_second_word() {
    let mut limits = with_minute(100);
    answer(&mut limits, 0, requests(100, 40));
    assert_eq!(left(&limits, after(0)), 40);
    answer(&mut limits, 1, requests(100, 80));
    assert_eq!(left(&limits, after(1)), 39);
    // 80 and 70 were left: 70 less the charge that is counted.
    answer(&mut limits, 2, requests(100, 70));
    assert_eq!(left(&limits, after(2)), 70);
    answer(&mut limits, 3, requests(100, 20));
    assert_eq!(left(&limits, after(3)), 20);
}

#[test]
fn what_others_spent_is_forgotten_when_it_resets() {
    let mut limits = with_minute(100);
    let mut reading = requests(100, 0);
    reading.reset_at = Some(after(20));
    answer(&mut limits, 0, reading);
    assert_eq!(left(&limits, after(19)), 0);
    let held = limits.check(after(3), ONE).expect_err("nothing is left");
    assert_eq!(held.denied, Denied::Until(after(20)));
    assert_eq!(limits.check(after(20), ONE), Ok(()));
    assert_eq!(left(&limits, after(20)), 99);
}

#[test]
fn what_is_in_flight_counts_although_the_server_does_not_know_it() {
    let mut limits = with_minute(100);
    send(&mut limits, after(0), 1);
    send(&mut limits, after(1), 30);
    limits.observe(after(2), after(0), &of(Class::Ok, [requests(100, 50)]));
    assert_eq!(left(&limits, after(2)), 20);
    // Once it is answered, it is in what the server says.
    for n in 0..30 {
        limits.observe(after(3), after(1), &of(Class::Ok, [requests(100, 49 - n)]));
    }
    assert_eq!(left(&limits, after(3)), 20);
}

#[test]
fn a_response_to_an_older_request_frees_nothing() {
    let mut limits = with_minute(100);
    send(&mut limits, after(0), 2);
    send(&mut limits, after(5), 1);
    limits.observe(after(6), after(5), &of(Class::Ok, [requests(100, 10)]));
    for _ in 0..2 {
        limits.observe(after(7), after(0), &of(Class::Ok, [requests(100, 90)]));
    }
    assert_eq!(left(&limits, after(7)), 10);
}

#[test]
fn a_limit_falls_at_once_and_rises_on_the_second_word() {
    let mut limits = with_minute(100);
    let limit = |limits: &LearnedLimits| limits.limit(Dimension::Requests, LimitWindow::MINUTE);
    answer(&mut limits, 0, requests(60, 59));
    assert_eq!(limit(&limits), Some(60));
    answer(&mut limits, 1, requests(500, 499));
    assert_eq!(limit(&limits), Some(60));
    answer(&mut limits, 2, requests(60, 57));
    answer(&mut limits, 3, requests(500, 499));
    assert_eq!(limit(&limits), Some(60));
    answer(&mut limits, 4, requests(400, 399));
    assert_eq!(limit(&limits), Some(400));
    // None is stated, but more remains than is allowed, twice.
    let bare = |remaining| {
        let mut reading = LimitReading::of(Metric::Requests);
        reading.remaining = Some(remaining);
        reading
    };
    answer(&mut limits, 5, bare(900));
    answer(&mut limits, 6, bare(800));
    assert_eq!(limit(&limits), Some(800));
    // Nobody has a limit that large.
    answer(&mut limits, 7, requests(u64::MAX, u64::MAX));
    answer(&mut limits, 8, requests(u64::MAX, u64::MAX));
    assert!(limit(&limits) <= Some(1_000_000_000_000));
}

#[test]
fn a_limit_of_zero_disables_and_an_unknown_one_does_not() {
    let mut limits = LearnedLimits::new(NOW);
    let mut nothing = LimitReading::of(Metric::Requests);
    nothing.remaining = Some(0);
    answer(&mut limits, 0, nothing);
    assert_eq!(limits.check(after(0), ONE), Ok(()));
    answer(&mut limits, 1, LimitReading::of(Metric::Unknown));
    let mut calls = LimitReading::of(Metric::Concurrency);
    calls.limit = Some(7);
    answer(&mut limits, 2, calls);
    assert_eq!(left(&limits, after(2)), u64::MAX);
    answer(&mut limits, 3, requests(0, 0));
    let held = limits.check(after(3), ONE).expect_err("it is disabled");
    assert_eq!(held.denied, Denied::TooLarge { max: 0 });
    assert_eq!(held.retry_at(), None);
    assert_eq!(limits.check(after(3), Demand::default()), Ok(()));
}

#[test]
fn a_day_and_a_minute_of_the_same_metric_are_two_limits() {
    let mut limits = with_minute(30).with_limit(Dimension::Requests, 14_400, LimitWindow::DAY);
    // As Groq says it: without a window, and what is used replenishes in 6 s each.
    let mut day = requests(14_400, 14_300);
    day.reset_at = Some(after(600));
    answer(&mut limits, 0, day.clone());
    assert_eq!(
        limits.limit(Dimension::Requests, LimitWindow::DAY),
        Some(14_400)
    );
    assert_eq!(left(&limits, after(0)), 29);
    // Stated by nobody, it is told by the arithmetic alone.
    let mut unknown = LearnedLimits::new(NOW);
    answer(&mut unknown, 0, day);
    assert_eq!(
        unknown.limit(Dimension::Requests, LimitWindow::DAY),
        Some(14_400)
    );
}

#[test]
fn a_response_that_speaks_twice_has_one_word() {
    let mut limits = with_minute(100);
    let thrice = [requests(100, 10), requests(500, 90), requests(500, 90)];
    limits.observe(NOW, NOW, &of(Class::Ok, thrice));
    assert_eq!(left(&limits, NOW), 10);
    let minute = limits.limit(Dimension::Requests, LimitWindow::MINUTE);
    assert_eq!(minute, Some(100));
    limits.observe(
        NOW,
        NOW,
        &of(Class::Ok, [requests(100, 90), requests(100, 5)]),
    );
    assert_eq!(left(&limits, NOW), 5);
}

/// 1,440 a day replenish one a minute; 1,440 a minute reset after one.

#[test]
fn a_window_that_was_concluded_by_chance_is_left_again() {
    let mut limits = LearnedLimits::new(NOW);
    let reading = |second, remaining, window| {
        let mut reading = requests(1_440, remaining);
        (reading.window, reading.reset_at) = (window, Some(after(second)));
        reading
    };
    answer(&mut limits, 0, reading(60, 1_439, Some(LimitWindow::DAY)));
    let limit = |limits: &LearnedLimits, window| limits.limit(Dimension::Requests, window);
    assert_eq!(limit(&limits, LimitWindow::DAY), Some(1_440));
    answer(&mut limits, 1, reading(60, 1_438, None));
    assert_eq!(limit(&limits, LimitWindow::DAY), None);
    assert_eq!(limit(&limits, LimitWindow::MINUTE), Some(1_440));
}

#[test]
fn a_larger_limit_leaves_no_more_until_a_response_says_so() {
    let mut limits = with_minute(100);
    answer(&mut limits, 0, requests(100, 10));
    let mut larger = LimitReading::of(Metric::Requests);
    larger.limit = Some(500);
    for _ in 0..2 {
        limits.observe(after(1), after(1), &of(Class::Ok, [larger.clone()]));
    }
    let minute = limits.limit(Dimension::Requests, LimitWindow::MINUTE);
    assert_eq!(minute, Some(500));
    assert_eq!(left(&limits, after(1)), 10);
}
