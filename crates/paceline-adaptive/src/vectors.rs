//! The rate on the curve, and after whole conversations, against values computed elsewhere.

use std::{fs, path::Path, prelude::v1::*};

use paceline_core::Timestamp;

use crate::{
    CubicRate, Rate,
    curve::{BETA, Curve},
};

const PER_SECOND: f64 = 1e12;

fn at(seconds: f64) -> Timestamp {
    // Vectors count tenths of seconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and positive"
    )]
    Timestamp::from_nanos((seconds * 10.0).round() as u64 * 100_000_000)
}

#[expect(clippy::cast_precision_loss, reason = "of 53 bits, 40 are needed")]
fn cells(rate: Rate) -> f64 {
    rate.as_picos() as f64 / PER_SECOND
}

/// All 32 published vectors, where they are at hand.
#[test]
fn published_vectors_hold_to_a_billionth() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/aws_cubic_vectors.csv");
    let Ok(text) = fs::read_to_string(&file) else {
        return;
    };
    let mut whole = CubicRate::new(Timestamp::EPOCH);
    let success_only = Curve::new(Rate::per_second(10), at(5.0));
    let mut with_throttles = success_only;
    let mut throttled_to = Rate::ZERO;
    let mut seen = 0;
    for row in text.lines().skip(1) {
        let row: Vec<&str> = row.split(',').collect();
        let time: f64 = row[1].parse().expect("a time");
        let published: f64 = row[3].parse().expect("a rate");
        let (now, ok) = (at(time), row[2] == "ok");
        let rate = if row[0].starts_with("sending_rates") {
            if ok {
                whole.succeeded(now);
            } else {
                whole.throttled(now);
            }
            whole.rate()
        } else if row[0].starts_with("success_only") {
            success_only.at(now)
        } else {
            // These vectors throttle from the rate before, and put what is left on top of the curve.
            if !ok {
                throttled_to = throttled_to.times(BETA.0, BETA.1);
                with_throttles = Curve::new(throttled_to, now);
            } else {
                throttled_to = with_throttles.at(now);
            }
            throttled_to
        };
        let off = (cells(rate) - published).abs();
        assert!(off <= 1e-9, "{row:?}: {rate:?}");
        seen += 1;
    }
    assert_eq!(seen, 32);
}

/// Computed with 60 decimal digits: top and milliseconds, and the rate in 10^-12 a second.
const ON_THE_CURVE: [(u64, u64, u64); 8] = [
    (10_000_000, 0, 7_000_000_000_000),
    (10_000_000, 1_000, 9_648_936_009_660),
    (10_000_000, 4_000, 13_408_697_022_224),
    (3_000_000, 2_000, 3_131_191_927_091),
    (123_000_000, 7_500, 133_602_039_433_636),
    (500_000, 3_000, 5_233_927_761_087),
    (87_654_321, 20_000, 1_715_037_870_866_821),
    (1_000_000_000_000, 60_000, 988_248_856_749_290_637),
];

#[test]
fn the_curve_is_right_to_a_billionth() {
    let start = Timestamp::from_nanos(1_790_000_000_123_456_789);
    for (top, after_ms, expected) in ON_THE_CURVE {
        let curve = Curve::new(Rate::from_picos(top * 1_000_000), start);
        let now = Timestamp::from_nanos(start.as_nanos() + after_ms * 1_000_000);
        let got = curve.at(now).as_picos();
        let tolerance = 1_000.max(expected / 1_000_000_000);
        assert!(
            got.abs_diff(expected) <= tolerance,
            "{top} after {after_ms}: {got}"
        );
    }
}
