use paceline_core::Timestamp;

use super::statistics::{digits, number};

/// A day has too few hours to tell a habit from an accident; two days show it twice.
const DAYS_FOR_HOURS: f64 = 2.0;
/// The same for days of the week.
const DAYS_FOR_WEEK: f64 = 14.0;
const HOUR_S: f64 = 3_600.0;
const WEEK: usize = 7 * 24;

/// How the rate of a trace follows the clock.
#[derive(Debug)]
pub(super) struct FittedProfile {
    hourly: [f64; 24],
    weekly: Option<[f64; 7]>,
    /// The hour of the week, from Monday on, in which the trace starts, and how far it is in, in seconds.
    start: (usize, f64),
}

impl FittedProfile {
    /// The profile of arrivals that last for days; none of shorter ones.
    pub(super) fn of(at_s: &[f64], starts_at: Timestamp) -> Option<Self> {
        let span_s = at_s.last().copied().unwrap_or_default();
        if span_s < DAYS_FOR_HOURS * 24.0 * HOUR_S {
            return None;
        }
        let start = hour_of_week(starts_at);
        let weeks = span_s >= DAYS_FOR_WEEK * 24.0 * HOUR_S;
        let (mut arrivals, mut exposure) = ([0.0; WEEK], [0.0; WEEK]);
        let mut from = 0;
        for (hour, begins_s, ends_s) in hours(start, span_s) {
            let within = at_s[from..].partition_point(|at_s| *at_s < ends_s);
            from += within;
            arrivals[hour] += number(within);
            exposure[hour] += ends_s - begins_s;
        }
        let per_s = number(at_s.len()) / span_s;
        let factor = |chosen: &dyn Fn(usize) -> bool, per_s: &dyn Fn(usize) -> f64| {
            let chosen = (0..WEEK).filter(|&hour| chosen(hour));
            let (found, expected) = chosen.fold((0.0, 0.0), |(found, expected), hour| {
                (found + arrivals[hour], expected + exposure[hour] * per_s(hour))
            });
            if expected > 0.0 { found / expected } else { 0.0 }
        };
        let mut hourly = [1.0; 24];
        for (place, hourly) in hourly.iter_mut().enumerate() {
            *hourly = factor(&|hour| hour % 24 == place, &|_| per_s);
        }
        let weekly = weeks.then(|| {
            let mut weekly = [1.0; 7];
            for (place, weekly) in weekly.iter_mut().enumerate() {
                *weekly = factor(&|hour| hour / 24 == place, &|hour| per_s * hourly[hour % 24]);
            }
            weekly
        });
        Some(Self {
            hourly: with_mean_1(hourly),
            weekly: weekly.map(with_mean_1),
            start,
        })
    }

    fn factor(&self, hour: usize) -> f64 {
        self.hourly[hour % 24] * self.weekly.map_or(1.0, |weekly| weekly[hour / 24])
    }

    /// The times, which are sorted, on a clock on which the rate does not follow the hours.
    pub(super) fn level(&self, at_s: &[f64]) -> Vec<f64> {
        let span_s = at_s.last().copied().unwrap_or_default();
        let (mut seen_s, mut from, mut level) = (0.0, 0, Vec::with_capacity(at_s.len()));
        for (hour, begins_s, ends_s) in hours(self.start, span_s + 1.0) {
            let factor = self.factor(hour);
            let within = at_s[from..].partition_point(|at_s| *at_s < ends_s);
            let within = &at_s[from..from + within];
            from += within.len();
            level.extend(within.iter().map(|at_s| seen_s + (at_s - begins_s) * factor));
            seen_s += (ends_s - begins_s) * factor;
        }
        level
    }

    /// The lines of a scenario.
    pub(super) fn lines(&self) -> String {
        let list = |factors: &[f64]| {
            let factors: Vec<_> = factors.iter().map(|factor| digits(*factor)).collect();
            factors.join(", ")
        };
        let mut text = format!("profile.hourly = [{}]\n", list(&self.hourly));
        if let Some(weekly) = &self.weekly {
            text += &format!("profile.weekly = [{}]\n", list(weekly));
        }
        text
    }
}

/// The hours of the week through which a time goes, each with its begin and end in seconds.
fn hours(start: (usize, f64), span_s: f64) -> impl Iterator<Item = (usize, f64, f64)> {
    let (mut hour, mut ends_s, mut begins_s) = (start.0, HOUR_S - start.1, 0.0);
    std::iter::from_fn(move || {
        if begins_s >= span_s {
            return None;
        }
        let this = (hour, begins_s, ends_s.min(span_s));
        begins_s = ends_s;
        ends_s += HOUR_S;
        hour = (hour + 1) % WEEK;
        Some(this)
    })
}

fn hour_of_week(at: Timestamp) -> (usize, f64) {
    // 1970 began on a Thursday, three days after a Monday.
    let since_s = at.as_nanos() / 1_000_000_000 + 3 * 86_400;
    let hour = usize::try_from(since_s / 3_600 % 168).unwrap_or_default();
    let into = u32::try_from(since_s % 3_600).unwrap_or_default();
    (hour, f64::from(into))
}

fn with_mean_1<const N: usize>(factors: [f64; N]) -> [f64; N] {
    let mean = factors.iter().sum::<f64>() / number(N);
    factors.map(|factor| factor / mean)
}
