use core::time::Duration;

use paceline_core::{Class, Dimension, Feedback, LimitReading, Timestamp};

use crate::{
    LearnedLimits,
    learned_limit::{LearnedLimit, Response},
    unannounced::Unannounced,
    window,
};

impl LearnedLimits {
    /// Learns from a response that arrived at `now`, to a request that was charged at `sent_at`.
    pub fn observe(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) {
        self.in_flight.answer(sent_at);
        self.responses = self.responses.saturating_add(1);
        let number = self.responses;
        let response = Response {
            now,
            sent_at,
            number,
        };
        for reading in &feedback.limits {
            if let Some(index) = self.find(now, reading).or_else(|| self.add(now, reading)) {
                let limit = &mut self.limits[index];
                let in_flight = self.in_flight.since(sent_at, limit.dimension);
                limit.observe(response, in_flight, reading);
            }
        }
        match feedback.class {
            Class::Ok => {
                for of in &mut self.unannounced {
                    of.rate.succeeded(now, sent_at);
                }
            }
            Class::Pace | Class::Quota => self.refused(now, sent_at, feedback),
            _ => {}
        }
    }

    fn refused(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) {
        let longest = if feedback.class == Class::Quota {
            window::LONGEST
        } else {
            DAY
        };
        let blamed = feedback.refused_by();
        let named = feedback.hint.map(|hint| hint.at);
        let reset = || blamed.and_then(|reading| reading.reset_at);
        let until = named
            .or_else(reset)
            .map(|at| at.min(now.saturating_add(longest)));
        if let Some(index) = blamed.and_then(|reading| self.find(now, reading)) {
            if let Some(until) = until {
                self.limits[index].pause(until);
            }
            return;
        }
        if let Some(until) = until {
            self.paused_until = self.paused_until.max(until);
        }
        let dimension = blamed.and_then(|reading| reading.metric.dimension());
        let dimension = dimension.unwrap_or(Dimension::Requests);
        if !self.unannounced.iter().any(|of| of.dimension == dimension) {
            let pace = self.paces.iter().find(|(of, _)| *of == dimension);
            let refused = pace.map(|(_, pace)| pace.fastest()).unwrap_or_default();
            self.unannounced.push(Unannounced::new(dimension, refused));
        }
        for of in self
            .unannounced
            .iter_mut()
            .filter(|of| of.dimension == dimension)
        {
            of.rate.throttled(now, sent_at);
        }
    }

    /// The limit that a reading speaks of: of the same metric, and of the same name, window and limit
    /// as far as these are known.
    fn find(&self, now: Timestamp, reading: &LimitReading) -> Option<usize> {
        let stated = window::stated(reading, now);
        let window = stated.or_else(|| window::told(reading, now));
        let same_window =
            |limit: &LearnedLimit| window.is_some_and(|window| window == limit.window);
        let may_be = |limit: &LearnedLimit| {
            limit.metric == reading.metric
                && (limit.name == reading.name || limit.name.is_none() || reading.name.is_none())
                && (window.is_none() || !limit.window_stated || same_window(limit))
        };
        let likeness = |limit: &LearnedLimit| {
            let same_limit = reading.limit == Some(limit.limit);
            (limit.name == reading.name, same_window(limit), same_limit)
        };
        let candidates = self
            .limits
            .iter()
            .enumerate()
            .filter(|(_, limit)| may_be(limit));
        candidates
            .max_by_key(|(_, limit)| likeness(limit))
            .map(|(index, _)| index)
    }

    fn add(&mut self, now: Timestamp, reading: &LimitReading) -> Option<usize> {
        if self.limits.len() >= Self::MOST {
            return None;
        }
        self.limits.push(LearnedLimit::read(reading, now)?);
        Some(self.limits.len() - 1)
    }
}

const DAY: Duration = Duration::from_secs(86_400);
