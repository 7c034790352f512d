//! Deferrable work runs within its windows, and the next of them begins when it is said to.

use paceline_core::Timestamp;
use paceline_router::{DayOffset, OffPeak, OffPeakError, OffsetError};
use proptest::{collection::vec, prelude::*};

const MINUTE: u64 = 60_000_000_000;

fn minute(n: u64) -> Timestamp {
    Timestamp::from_nanos(n * MINUTE)
}

/// Every minute of a day that the windows cover, by walking through them.
fn covered(windows: &[(u16, u16)]) -> Vec<bool> {
    let mut covered = vec![false; 1_440];
    for &(from, to) in windows {
        let mut minute = from;
        loop {
            covered[usize::from(minute)] = true;
            minute += 1;
            if minute == to {
                break;
            }
            minute %= 1_440;
            if minute == to {
                break;
            }
        }
    }
    covered
}

prop_compose! {
    fn windows()(pairs in vec((0..1_440_u16, 1..=1_440_u16), 0..4)) -> Vec<(u16, u16)> {
        pairs.into_iter().filter(|(from, to)| from != to).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_walking_through_the_minutes(
        windows in windows(), offset in -1_439..=1_439_i16, day in 1..20_000_u64,
        time in 0..1_440_u64, within in 0..MINUTE,
    ) {
        let plan = OffPeak::new(DayOffset::new(offset).expect("below a day"), &windows).expect("legal");
        let covered = covered(&windows);
        let now = Timestamp::from_nanos((day * 1_440 + time) * MINUTE + within);
        let local = (time as i64 + i64::from(offset)).rem_euclid(1_440);
        let local = usize::try_from(local).expect("a minute of the day");
        prop_assert_eq!(plan.is_off_peak(now), covered[local]);

        let next = plan.next_off_peak_at(now);
        if covered[local] {
            prop_assert_eq!(next, Some(now));
            return Ok(());
        }
        // The first full minute that is covered.
        let wait = (1..=1_440).find(|wait| covered[(local + wait) % 1_440]);
        prop_assert_eq!(next, wait.map(|wait| minute(day * 1_440 + time + wait as u64)));
        if let Some(next) = next {
            prop_assert!(plan.is_off_peak(next));
            prop_assert!(!plan.is_off_peak(Timestamp::from_nanos(next.as_nanos() - 1)));
        }
    }
}

#[test]
fn a_night_wraps_midnight() {
    let nights = OffPeak::new(DayOffset::UTC, &[(22 * 60, 6 * 60)]).expect("legal");
    let off_peak = [0, 5 * 60 + 59, 6 * 60, 21 * 60 + 59, 22 * 60, 23 * 60 + 59]
        .map(|time| nights.is_off_peak(minute(time)));
    assert_eq!(off_peak, [true, true, false, false, true, true]);
    assert_eq!(
        nights.next_off_peak_at(minute(6 * 60)),
        Some(minute(22 * 60))
    );
}

#[test]
fn the_whole_day_and_no_time_at_all() {
    let always = OffPeak::new(DayOffset::UTC, &[(0, 1_440)]).expect("legal");
    let never = OffPeak::new(DayOffset::UTC, &[]).expect("legal");
    for now in [Timestamp::EPOCH, minute(1_439), Timestamp::MAX] {
        assert_eq!(always.next_off_peak_at(now), Some(now));
        assert_eq!(never.next_off_peak_at(now), None);
    }
    // Until midnight is not past it.
    let evenings = OffPeak::new(DayOffset::UTC, &[(1_200, 1_440)]).expect("legal");
    assert!(!evenings.is_off_peak(minute(1_440)));
    assert_eq!(
        evenings.next_off_peak_at(minute(1_440)),
        Some(minute(2_640))
    );
}

#[test]
fn the_ends_of_time_are_in_range() {
    let behind = DayOffset::new(-1_439).expect("below a day");
    // 1969-12-31 00:01.
    assert_eq!(behind.day(Timestamp::EPOCH), -1);
    let plan = OffPeak::new(behind, &[(2, 3)]).expect("legal");
    assert_eq!(plan.next_off_peak_at(Timestamp::EPOCH), Some(minute(1)));
    let ahead = DayOffset::new(1_439).expect("below a day");
    // At 23:34:33 UTC of the last day it is 23:33:33 of another one there.
    assert_eq!(
        ahead.day(Timestamp::MAX),
        DayOffset::UTC.day(Timestamp::MAX) + 1
    );
    let plan = OffPeak::new(ahead, &[(1_412, 1_413)]).expect("legal");
    assert_eq!(plan.next_off_peak_at(Timestamp::MAX), Some(Timestamp::MAX));
}

#[test]
fn what_is_not_of_a_day_is_refused() {
    for window in [(1_440, 5), (0, 1_441), (5, 0), (7, 7)] {
        assert_eq!(OffPeak::new(DayOffset::UTC, &[window]), Err(OffPeakError));
    }
    for minutes in [-1_440, 1_440, i16::MIN, i16::MAX] {
        assert_eq!(DayOffset::new(minutes), Err(OffsetError));
    }
}
