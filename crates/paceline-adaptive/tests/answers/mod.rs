//! Words for what a provider answers.

use std::time::Duration;

use paceline_adaptive::LearnedLimits;
use paceline_core::{
    Class, Demand, Dimension, Feedback, LimitReading, LimitWindow, Metric, Timestamp,
};

pub(crate) const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);
pub(crate) const ONE: Demand = Demand::request(100, 0);

pub(crate) fn after(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

pub(crate) fn of(class: Class, readings: impl IntoIterator<Item = LimitReading>) -> Feedback {
    let mut feedback = Feedback::new(class);
    feedback.limits.extend(readings);
    feedback
}

pub(crate) fn requests(limit: u64, remaining: u64) -> LimitReading {
    let mut reading = LimitReading::of(Metric::Requests);
    (reading.limit, reading.remaining) = (Some(limit), Some(remaining));
    reading
}

pub(crate) fn with_minute(limit: u64) -> LearnedLimits {
    LearnedLimits::new(NOW).with_limit(Dimension::Requests, limit, LimitWindow::MINUTE)
}

pub(crate) fn left(limits: &LearnedLimits, now: Timestamp) -> u64 {
    limits.available(now, Dimension::Requests)
}

pub(crate) fn send(limits: &mut LearnedLimits, now: Timestamp, times: u64) {
    for _ in 0..times {
        drop(limits.charge(now, ONE));
    }
}
