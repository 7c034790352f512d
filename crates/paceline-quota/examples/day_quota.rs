//! Spends a free tier of 20 requests a day, which ends at midnight in California.

use jiff::tz::TimeZone;
use paceline_core::{Limiter, Timestamp};
use paceline_quota::{CalendarUnit, QuotaTracker, Window};

#[expect(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() -> Result<(), jiff::Error> {
    let pacific = TimeZone::get("America/Los_Angeles")?;
    let mut quota = QuotaTracker::new(20, Window::calendar(CalendarUnit::Day, pacific.clone()));

    // The day on which clocks go back: it has 25 hours.
    let midnight: jiff::Timestamp = "2026-11-01T07:00:00Z".parse()?;
    for hour in (0..30).step_by(2) {
        let moment = midnight + jiff::SignedDuration::from_hours(hour);
        let nanos = u64::try_from(moment.as_nanosecond()).unwrap_or(0);
        let now = Timestamp::from_nanos(nanos);
        let sent = (0..2).filter(|_| quota.try_acquire(now, 1).is_ok()).count();
        let local = moment.to_zoned_datetime(pacific.clone());
        print!(
            "{} sent {sent}, {:2} left",
            local.strftime("%a %H:%M"),
            quota.available(now)
        );
        for alert in quota.alerts(now) {
            print!(", {} % used", alert.percent);
        }
        println!();
    }
    Ok(())
}
