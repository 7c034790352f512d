use alloc::string::String;
use core::time::Duration;

use paceline_composite::Settling;
use paceline_core::{Denied, Dimension, LimitReading, Limiter, Metric, Timestamp};

use crate::{
    own::{Own, stretched},
    window,
};

/// One limit: what it is said to be, what this client spent of it, and what others did.
#[derive(Clone, Debug)]
pub(crate) struct LearnedLimit {
    pub(crate) metric: Metric,
    pub(crate) name: Option<String>,
    pub(crate) dimension: Dimension,
    pub(crate) limit: u64,
    /// Whether the limit was stated, and not concluded from what remained.
    stated: bool,
    pub(crate) window: Duration,
    /// Whether the window was stated, and not guessed.
    pub(crate) window_stated: bool,
    pub(crate) own: Settling<Own>,
    /// A larger limit that one response spoke of.
    larger: Option<u64>,
    /// Readings in a row that fit a limit which replenishes all the time.
    fits: u8,
    beyond: Beyond,
    /// The number of the last response that spoke of it.
    heard: u64,
    pub(crate) paused_until: Timestamp,
}

/// Which response a reading is from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Response {
    /// When it arrived.
    pub(crate) now: Timestamp,
    /// When its request was sent.
    pub(crate) sent_at: Timestamp,
    /// Counted from one.
    pub(crate) number: u64,
}

/// What the server counts beyond what this client knows of: what others spent.
#[derive(Clone, Copy, Debug, Default)]
struct Beyond {
    cells: u64,
    until: Timestamp,
    /// When the request was sent whose response said so.
    sent_at: Timestamp,
    /// What one later response said, if that was less.
    less: Option<u64>,
}

/// The largest limit that is believed; the largest published one is 180 million tokens a minute.
pub(crate) const LARGEST: u64 = 1_000_000_000_000;
/// Readings that must fit before a limit is taken for one that replenishes all the time.
const CERTAIN: u8 = 3;

impl LearnedLimit {
    /// Makes a limit that somebody stated.
    pub(crate) fn stated(
        metric: Metric,
        dimension: Dimension,
        limit: u64,
        window: Duration,
    ) -> Self {
        Self {
            metric,
            name: None,
            dimension,
            limit,
            stated: true,
            window,
            window_stated: true,
            own: Settling::new(Own::new(limit, window)),
            larger: None,
            fits: 0,
            beyond: Beyond::default(),
            heard: 0,
            paused_until: Timestamp::EPOCH,
        }
    }

    /// Makes a limit of the first reading that speaks of it, if that says how much is allowed.
    ///
    /// That nothing remains of an unknown limit says nothing about the limit.
    pub(crate) fn read(reading: &LimitReading, now: Timestamp) -> Option<Self> {
        let dimension = reading.metric.dimension()?;
        let known = reading.limit.filter(|limit| *limit <= LARGEST);
        let left = reading
            .remaining
            .filter(|left| (1..=LARGEST).contains(left));
        let window = window::stated(reading, now);
        let told = window.or_else(|| window::told(reading, now));
        let guess = told.or_else(|| window::at_least(reading, now));
        Some(Self {
            name: reading.name.clone(),
            stated: known.is_some(),
            window_stated: window.is_some(),
            ..Self::stated(
                reading.metric,
                dimension,
                known.or(left)?,
                guess.unwrap_or(window::MINUTE),
            )
        })
    }

    /// What a reading says, while so many cells were sent that it may not contain.
    ///
    /// If one response speaks of a limit twice, the second time can only make it stricter.
    pub(crate) fn observe(&mut self, response: Response, in_flight: u64, reading: &LimitReading) {
        let Response { now, number, .. } = response;
        let again = number == self.heard;
        self.heard = number;
        let before = (self.limit, self.window);
        if !again {
            self.observe_window(now, reading);
        }
        self.observe_limit(now, in_flight, reading, again);
        let (limit, window) = (self.limit, self.window);
        if (limit, window) != before {
            let left = self.own.available(now).saturating_sub(self.beyond(now));
            self.own.update(|own| own.set(now, limit, window));
            // What was left is left, until a response says that more is.
            let beyond = self.own.available(now).saturating_sub(left);
            self.beyond.cells = self.beyond.cells.max(beyond);
        }
        if !again {
            self.observe_kind(now, reading);
        }
        let refused = || reading.refused.then_some(0);
        if let Some(remaining) = reading.remaining.or_else(refused) {
            let left = remaining.saturating_sub(in_flight);
            self.observe_left(response, left, reading.reset_at, again);
        }
    }

    fn observe_window(&mut self, now: Timestamp, reading: &LimitReading) {
        if let Some(window) = window::stated(reading, now) {
            (self.window, self.window_stated) = (window, true);
        } else if !self.window_stated {
            let told = window::told(reading, now);
            let least = window::at_least(reading, now);
            self.window = match window::fits(reading, now, self.window) {
                Some(true) => self.window,
                Some(false) => told.or(least).unwrap_or(self.window),
                None => self.window.max(least.unwrap_or(self.window)),
            };
        }
    }

    /// Lowers the limit at once, and raises it if two responses in a row speak of more.
    fn observe_limit(
        &mut self,
        now: Timestamp,
        in_flight: u64,
        reading: &LimitReading,
        again: bool,
    ) {
        let stated = reading.limit.filter(|limit| *limit <= LARGEST);
        let limit = match stated {
            Some(limit) if limit < self.limit || !self.stated => {
                (self.limit, self.stated, self.larger) = (limit, true, None);
                return;
            }
            Some(limit) => limit,
            // What remains, and what was spent of it, is no more than the limit.
            None => {
                let Some(remaining) = reading.remaining.filter(|left| *left <= LARGEST) else {
                    return;
                };
                let spent = self.limit.saturating_sub(self.own.available(now));
                let counted = if self.stated {
                    0
                } else {
                    spent.saturating_sub(in_flight)
                };
                remaining.saturating_add(counted).min(LARGEST)
            }
        };
        if again {
            return;
        }
        self.larger = match self.larger {
            _ if limit <= self.limit => None,
            Some(other) => {
                self.limit = limit.min(other);
                None
            }
            None => Some(limit),
        };
    }

    /// Tells a limit that replenishes all the time from one that starts afresh.
    fn observe_kind(&mut self, now: Timestamp, reading: &LimitReading) {
        self.fits = match window::replenishes(reading, now, self.window) {
            Some(true) => self.fits.saturating_add(1),
            Some(false) => 0,
            None => return,
        };
        let steady = self.fits >= CERTAIN;
        if steady != self.own.limiter().steady {
            // What is beyond was reckoned the other way.
            self.beyond = Beyond::default();
            self.own.update(|own| own.steady = steady);
        }
    }

    /// Admits no more than is left, at once; and more than before if two responses in a row say so, of
    /// requests no older than the one that said otherwise.
    fn observe_left(
        &mut self,
        response: Response,
        left: u64,
        reset_at: Option<Timestamp>,
        again: bool,
    ) {
        let Response { now, sent_at, .. } = response;
        let cells = self.own.available(now).saturating_sub(left);
        let current = self.beyond(now);
        let cells = if cells >= current {
            cells
        } else if again || sent_at < self.beyond.sent_at {
            return;
        } else if let Some(other) = self.beyond.less {
            cells.max(other).min(current)
        } else {
            self.beyond.less = Some(cells);
            return;
        };
        let latest = now.saturating_add(stretched(self.window));
        let until = reset_at.filter(|at| *at > now).unwrap_or(latest);
        self.beyond = Beyond {
            cells,
            until: until.min(latest),
            sent_at,
            less: None,
        };
    }

    /// What others spent, as far as it counts at `now`.
    fn beyond(&self, now: Timestamp) -> u64 {
        if now < self.beyond.until {
            self.beyond.cells
        } else {
            0
        }
    }

    pub(crate) fn pause(&mut self, until: Timestamp) {
        self.paused_until = self.paused_until.max(until);
    }

    pub(crate) fn check(&self, now: Timestamp, cost: u64) -> Result<(), Denied> {
        if cost == 0 {
            return Ok(());
        }
        if cost > self.limit {
            return Err(Denied::TooLarge { max: self.limit });
        }
        let from = now.max(self.paused_until);
        let beyond = self.beyond(from);
        let answer = self.own.check(from, cost.saturating_add(beyond));
        let retry_at = match answer {
            Ok(()) => from,
            Err(Denied::Until(at)) if beyond == 0 || at <= self.beyond.until => at,
            // What others spent is forgotten before, or too much to wait for.
            Err(_) => match self.own.check(self.beyond.until, cost) {
                Ok(()) => self.beyond.until,
                Err(denied) => return Err(denied),
            },
        };
        if retry_at > now {
            Err(Denied::Until(retry_at))
        } else {
            Ok(())
        }
    }

    pub(crate) fn available(&self, now: Timestamp) -> u64 {
        if now < self.paused_until {
            return 0;
        }
        self.own.available(now).saturating_sub(self.beyond(now))
    }
}
