use alloc::{
    collections::{BTreeMap, VecDeque},
    string::String,
    vec::Vec,
};
use core::{error, fmt};

use paceline_core::{Demand, Dimension, Timestamp};

use crate::{DayOffset, UsageEvent, watch::Watch};

/// Counts requests and tokens by label and day, and reports when a day's limit comes near.
///
/// A label names a target or a key, and is never the secret key itself. Memory is bounded: so many
/// days are kept, and so many labels. What further labels use is counted together, under no label,
/// so that sums stay true. Counts saturate at [`u64::MAX`].
///
/// Events are edges: [`Reached`](UsageEvent::Reached) at 80, 95 and 100 % of a limit, once, and not
/// again before the threshold has [`Eased`](UsageEvent::Eased), five points below it or on another
/// day. A `now` that lags counts on the latest day.
///
/// # Examples
///
/// ```
/// use paceline_core::{Demand, Dimension, Timestamp};
/// use paceline_router::{DayOffset, UsageEvent, UsageTracker};
///
/// let mut usage = UsageTracker::new(DayOffset::UTC, 30, 100);
/// usage.set_limit(Timestamp::EPOCH, "openrouter/free", Dimension::Requests, 50)?;
///
/// let one = Demand { requests: 1, input_tokens: 800, output_tokens: 200 };
/// let events: Vec<_> = (0..45).flat_map(|_| usage.record(Timestamp::EPOCH, "openrouter/free", one)).collect();
/// // At 40 of 50, and never after.
/// assert!(matches!(events[..], [UsageEvent::Reached { percent: 80, used: 40, .. }]));
/// assert_eq!(usage.used(Timestamp::EPOCH, "openrouter/free").input_tokens, 36_000);
/// # Ok::<(), paceline_router::UsageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct UsageTracker {
    offset: DayOffset,
    /// At least one.
    days: u16,
    most_labels: usize,
    /// The latest day seen.
    today: i64,
    labels: BTreeMap<String, Usage>,
    others: Days,
}

/// What was used on one day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DayUsage {
    /// The day, counted from 1970-01-01, which is 0.
    pub day: i64,
    /// Requests and tokens.
    pub used: Demand,
}

/// There is no room for another label.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UsageError;

#[derive(Clone, Debug, Default)]
struct Usage {
    days: Days,
    watches: Vec<Watch>,
}

/// Oldest first, and no day twice.
#[derive(Clone, Debug, Default)]
struct Days(VecDeque<DayUsage>);

impl UsageTracker {
    /// Counts nothing yet, and keeps the present day and those before it, `days` in all.
    ///
    /// At least the present day is kept, whatever `days` says. With room for no label, all usage is
    /// counted together.
    pub fn new(offset: DayOffset, days: u16, most_labels: usize) -> Self {
        Self {
            offset,
            days: days.max(1),
            most_labels,
            today: i64::MIN,
            labels: BTreeMap::new(),
            others: Days::default(),
        }
    }

    /// Sets the most that a label is to use of a dimension on a day, in place of a former limit.
    ///
    /// The tracker enforces nothing; it reports. [`u64::MAX`] is no limit.
    ///
    /// # Errors
    ///
    /// Fails if the label is new and there is no room for it.
    pub fn set_limit(
        &mut self,
        now: Timestamp,
        label: &str,
        dimension: Dimension,
        limit: u64,
    ) -> Result<Vec<UsageEvent>, UsageError> {
        let mut events = self.turn(now);
        let today = self.today;
        let usage = self.entry(label).ok_or(UsageError)?;
        let mut watches = usage.watches.iter_mut();
        match watches.find(|watch| watch.dimension == dimension) {
            Some(watch) => watch.limit = limit,
            None => usage.watches.push(Watch::new(dimension, limit)),
        }
        events.extend(usage.compare(label, today));
        Ok(events)
    }

    /// Adds what a request used, and reports which thresholds that has crossed.
    ///
    /// The first record of another day also reports what eased at its beginning, for all labels.
    pub fn record(&mut self, now: Timestamp, label: &str, used: Demand) -> Vec<UsageEvent> {
        let mut events = self.turn(now);
        let (today, oldest) = (self.today, self.oldest());
        match self.entry(label) {
            Some(usage) => {
                usage.days.add(today, oldest, used);
                events.extend(usage.compare(label, today));
            }
            None => self.others.add(today, oldest, used),
        }
        events
    }

    /// What a label has used on the day of `now`, if that is kept.
    pub fn used(&self, now: Timestamp, label: &str) -> Demand {
        let usage = self.labels.get(label);
        usage.map_or_else(Demand::default, |usage| self.on_day_of(now, &usage.days))
    }

    /// What labels for which there was no room have used on the day of `now`, if that is kept.
    pub fn used_by_others(&self, now: Timestamp) -> Demand {
        self.on_day_of(now, &self.others)
    }

    /// The days that are kept of a label and that saw any use, oldest first.
    pub fn history(&self, label: &str) -> impl Iterator<Item = DayUsage> {
        let days = self.labels.get(label).into_iter();
        days.flat_map(|usage| usage.days.0.iter())
            .filter(|usage| self.is_kept(usage.day))
            .copied()
    }

    /// The labels that have a place of their own, in alphabetical order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.keys().map(String::as_str)
    }

    fn on_day_of(&self, now: Timestamp, days: &Days) -> Demand {
        let day = self.offset.day(now);
        if self.is_kept(day) {
            days.on(day)
        } else {
            Demand::default()
        }
    }

    /// Begins the day of `now`, if it is another one.
    fn turn(&mut self, now: Timestamp) -> Vec<UsageEvent> {
        let day = self.offset.day(now);
        if day <= self.today {
            return Vec::new();
        }
        self.today = day;
        let labels = self.labels.iter_mut();
        labels
            .filter(|(_, usage)| usage.watches.iter().any(Watch::is_raised))
            .flat_map(|(label, usage)| usage.compare(label, day))
            .collect()
    }

    /// The place of a label, in the room of one that is no longer used if need be.
    fn entry(&mut self, label: &str) -> Option<&mut Usage> {
        if !self.labels.contains_key(label) {
            if self.labels.len() >= self.most_labels {
                let unused = self.labels.iter().find(|(_, usage)| {
                    let last = usage.days.0.back();
                    usage.watches.is_empty() && last.is_none_or(|last| !self.is_kept(last.day))
                });
                let unused = unused.map(|(label, _)| label.clone())?;
                self.labels.remove(&unused);
            }
            self.labels.insert(label.into(), Usage::default());
        }
        self.labels.get_mut(label)
    }

    /// The first day that is kept.
    const fn oldest(&self) -> i64 {
        self.today.saturating_sub(self.days as i64 - 1)
    }

    const fn is_kept(&self, day: i64) -> bool {
        day >= self.oldest()
    }
}

impl Usage {
    fn compare(&mut self, label: &str, today: i64) -> Vec<UsageEvent> {
        let used = self.days.on(today);
        let watches = self.watches.iter_mut();
        watches
            .flat_map(|watch| watch.compare(label, watch.dimension.cost(used), today))
            .collect()
    }
}

impl Days {
    fn on(&self, day: i64) -> Demand {
        let mut days = self.0.iter().rev();
        let found = days.find(|usage| usage.day == day);
        found.map_or_else(Demand::default, |usage| usage.used)
    }

    /// Adds to the latest day, and forgets those before `oldest`.
    fn add(&mut self, today: i64, oldest: i64, used: Demand) {
        if self.0.back().is_none_or(|last| last.day < today) {
            self.0.retain(|usage| usage.day >= oldest);
            self.0.push_back(DayUsage {
                day: today,
                used: Demand::default(),
            });
        }
        if let Some(last) = self.0.back_mut() {
            let Demand {
                requests,
                input_tokens,
                output_tokens,
            } = &mut last.used;
            *requests = requests.saturating_add(used.requests);
            *input_tokens = input_tokens.saturating_add(used.input_tokens);
            *output_tokens = output_tokens.saturating_add(used.output_tokens);
        }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no room for the usage of another label")
    }
}

impl error::Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_by_days_and_labels() {
        let mut usage = UsageTracker::new(DayOffset::UTC, 3, 2);
        for day in 0..100 {
            let now = Timestamp::from_nanos(day * 86_400_000_000_000);
            for label in ["a", "b", "c"] {
                usage.record(now, label, Demand::default());
            }
        }
        assert_eq!(usage.labels.len(), 2);
        let kept = usage.labels.values().map(|usage| usage.days.0.len());
        assert_eq!(kept.collect::<Vec<_>>(), [3, 3]);
        assert_eq!(usage.others.0.len(), 3);
    }
}
