//! What a refusal begins, how long it holds, and who waits for it.

mod answers;

use answers::{NOW, ONE, after, left, of, requests, send, with_minute};
use paceline_adaptive::{LearnedLimits, LongWait, Rate};
use paceline_admission::{Admission, Refusal};
use paceline_composite::Admit;
use paceline_concurrency::Outcome;
use paceline_core::{
    Class, Demand, Denied, Dimension, Hint, HintSource, LimitReading, LimitWindow, Metric,
};

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
