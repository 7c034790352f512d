use std::{collections::VecDeque, time::Duration};

use super::calls::CallId;
use crate::scenario::provider::Provider;

/// The machines of a provider, which its keys share: workers, and calls that wait for one.
pub(super) struct Server {
    /// Without limit, if `None`.
    workers: Option<u32>,
    /// How many may wait; without limit, if `None`.
    places: Option<usize>,
    slows: Duration,
    in_service: u32,
    waiting: VecDeque<CallId>,
}

impl Server {
    pub(super) fn new(spec: &Provider) -> Self {
        let places = spec.server.and_then(|server| server.queue);
        Self {
            workers: spec.server.map(|server| server.workers.get()),
            places: places.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            slows: spec
                .slows
                .map_or(Duration::ZERO, |slows| slows.per_in_service_s.get()),
            in_service: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Whether another call may come in.
    pub(super) fn has_room(&self) -> bool {
        self.has_worker() || self.places.is_none_or(|most| self.waiting.len() < most)
    }

    /// Whether a call that comes in is served at once.
    pub(super) fn has_worker(&self) -> bool {
        self.workers.is_none_or(|most| self.in_service < most)
    }

    /// Lets a call wait behind the others.
    pub(super) fn wait(&mut self, call: CallId) {
        self.waiting.push_back(call);
    }

    /// Takes a call that waits out of the line.
    pub(super) fn leave(&mut self, call: CallId) {
        // Whoever loses patience has waited for long, so it stands far in front.
        if let Some(at) = self.waiting.iter().position(|it| *it == call) {
            self.waiting.remove(at);
        }
    }

    /// Gives a call a worker, and says how much longer it takes for what else is in service.
    pub(super) fn begin(&mut self) -> Duration {
        self.in_service = self.in_service.saturating_add(1);
        self.slows.saturating_mul(self.in_service)
    }

    /// Takes a worker back, and says who is next for it.
    pub(super) fn end(&mut self) -> Option<CallId> {
        self.in_service = self.in_service.saturating_sub(1);
        if self.has_worker() {
            self.waiting.pop_front()
        } else {
            None
        }
    }
}
