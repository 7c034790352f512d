//! Durations, points in time and refills come out as they were written.

use std::time::Duration;

use paceline_core::{LimitWindow, Timestamp};
use paceline_wire::{pairs, read};
use proptest::{prelude::*, test_runner::Config};

const NOON: Timestamp = Timestamp::from_nanos(1_795_521_600_000_000_000);

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1_024, ..Config::default() })]

    #[test]
    fn durations_are_read_to_the_millisecond(
        days in 0..20_u64, hours in 0..24_u64, minutes in 0..60_u64, millis in 0..60_000_u64,
    ) {
        let mut text = String::new();
        for (count, unit) in [(days, 'd'), (hours, 'h'), (minutes, 'm')] {
            if count > 0 {
                text += &format!("{count}{unit}");
            }
        }
        text += &format!("{}.{:03}s", millis / 1_000, millis % 1_000);
        let millis = ((days * 24 + hours) * 60 + minutes) * 60_000 + millis;
        let wanted = Some(Duration::from_millis(millis));
        let headers = [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", &*text)];
        prop_assert_eq!(read(429, pairs(&headers), b"", NOON).retry_after(NOON), wanted);
        let prose = format!("Please try again in {text}. Bye.");
        prop_assert_eq!(read(429, pairs::<&str, &str>(&[]), prose.as_bytes(), NOON).retry_after(NOON), wanted);
        // Any letter more, and it is nothing.
        let prose = format!("Please try again in {text}x. Bye.");
        prop_assert_eq!(read(429, pairs::<&str, &str>(&[]), prose.as_bytes(), NOON).hint, None);
    }

    #[test]
    fn moments_are_read_to_the_second_in_every_form(seconds in 0..18_000_000_000_u64) {
        let at = Timestamp::from_nanos(seconds * 1_000_000_000);
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        let name = MONTHS[usize::try_from(month - 1).expect("a month")];
        let mut forms = vec![
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
            format!("Xyz, {day:02} {name} {year} {hour:02}:{minute:02}:{second:02} GMT"),
            format!("Xyz {name} {day:2} {hour:02}:{minute:02}:{second:02} {year}"),
        ];
        if (1_977..=2_076).contains(&year) {
            let year = year % 100;
            forms.push(format!("Friday, {day:02}-{name}-{year:02} {hour:02}:{minute:02}:{second:02} GMT"));
        }
        if seconds > 1_000_000_000 {
            forms.push(seconds.to_string());
            forms.push(format!("{seconds}000"));
        }
        for form in forms {
            let feedback = read(429, pairs(&[("retry-after", &form)]), b"", NOON);
            prop_assert_eq!(feedback.hint.map(|hint| hint.at), Some(at), "{}", form);
        }
    }

    #[test]
    fn a_refill_tells_the_window(limit in 1..2_000_000_u64, used in any::<u64>(), day in any::<bool>()) {
        let used = 1 + used % limit;
        let window = if day { 86_400_000 } else { 60_000 };
        let reset = u128::from(used) * window / u128::from(limit);
        let reset = format!("{}ms", reset);
        let (limit, remaining) = (limit.to_string(), (limit - used).to_string());
        let headers = [
            ("x-ratelimit-limit-requests", &limit),
            ("x-ratelimit-remaining-requests", &remaining),
            ("x-ratelimit-reset-requests", &reset),
        ];
        let window = if day { LimitWindow::DAY } else { LimitWindow::MINUTE };
        // A few milliseconds fit both.
        let feedback = read(200, pairs(&headers), b"", NOON);
        if reset.len() > "00ms".len() {
            prop_assert_eq!(feedback.limits[0].window, Some(window));
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Year, month and day, by eras of 400 years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}
