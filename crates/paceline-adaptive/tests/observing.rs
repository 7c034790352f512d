//! What one response may change, and what none may.

use std::time::Duration;

use paceline_adaptive::{LearnedLimits, LongWait, Rate};
use paceline_admission::{Admission, Refusal};
use paceline_composite::Admit;
use paceline_concurrency::Outcome;
use paceline_core::{
    Class, Demand, Denied, Dimension, Feedback, Hint, HintSource, LimitReading, LimitWindow,
    Metric, Timestamp,
};

const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);
const ONE: Demand = Demand::request(100, 0);

fn after(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn of(class: Class, readings: impl IntoIterator<Item = LimitReading>) -> Feedback {
    let mut feedback = Feedback::new(class);
    feedback.limits.extend(readings);
    feedback
}

fn requests(limit: u64, remaining: u64) -> LimitReading {
    let mut reading = LimitReading::of(Metric::Requests);
    (reading.limit, reading.remaining) = (Some(limit), Some(remaining));
    reading
}

fn with_minute(limit: u64) -> LearnedLimits {
    LearnedLimits::new(NOW).with_limit(Dimension::Requests, limit, LimitWindow::MINUTE)
}

fn left(limits: &LearnedLimits, now: Timestamp) -> u64 {
    limits.available(now, Dimension::Requests)
}

fn send(limits: &mut LearnedLimits, now: Timestamp, times: u64) {
    for _ in 0..times {
        drop(limits.charge(now, ONE));
    }
}

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
fn a_long_wait_comes_with_the_advice_of_the_caller_and_a_short_one_with_none() {
    let refused = |seconds, class| {
        let mut reading = requests(50, 0);
        (reading.window, reading.refused) = (Some(LimitWindow::DAY), true);
        let mut feedback = of(class, [reading]);
        feedback.hint = Some(Hint {
            at: after(seconds),
            source: HintSource::RetryAfter,
        });
        feedback
    };
    for advice in [LongWait::Wait, LongWait::Fail, LongWait::Route] {
        let mut limits = LearnedLimits::new(NOW).with_long_wait(advice);
        send(&mut limits, NOW, 1);
        limits.observe(NOW, NOW, &refused(40_000, Class::Quota));
        let held = limits.check(NOW, ONE).expect_err("the day is used up");
        assert_eq!((held.advice, held.dimension), (advice, Dimension::Requests));
        assert!(held.retry_at() >= Some(after(40_000)));
        let soon = limits.check(after(88_000), ONE);
        assert!(soon.is_ok(), "{soon:?}");
    }
    let mut limits = with_minute(10).with_long_wait(LongWait::Fail);
    send(&mut limits, NOW, 10);
    let held = limits.check(NOW, ONE).expect_err("the minute is used up");
    assert_eq!(held.advice, LongWait::Wait);
}

#[test]
fn a_refusal_that_nothing_explains_begins_a_rate() {
    let mut limits = LearnedLimits::new(NOW);
    for second in 0..10 {
        send(&mut limits, after(second), 20);
    }
    assert!(limits.found_rate(Dimension::Requests).is_none());
    let mut feedback = of(Class::Pace, []);
    feedback.hint = Some(Hint {
        at: after(15),
        source: HintSource::RetryAfter,
    });
    limits.observe(after(10), after(9), &feedback);
    limits.observe(after(10), after(9), &feedback);
    let rate = limits
        .found_rate(Dimension::Requests)
        .expect("a rate")
        .rate();
    assert!(
        rate > Rate::per_second(14) && rate < Rate::per_second(20),
        "{rate:?}"
    );
    assert_eq!(
        limits
            .check(after(12), ONE)
            .expect_err("a pause")
            .retry_at(),
        Some(after(15))
    );
    send(&mut limits, after(15), 30);
    let held = limits
        .check(after(15), ONE)
        .expect_err("faster than the rate");
    assert!(held.retry_at() < Some(after(17)));
    // Other refusals than those of a pace say nothing about it.
    limits.observe(after(20), after(16), &of(Class::Overload, []));
    limits.observe(after(20), after(16), &of(Class::Billing, []));
    assert_eq!(
        limits
            .found_rate(Dimension::Requests)
            .expect("a rate")
            .rate(),
        rate
    );
}

#[test]
fn a_refusal_blamed_on_a_known_limit_pauses_that_and_begins_none() {
    let mut limits = with_minute(100);
    send(&mut limits, NOW, 1);
    let mut tokens = LimitReading::of(Metric::Requests);
    (tokens.remaining, tokens.refused) = (Some(50), true);
    let mut feedback = of(Class::Pace, [tokens]);
    feedback.hint = Some(Hint {
        at: after(7),
        source: HintSource::RetryAfter,
    });
    limits.observe(NOW, NOW, &feedback);
    assert!(limits.found_rate(Dimension::Requests).is_none());
    assert_eq!(
        limits.check(NOW, ONE).expect_err("a pause").denied,
        Denied::Until(after(7))
    );
    assert_eq!(left(&limits, after(6)), 0);
    assert_eq!(left(&limits, after(7)), 50);
}

#[test]
fn settling_gives_back_and_a_response_corrects_it() {
    let mut limits =
        LearnedLimits::new(NOW).with_limit(Dimension::Tokens, 10_000, LimitWindow::MINUTE);
    let receipts = Admit::charge(&mut limits, NOW, Demand::request(1_000, 4_000));
    assert_eq!(limits.available(NOW, Dimension::Tokens), 5_000);
    let settled = Admit::settle(&mut limits, after(3), receipts, Demand::request(1_000, 200));
    assert_eq!(settled, Ok(()));
    assert_eq!(limits.available(after(3), Dimension::Tokens), 8_800);
    assert_eq!(
        Admit::check(&limits, after(3), Demand::request(8_800, 0)),
        Ok(())
    );
    let mut reading = LimitReading::of(Metric::Tokens);
    reading.remaining = Some(5_000);
    limits.observe(after(4), NOW, &of(Class::Ok, [reading]));
    assert_eq!(limits.available(after(4), Dimension::Tokens), 5_000);
}

#[test]
fn a_line_can_wait_for_it() {
    let mut admission = Admission::<_, ()>::new(with_minute(2), 10);
    let first = admission.try_admit(NOW, ONE).expect("two are allowed");
    let reading = of(Class::Ok, [requests(2, 0)]);
    admission.limits_mut().observe(after(1), NOW, &reading);
    let Err(Refusal::Denied(Denied::Until(at))) = admission.try_admit(after(1), ONE) else {
        panic!("others took the second");
    };
    assert!(at > after(60) && at < after(63), "{at:?}");
    assert_eq!(
        admission.finish(after(1), first, Outcome::Success, Some(ONE)),
        Ok(())
    );
    assert!(admission.try_admit(at, ONE).is_ok());
}

#[test]
fn a_response_that_speaks_twice_has_one_word() {
    let mut limits = with_minute(100);
    let thrice = [requests(100, 10), requests(500, 90), requests(500, 90)];
    limits.observe(NOW, NOW, &of(Class::Ok, thrice));
    assert_eq!(left(&limits, NOW), 10);
    let minute = limits.limit(Dimension::Requests, LimitWindow::MINUTE);
    assert_eq!(minute, Some(100));
    limits.observe(NOW, NOW, &of(Class::Ok, [requests(100, 90), requests(100, 5)]));
    assert_eq!(left(&limits, NOW), 5);
}
