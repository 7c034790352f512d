use paceline_core::Timestamp;

use crate::scenario::profile::Profile;

/// The clock of a process whose rate follows the hours: it maps time as the process sees it, in which the
/// rate is constant, to real time.
///
/// The process has seen the integral of the factor over real time. The factor is constant within an hour,
/// so the integral is a line there, and its inverse is exact.
#[derive(Debug)]
pub(super) struct ProfileClock {
    /// The factor of each hour of a week, from the Monday on.
    factors: Vec<f64>,
    /// The hour of the week at hand.
    hour: usize,
    /// When that hour ends, in seconds since the start.
    ends_s: f64,
    /// What the process will have seen by then, in seconds.
    seen_s: f64,
}

const HOUR_S: u64 = 3_600;
const WEEK_S: u64 = 7 * 24 * HOUR_S;

impl ProfileClock {
    /// The clock of a process that starts at this time.
    pub(super) fn new(profile: &Profile, start: Timestamp) -> Self {
        let days = profile.weekly.iter();
        let factors = days.flat_map(|day| profile.hourly.iter().map(move |hour| day * hour));
        let factors: Vec<f64> = factors.collect();
        // 1970 began on a Thursday.
        let monday_s = 4 * 24 * HOUR_S;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number of minutes, below a day"
        )]
        let offset_s = (profile.utc_offset_h * 60.0).round() as i64 * 60;
        let ahead_s = offset_s.rem_euclid(WEEK_S.cast_signed()).unsigned_abs();
        let into_week_s = (start.as_nanos() / 1_000_000_000 + WEEK_S - monday_s + ahead_s) % WEEK_S;
        let hour = usize::try_from(into_week_s / HOUR_S).unwrap_or_default();
        let nanos = u32::try_from(start.as_nanos() % 1_000_000_000).unwrap_or_default();
        let left_s = u32::try_from(HOUR_S - into_week_s % HOUR_S).unwrap_or_default();
        let ends_s = f64::from(left_s) - f64::from(nanos) / 1e9;
        Self {
            seen_s: ends_s * factors[hour],
            factors,
            hour,
            ends_s,
        }
    }

    /// The real time at which the process has seen so much; never asked for less than before.
    pub(super) fn real(&mut self, seen_s: f64) -> f64 {
        // Beyond the timeline nothing arrives, and no hour is worth counting.
        if !seen_s.is_finite() {
            return seen_s;
        }
        while self.seen_s < seen_s {
            self.hour = (self.hour + 1) % self.factors.len();
            self.ends_s += 3_600.0;
            self.seen_s += 3_600.0 * self.factors[self.hour];
            if self.ends_s > 1e11 {
                return f64::INFINITY;
            }
        }
        match self.factors[self.hour] {
            // Nothing happens in this hour, so whatever it was happened as it began.
            0.0 => self.ends_s - 3_600.0,
            factor => self.ends_s - (self.seen_s - seen_s) / factor,
        }
    }
}
