use core::time::Duration;

use paceline_core::{LimitReading, LimitWindow, Metric, Timestamp};

/// How long a window lasts; none if what was read makes no sense.
///
/// A month is as long as the longest, so that no month holds more than its limit.
pub(crate) fn span(window: LimitWindow) -> Option<Duration> {
    match window {
        LimitWindow::Span(span) => (SHORTEST..=LONGEST).contains(&span).then_some(span),
        _ => Some(LONGEST),
    }
}

/// The window that a reading states.
///
/// For requests it may have been concluded from the reset, and then it is no more than that.
pub(crate) fn stated(reading: &LimitReading, now: Timestamp) -> Option<Duration> {
    let window = span(reading.window?)?;
    let concluded = reading.metric == Metric::Requests && fits(reading, now, window) == Some(true);
    (!concluded).then_some(window)
}

/// The window of a limit that replenishes all the time: a minute or a day if the arithmetic says so.
pub(crate) fn told(reading: &LimitReading, now: Timestamp) -> Option<Duration> {
    [MINUTE, DAY]
        .into_iter()
        .find(|window| is_certain(reading, now, *window))
}

/// Whether the reset is where it is for a limit that replenishes all the time over this window:
/// `used * window / limit` later it is full again, or up to a cell earlier.
///
/// `None` if the reading does not say enough.
pub(crate) fn fits(reading: &LimitReading, now: Timestamp, window: Duration) -> Option<bool> {
    let Arithmetic { used, reset, full } = Arithmetic::of(reading, now, window)?;
    let cell = full / u128::from(used);
    Some(reset <= full + ROUNDING && reset + cell + ROUNDING >= full)
}

/// Whether it fits, and hardly by chance: to the millisecond, or to an eighth.
fn is_certain(reading: &LimitReading, now: Timestamp, window: Duration) -> bool {
    let exactly = |of: Arithmetic| of.reset.abs_diff(of.full) <= ROUNDING || of.used >= 8;
    fits(reading, now, window) == Some(true)
        && Arithmetic::of(reading, now, window).is_some_and(exactly)
}

/// Whether it fits, and a window of the clock would not.
///
/// `None` if both could be, as near the end of what such a window allows.
pub(crate) fn replenishes(
    reading: &LimitReading,
    now: Timestamp,
    window: Duration,
) -> Option<bool> {
    let fits = fits(reading, now, window)?;
    let much = reading.remaining? < reading.limit? / 2;
    (!fits || !much).then_some(fits)
}

struct Arithmetic {
    /// At least one.
    used: u64,
    /// In nanoseconds, as is the time in which what is used replenishes.
    reset: u128,
    full: u128,
}

impl Arithmetic {
    /// When nothing is left, some say when the next request passes, so that says nothing.
    fn of(reading: &LimitReading, now: Timestamp, window: Duration) -> Option<Self> {
        let (limit, remaining) = (reading.limit?, reading.remaining.filter(|left| *left > 0)?);
        let used = limit.checked_sub(remaining).filter(|used| *used > 0)?;
        Some(Self {
            used,
            reset: reading.reset_at?.saturating_duration_since(now).as_nanos(),
            // Below 2^64 * 2^52.
            full: u128::from(used) * window.as_nanos() / u128::from(limit),
        })
    }
}

/// What is written is rounded to milliseconds, and arrives some later.
const ROUNDING: u128 = 2_000_000;

/// The shortest usual window in which the reset can lie, a minute at least; none if there is no reset.
pub(crate) fn at_least(reading: &LimitReading, now: Timestamp) -> Option<Duration> {
    let reset = reading
        .reset_at
        .filter(|at| *at > now)?
        .saturating_duration_since(now);
    let usual = [MINUTE, HOUR, DAY]
        .into_iter()
        .find(|window| *window >= reset);
    Some(usual.unwrap_or(LONGEST))
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Windows are a second or longer wherever they are documented.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest month.
pub(crate) const LONGEST: Duration = Duration::from_secs(31 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

    fn reading(limit: u64, remaining: u64, reset_ms: u64) -> LimitReading {
        let mut reading = LimitReading::of(Metric::Requests);
        (reading.limit, reading.remaining) = (Some(limit), Some(remaining));
        reading.reset_at = Some(NOW.saturating_add(Duration::from_millis(reset_ms)));
        reading
    }

    #[test]
    fn minutes_and_days_are_told_apart() {
        assert_eq!(told(&reading(10_000, 9_999, 8_640), NOW), Some(DAY));
        assert_eq!(told(&reading(1_000, 999, 86_400), NOW), Some(DAY));
        assert_eq!(told(&reading(8_000, 7_914, 645), NOW), Some(MINUTE));
        assert_eq!(told(&reading(500, 499, 120), NOW), Some(MINUTE));
        assert_eq!(told(&reading(500, 500, 0), NOW), None);
        assert_eq!(told(&reading(500, 400, 59_000), NOW), None);
        assert_eq!(told(&reading(1_000, 900, 8_600_000), NOW), Some(DAY));
        // One of thirty fits every reset of a day's thirtieth.
        assert_eq!(told(&reading(30, 29, 59_000), NOW), None);
        assert_eq!(told(&reading(60, 0, 1_000), NOW), None);
    }

    #[test]
    fn what_a_window_of_the_clock_could_say_tells_nothing() {
        assert_eq!(replenishes(&reading(60, 1, 59_000), NOW, MINUTE), None);
        assert_eq!(
            replenishes(&reading(60, 1, 30_000), NOW, MINUTE),
            Some(false)
        );
        assert_eq!(
            replenishes(&reading(60, 40, 20_000), NOW, MINUTE),
            Some(true)
        );
    }

    #[test]
    fn a_window_that_may_be_concluded_is_not_stated() {
        let mut guessed = reading(30, 29, 59_000);
        guessed.window = Some(LimitWindow::DAY);
        assert_eq!(stated(&guessed, NOW), None);
        guessed.metric = Metric::Tokens;
        assert_eq!(stated(&guessed, NOW), Some(DAY));
        let mut of_the_calendar = reading(14_400, 14_000, 30_000_000);
        of_the_calendar.window = Some(LimitWindow::DAY);
        assert_eq!(stated(&of_the_calendar, NOW), Some(DAY));
    }

    #[test]
    fn a_window_holds_its_reset() {
        assert_eq!(at_least(&reading(1, 1, 800), NOW), Some(MINUTE));
        assert_eq!(at_least(&reading(1, 1, 60_001), NOW), Some(HOUR));
        assert_eq!(at_least(&reading(1, 1, 80_000_000), NOW), Some(DAY));
        assert_eq!(
            at_least(&reading(1, 1, u64::MAX / 1_000_000), NOW),
            Some(LONGEST)
        );
    }

    #[test]
    fn windows_that_make_no_sense_are_unknown() {
        assert_eq!(span(LimitWindow::Span(Duration::ZERO)), None);
        assert_eq!(span(LimitWindow::Span(Duration::MAX)), None);
        assert_eq!(span(LimitWindow::SECOND), Some(Duration::from_secs(1)));
        assert_eq!(span(LimitWindow::Month), Some(LONGEST));
    }
}
