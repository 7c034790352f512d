use alloc::collections::VecDeque;

use paceline_core::{Demand, Dimension, Timestamp};

/// The requests that were sent and not answered, in order.
///
/// What was never answered is forgotten when there are too many.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight {
    requests: VecDeque<(Timestamp, Demand)>,
}

impl InFlight {
    /// How many are kept: more than any client has in flight with one key.
    const MOST: usize = 4096;

    pub(crate) fn send(&mut self, now: Timestamp, demand: Demand) {
        if self.requests.len() >= Self::MOST {
            self.requests.pop_front();
        }
        // A lagging clock sends with the last one, so they stay in order.
        let now = self.requests.back().map_or(now, |last| last.0.max(now));
        self.requests.push_back((now, demand));
    }

    /// Takes the request sent at `sent_at`, or the last one before, out.
    pub(crate) fn answer(&mut self, sent_at: Timestamp) {
        let after = self.requests.partition_point(|(at, _)| *at <= sent_at);
        if let Some(index) = after.checked_sub(1) {
            self.requests.remove(index);
        }
    }

    /// What was sent at `sent_at` or later and is not answered: the server may not have counted it when
    /// it answered a request of that time.
    pub(crate) fn since(&self, sent_at: Timestamp, dimension: Dimension) -> u64 {
        let later = self
            .requests
            .iter()
            .rev()
            .take_while(|(at, _)| *at >= sent_at);
        later.fold(0, |sum, (_, demand)| {
            sum.saturating_add(dimension.cost(*demand))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_answered_and_not_older_counts() {
        let at = Timestamp::from_nanos;
        let mut in_flight = InFlight::default();
        for (nanos, tokens) in [(1, 100), (5, 20), (5, 3)] {
            in_flight.send(at(nanos), Demand::request(tokens, 0));
        }
        assert_eq!(in_flight.since(at(5), Dimension::Tokens), 23);
        assert_eq!(in_flight.since(at(1), Dimension::Requests), 3);
        assert_eq!(in_flight.since(at(6), Dimension::Requests), 0);
        in_flight.answer(at(4));
        assert_eq!(in_flight.since(at(0), Dimension::Tokens), 23);
        in_flight.answer(at(0));
        assert_eq!(in_flight.since(at(0), Dimension::Requests), 2);
        for _ in 0..2 * InFlight::MOST {
            in_flight.send(at(9), Demand::request(1, 0));
        }
        assert_eq!(
            in_flight.since(at(0), Dimension::Requests),
            InFlight::MOST as u64
        );
    }
}
