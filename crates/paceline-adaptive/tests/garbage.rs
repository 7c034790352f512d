//! Whatever a provider says: no panic, no limit lifted, no wait for ever, and never more than it leaves.

use std::time::Duration;

use paceline_adaptive::LearnedLimits;
use paceline_core::{
    Class, Demand, Denied, Dimension, Feedback, Hint, HintSource, LimitReading, LimitWindow,
    Metric, Timestamp,
};
use proptest::prelude::*;

const START: u64 = 1_790_000_000_000_000_000;
const METRICS: [Metric; 8] = [
    Metric::Unknown,
    Metric::Requests,
    Metric::Tokens,
    Metric::InputTokens,
    Metric::UncachedInputTokens,
    Metric::OutputTokens,
    Metric::ProjectTokens,
    Metric::Concurrency,
];
const CLASSES: [Class; 7] = [
    Class::Ok,
    Class::Pace,
    Class::Quota,
    Class::Billing,
    Class::Overload,
    Class::TooLarge,
    Class::Other,
];
const DIMENSIONS: [Dimension; 4] = [
    Dimension::Requests,
    Dimension::InputTokens,
    Dimension::OutputTokens,
    Dimension::Tokens,
];

fn count() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        Just(None),
        (1_u64..500).prop_map(Some),
        Just(Some(u64::MAX)),
        any::<u64>().prop_map(Some),
    ]
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    let near = (0_u64..200).prop_map(|s| START - 100_000_000_000 + s * 1_000_000_000);
    prop_oneof![Just(None), near.prop_map(Some), any::<u64>().prop_map(Some)]
        .prop_map(|nanos| nanos.map(Timestamp::from_nanos))
}

fn window() -> impl Strategy<Value = Option<LimitWindow>> {
    prop_oneof![
        Just(None),
        Just(Some(LimitWindow::MINUTE)),
        Just(Some(LimitWindow::DAY)),
        Just(Some(LimitWindow::Month)),
        any::<u64>().prop_map(|nanos| Some(LimitWindow::Span(Duration::from_nanos(nanos)))),
        Just(Some(LimitWindow::Span(Duration::MAX))),
        Just(Some(LimitWindow::Span(Duration::ZERO))),
    ]
}

prop_compose! {
    fn reading()(
        metric in 0..METRICS.len(),
        name in prop::option::of("[ab]"),
        window in window(),
        limit in count(),
        remaining in prop_oneof![count(), Just(Some(0))],
        reset_at in time(),
        refused in any::<bool>(),
    ) -> LimitReading {
        let mut reading = LimitReading::of(METRICS[metric]);
        (reading.name, reading.window, reading.limit) = (name, window, limit);
        (reading.remaining, reading.reset_at, reading.refused) = (remaining, reset_at, refused);
        reading
    }
}

prop_compose! {
    fn feedback()(
        class in 0..CLASSES.len(),
        limits in prop::collection::vec(reading(), 0..4),
        hint in time(),
    ) -> Feedback {
        let mut feedback = Feedback::new(CLASSES[class]);
        feedback.limits = limits;
        feedback.hint = hint.map(|at| Hint { at, source: HintSource::RetryAfter });
        feedback
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_said_breaks_it(
        responses in prop::collection::vec((feedback(), 0_u64..5_000, 0_u64..9_000, 0_usize..4), 1..60),
    ) {
        let mut limits = LearnedLimits::new(Timestamp::from_nanos(START))
            .with_limit(Dimension::Requests, 100, LimitWindow::MINUTE);
        let mut now = Timestamp::from_nanos(START);
        let demand = Demand::request(1, 0);
        for (feedback, wait_ms, age_ms, sends) in responses {
            now = now.saturating_add(Duration::from_millis(wait_ms));
            for _ in 0..sends {
                drop(limits.charge(now, demand));
            }
            let sent_at = now.saturating_sub(Duration::from_millis(age_ms));
            limits.observe(now, sent_at, &feedback);

            // Never unlimited: what is limited once stays so.
            prop_assert!(limits.available(now, Dimension::Requests) <= 1_000_000_000_000);
            for dimension in DIMENSIONS {
                let available = limits.available(now, dimension);
                let stated = feedback.limits.iter().filter(|reading| {
                    reading.metric.dimension() == Some(dimension) && reading.limit.is_some_and(|limit| limit < 500)
                });
                for reading in stated {
                    prop_assert!(available <= reading.remaining.unwrap_or(u64::MAX), "{:?}: {}", reading, available);
                }
            }
            // Never for ever, and punctual: 31 days and a 64th.
            match limits.check(now, demand).map_err(|held| held.denied) {
                Ok(()) => {}
                Err(Denied::TooLarge { max }) => prop_assert_eq!(max, 0),
                Err(Denied::Until(at)) => {
                    prop_assert!(at > now);
                    let wait = at.saturating_duration_since(now);
                    prop_assert!(wait <= Duration::from_secs(2 * 32 * 86_400), "waits {:?}", wait);
                    prop_assert_eq!(limits.check(at, demand), Ok(()));
                    let before = Timestamp::from_nanos(at.as_nanos() - 1);
                    prop_assert!(limits.check(before, demand).is_err(), "late");
                }
            }
        }
    }

    #[test]
    fn no_response_leaves_more_than_it_states(
        steps in prop::collection::vec((0_u64..200, 1_u64..400, 0_u64..3_000, 0_usize..9), 1..60),
    ) {
        let mut limits = LearnedLimits::new(Timestamp::from_nanos(START));
        let mut now = Timestamp::from_nanos(START);
        let mut sent = Vec::new();
        for (remaining, limit, wait_ms, sends) in steps {
            now = now.saturating_add(Duration::from_millis(wait_ms));
            for n in 0..sends {
                let at = now.saturating_add(Duration::from_nanos(n as u64));
                drop(limits.charge(at, Demand::request(1, 0)));
                sent.push(at);
            }
            now = now.saturating_add(Duration::from_micros(1));
            if sent.is_empty() { continue; }
            let sent_at = sent.swap_remove(usize::try_from(remaining).unwrap_or(0) % sent.len());
            let mut reading = LimitReading::of(Metric::Requests);
            (reading.limit, reading.remaining) = (Some(limit), Some(remaining));
            let mut feedback = Feedback::new(Class::Ok);
            feedback.limits.push(reading);
            limits.observe(now, sent_at, &feedback);
            // Of what is in flight, the server has not counted what was sent later.
            let later = sent.iter().filter(|at| **at >= sent_at).count() as u64;
            let available = limits.available(now, Dimension::Requests);
            prop_assert!(available <= remaining.saturating_sub(later), "{} of {}", available, remaining);
            prop_assert!(available <= limit);
        }
    }
}
