//! One refusal pauses everybody, and the gate opens one request at a time.

use std::time::Duration;

use paceline_admission::{Gate, GateError};
use paceline_core::{Denied, Limiter, Timestamp};
use paceline_laws::Schedule;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(MS * u32::try_from(ms).expect("short tests"))
}

fn opens_at(gate: &Gate, now: Timestamp) -> Timestamp {
    match gate.check(now, 1) {
        Ok(()) => now,
        Err(Denied::Until(at)) => at,
        Err(Denied::TooLarge { .. }) => panic!("a gate opens again"),
    }
}

#[test]
fn obeys_the_laws() {
    paceline_laws::obeys(Schedule::new(SECOND, 3), || Gate::new(1));
    paceline_laws::obeys(Schedule::new(SECOND, 3), || {
        let mut gate = Gate::new(2);
        gate.close(at(0), at(0), Some(5 * SECOND));
        gate
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody passes before the server's time, and then never two closer than half a spacing.
    #[test]
    fn it_reopens_after_the_hint_one_at_a_time(
        seed: u64, hint_ms in 0..90_000_u64, spacing_ms in 2..2_000_u64, polls in 1..300_u64,
    ) {
        let spacing = Duration::from_millis(spacing_ms);
        let mut gate = Gate::new(seed).with_spacing(spacing, MS).expect("in range");
        let hint = Duration::from_millis(hint_ms);
        gate.close(at(0), at(0), Some(hint));
        let reopens = Timestamp::EPOCH.saturating_add(hint);
        let first = opens_at(&gate, at(0));
        prop_assert!(reopens <= first && first <= reopens.saturating_add(spacing));

        let (mut last, mut now) = (None::<(Timestamp, Duration)>, first);
        for _ in 0..polls {
            let spacing = gate.spacing();
            if spacing.is_zero() {
                break;
            }
            if gate.try_acquire(now, 1).is_ok() {
                if let Some((last, spacing)) = last {
                    let apart = now.saturating_duration_since(last);
                    prop_assert!(apart >= spacing / 2, "{:?} apart", apart);
                }
                last = Some((now, spacing));
                prop_assert!(gate.spacing() < spacing, "it narrows");
            }
            now = now.saturating_add(spacing / 5);
        }
    }

    /// Whatever servers say, and however often, the gate opens within the longest pause after the last of it.
    #[test]
    fn no_hint_closes_it_for_longer_than_it_may(
        seed: u64, stated in prop::option::of(0..200_000_u64), hints in prop::collection::vec(
            (prop_oneof![0..400_000_u64, Just(u64::MAX), any::<u64>()], any::<bool>()), 1..20,
        ),
    ) {
        let longest = stated.map_or(Gate::LONGEST_PAUSE, Duration::from_secs);
        let mut gate = Gate::new(seed);
        if stated.is_some() {
            gate = gate.with_longest_pause(longest);
        }
        let (mut now, mut sent_at) = (at(0), at(0));
        for (hint, is_news) in hints {
            if is_news {
                now = opens_at(&gate, now).saturating_add(SECOND);
                sent_at = now;
            }
            gate.close(now, sent_at, Some(Duration::from_secs(hint)));
            let pause = opens_at(&gate, now).saturating_duration_since(now);
            let heard = Duration::from_secs(hint).min(longest);
            prop_assert!(heard <= pause && pause <= longest + 60 * SECOND, "{:?}", pause);
        }
    }

    /// A herd that was under way when the gate closed counts once.
    #[test]
    fn refusals_under_way_belong_to_one_pause(
        seed: u64, refusals in prop::collection::vec((0..500_u64, 0..3_000_u64), 1..40),
    ) {
        let mut one = Gate::new(seed);
        one.close(at(100), at(0), Some(SECOND));
        let mut herd = one.clone();
        let mut latest = opens_at(&one, at(100));
        let jitter = latest.saturating_duration_since(at(1_100));
        for &(late, hint_ms) in &refusals {
            let (now, hint) = (at(100 + late), Duration::from_millis(hint_ms));
            // Sent before it closed, or just then.
            herd.close(now, at(99 + late % 2), Some(hint));
            latest = latest.max(now.saturating_add(hint + jitter));
        }
        prop_assert_eq!(herd.spacing(), one.spacing());
        prop_assert_eq!(herd.opens_at(), latest);
    }

    /// A refusal widens the spacing by half, to a minute at most; but a pause that let hardly anybody pass
    /// says nothing about the pace.
    #[test]
    fn a_refusal_widens_the_spacing_by_half_unless_hardly_anybody_passed(
        seed: u64, spacing_ms in 100..60_000_u64, passed in prop::collection::vec(0..4_u32, 1..30),
    ) {
        let initial = Duration::from_millis(spacing_ms);
        let mut gate = Gate::new(seed).with_spacing(initial, MS).expect("in range");
        gate.close(at(0), at(0), Some(MS));
        prop_assert_eq!(gate.spacing(), initial);
        for passed in passed {
            let mut now = gate.opens_at();
            for _ in 0..passed {
                now = opens_at(&gate, now);
                gate.charge(now, 1);
            }
            let spacing = gate.spacing();
            // Sent after the gate had closed.
            now = now.saturating_add(MS);
            gate.close(now, now, Some(MS));
            let expected = match passed {
                0 | 1 => spacing,
                _ => (spacing + spacing / 2).min(60 * SECOND),
            };
            prop_assert_eq!(gate.spacing(), expected);
        }
    }
}

#[test]
fn a_clock_that_runs_back_tells_no_second_pause() {
    let mut gate = Gate::new(6);
    gate.close(at(500), at(1_000), Some(SECOND));
    let once = gate.clone();
    gate.close(at(501), at(1_000), None);
    assert_eq!(gate.spacing(), once.spacing());
    assert_eq!(gate.opens_at(), once.opens_at());
}

#[test]
fn requests_that_pass_while_it_stands_open_count() {
    let mut gate = Gate::new(7).with_spacing(MS, MS).expect("in range");
    let mut now = at(0);
    for _ in 0..5 {
        gate.close(now, now, None);
        let pause = gate.opens_at().saturating_duration_since(now);
        assert!(pause <= SECOND + MS, "{pause:?}");
        now = gate.opens_at();
        for _ in 0..3 {
            now = opens_at(&gate, now);
            gate.charge(now, 1);
        }
        assert_eq!(gate.spacing(), Duration::ZERO);
        now = now.saturating_add(SECOND);
    }
}

/// A server that states neither its pace nor when to come back is found out.
#[test]
fn it_finds_the_pace_that_the_server_allows() {
    for (seed, every_ms) in [(1, 20), (2, 100), (3, 700)] {
        let mut gate = Gate::new(seed);
        let (mut now, mut accepted, mut refused) = (at(0), 0, 0);
        let (mut free_at, mut began) = (at(0), at(0));
        for call in 0..6_000_u32 {
            if call == 1_000 {
                (accepted, refused, began) = (0, 0, now);
            }
            now = opens_at(&gate, now);
            gate.charge(now, 1);
            if now >= free_at {
                // One request per interval, and up to ten at once.
                let earliest = now.saturating_sub(9 * every_ms * MS);
                free_at = free_at.max(earliest).saturating_add(every_ms * MS);
                accepted += 1;
            } else {
                refused += 1;
                let until = free_at.saturating_duration_since(now);
                gate.close(now.saturating_add(MS), now, Some(until));
            }
        }
        let possible = now.saturating_duration_since(began).as_millis() / u128::from(every_ms);
        assert!(accepted * 10 >= possible * 7, "{accepted} of {possible}");
        assert!(
            refused * 15 <= accepted,
            "{refused} refused, {accepted} not"
        );
    }
}

#[test]
fn it_stands_open_until_the_first_refusal_and_again_in_the_end() {
    let mut gate = Gate::new(3);
    assert_eq!(gate.try_acquire(at(0), u64::MAX), Ok(()));
    assert_eq!(gate.available(at(0)), u64::MAX);
    gate.close(at(0), at(0), Some(SECOND));
    let mut now = at(0);
    let mut passed = 0;
    while gate.spacing() > Duration::ZERO {
        now = opens_at(&gate, now);
        gate.charge(now, 1);
        passed += 1;
    }
    // 100 ms narrow to 1 ms by 1/96 each: ln 100 / ln (96 / 95) = 439.8.
    assert!((435..=445).contains(&passed), "{passed}");
}

#[test]
fn a_refusal_without_a_hint_pauses_ever_longer_while_nobody_passes() {
    let mut gate = Gate::new(4);
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        gate.close(now, now, None);
        let reopens = opens_at(&gate, now);
        let spacing = gate.spacing();
        let pause = reopens.saturating_duration_since(now);
        pauses.push(pause.saturating_sub(spacing).as_secs_f64().ceil());
        now = reopens;
        gate.charge(now, 1);
    }
    let doubled = [
        1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 600.0, 600.0,
    ];
    assert_eq!(pauses, doubled);

    // Once several have passed, the next pause is a short one again.
    for _ in 0..3 {
        now = opens_at(&gate, now);
        gate.charge(now, 1);
    }
    let spacing = gate.spacing();
    gate.close(now, now, None);
    let pause = opens_at(&gate, now).saturating_duration_since(now);
    assert!(pause <= SECOND + 3 * spacing, "{pause:?}");
}

#[test]
fn several_at_once_wait_for_all_of_them() {
    let mut gate = Gate::new(8).with_spacing(SECOND, MS).expect("in range");
    gate.close(at(0), at(0), None);
    let now = gate.opens_at();
    gate.charge(now, 10);
    let pause = gate.opens_at().saturating_duration_since(now);
    assert!(5 * SECOND <= pause && pause <= 15 * SECOND, "{pause:?}");
}

#[test]
fn a_spacing_out_of_range_is_refused() {
    for (initial, least) in [(SECOND, Duration::ZERO), (MS, SECOND), (61 * SECOND, MS)] {
        let refused = Gate::new(0).with_spacing(initial, least);
        assert_eq!(refused.map(|_| ()), Err(GateError));
    }
}
