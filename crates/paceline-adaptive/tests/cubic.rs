//! The limiter of the AWS SDKs: the laws, what it admits, and its rates.

use std::time::Duration;

use paceline_adaptive::{CubicRate, Rate};
use paceline_core::{Denied, Limiter, Timestamp};
use paceline_laws::Schedule;
use proptest::prelude::*;

const fn at(ms: u64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

/// A limiter that is enabled and sends so many requests a second.
fn enabled(rate: u64) -> CubicRate {
    let mut limiter = CubicRate::new(at(0));
    for n in 0..3 * rate {
        limiter.succeeded(at(n * 1_000 / rate));
    }
    limiter.throttled(at(3_000));
    limiter
}

#[test]
fn obeys_the_laws() {
    for rate in [1, 2, 7, 40] {
        let schedule = Schedule::new(Duration::from_secs(2), 50);
        paceline_laws::obeys(schedule, || enabled(rate));
    }
    let schedule = Schedule::new(Duration::from_secs(2), u64::MAX);
    paceline_laws::obeys(schedule, || CubicRate::new(at(0)));
    paceline_laws::obeys(schedule, || enabled(1_000));
}

#[test]
fn admits_everything_until_the_first_refusal() {
    let mut limiter = CubicRate::new(at(0));
    limiter.charge(at(0), u64::MAX);
    limiter.succeeded(at(900));
    assert_eq!(limiter.available(at(900)), u64::MAX);
    limiter.throttled(at(1_000));
    assert!(limiter.available(at(1_000)) < u64::MAX);
}

/// Half a millisecond short is a wait, as is a picocell: `Until` is later than `now`.
#[test]
fn a_shortfall_below_a_nanosecond_is_a_wait_and_not_a_spin() {
    let mut limiter = enabled(7);
    let mut now = at(3_000);
    let mut asked = 0;
    for _ in 0..1_000 {
        while let Err(denied) = limiter.try_acquire(now, 1) {
            let retry_at = denied.retry_at().expect("one is never too large");
            assert!(retry_at > now, "spins at {now:?}");
            (now, asked) = (retry_at, asked + 1);
        }
    }
    assert!(asked <= 1_000, "a wait was too short: asked {asked} times");
}

#[test]
fn callers_that_ask_at_once_share_what_there_is() {
    let mut limiter = enabled(10);
    let now = at(60_000);
    let admitted = (0..1_000)
        .filter(|_| limiter.try_acquire(now, 1).is_ok())
        .count();
    // A second's worth of seven, which is 7/10 of ten, measured a little high or low.
    assert!((6..=8).contains(&admitted), "{admitted}");
    assert!(
        matches!(limiter.check(now, 1), Err(Denied::Until(at)) if at <= now.saturating_add(Duration::from_secs(1)))
    );
}

#[test]
fn what_replenished_before_a_change_did_so_at_the_old_rate() {
    let mut limiter = enabled(10);
    let start = at(60_000);
    while limiter.try_acquire(start, 1).is_ok() {}
    // Less than nothing is left, so that the fraction that was cannot make up for a lower rate.
    limiter.charge(start, 1);
    // Hardly anything was sent for a minute, so the rate falls to a fifth: 0.56 cells in 0.4 s.
    limiter.throttled(at(60_400));
    assert!(limiter.rate() < Rate::from_picos(1_420_000_000_000));
    // At the old rate it was more than the new capacity, a cell and a fraction.
    assert_eq!(limiter.available(at(60_400)), 1);
}

#[test]
fn the_rate_never_exceeds_twice_what_was_measured() {
    let mut limiter = enabled(10);
    // One response every two seconds, for an hour.
    for n in 0..1_800 {
        limiter.succeeded(at(5_000 + 2_000 * n));
    }
    let measured = Rate::from_picos(500_000_000_000);
    assert!(limiter.rate() <= Rate::from_picos(2 * measured.as_picos() + 1_000));
    assert!(limiter.rate() > measured);
}

/// Milliseconds, whether refused, and the rate in 10^-12 a second: computed with 60 decimal digits.
const CONVERSATION: [(u64, bool, u64); 60] = [
    (100_588, false, 500_000_000_000),
    (100_738, false, 500_000_000_000),
    (101_137, false, 500_000_000_000),
    (101_340, false, 518_011_600_000),
    (101_713, false, 1_252_543_938_800),
    (102_111, false, 2_578_096_152_400),
    (102_464, false, 4_341_030_537_600),
    (102_755, false, 6_287_575_050_000),
    (102_789, false, 6_547_086_727_600),
    (103_047, false, 7_870_464_000_000),
    (103_194, false, 7_870_464_000_000),
    (103_546, false, 7_974_092_800_000),
    (103_592, false, 7_974_092_800_000),
    (103_692, true, 2_790_932_480_000),
    (103_769, true, 1_953_652_736_000),
    (103_979, false, 2_302_019_972_163),
    (104_239, false, 2_578_988_985_529),
    (104_385, false, 2_674_255_718_903),
    (104_599, false, 2_754_677_665_957),
    (104_897, false, 2_789_549_948_287),
    (104_969, false, 2_790_733_797_933),
    (105_282, false, 2_796_044_817_882),
    (105_429, false, 2_813_021_009_104),
    (105_455, false, 2_817_861_328_849),
    (105_849, false, 2_996_351_090_223),
    (105_979, false, 3_113_511_156_225),
    (106_207, false, 3_413_362_748_865),
    (106_370, false, 3_714_698_194_655),
    (106_483, false, 3_972_445_027_569),
    (106_702, false, 4_600_241_028_374),
    (106_803, true, 3_220_168_719_862),
    (106_859, false, 3_367_989_703_749),
    (106_950, false, 3_585_028_936_439),
    (107_286, false, 4_165_620_175_690),
    (107_622, false, 4_467_659_176_654),
    (107_869, false, 4_564_979_222_167),
    (107_953, false, 4_581_413_885_946),
    (108_040, false, 4_592_007_634_718),
    (108_060, false, 4_593_681_850_945),
    (108_082, false, 4_595_242_530_482),
    (108_209, false, 4_599_777_234_466),
    (108_339, false, 4_600_247_236_320),
    (108_443, false, 4_601_098_582_218),
    (108_548, false, 4_605_362_498_195),
    (108_716, false, 4_626_216_054_757),
    (108_896, false, 4_679_073_134_722),
    (109_017, false, 4_739_179_273_097),
    (109_313, false, 4_998_974_928_013),
    (109_680, false, 5_619_673_554_571),
    (110_020, false, 5_034_948_565_380),
    (110_144, false, 5_034_948_565_380),
    (110_257, false, 5_034_948_565_380),
    (110_630, true, 3_524_463_995_766),
    (110_750, false, 3_847_440_238_336),
    (110_966, false, 4_306_414_514_467),
    (111_138, false, 4_572_919_660_578),
    (111_169, false, 4_612_674_292_255),
    (111_373, false, 4_819_026_265_790),
    (111_605, false, 4_956_001_057_853),
    (111_709, false, 4_991_199_983_320),
];

#[test]
fn a_conversation_has_the_rates_that_exact_arithmetic_gives() {
    let mut limiter = CubicRate::new(at(100_250));
    for (ms, refused, expected) in CONVERSATION {
        if refused {
            limiter.throttled(at(ms));
        } else {
            limiter.succeeded(at(ms));
        }
        let got = limiter.rate().as_picos();
        assert!(
            got.abs_diff(expected) <= 1_000,
            "at {ms}: {got} for {expected}"
        );
    }
}

/// The published algorithm in floating point.
struct Reference {
    top: f64,
    since: f64,
    measured: f64,
    count: f64,
    bucket: f64,
    rate: f64,
    enabled: bool,
}

impl Reference {
    fn respond(&mut self, now: f64, refused: bool) {
        self.count += 1.0;
        let bucket = (2.0 * now).floor() / 2.0;
        if bucket > self.bucket {
            self.measured = 0.8 * self.count / (bucket - self.bucket) + 0.2 * self.measured;
            (self.count, self.bucket) = (0.0, bucket);
        }
        let rate = if refused {
            self.top = if self.enabled {
                self.measured.min(self.rate)
            } else {
                self.measured
            };
            (self.since, self.enabled) = (now, true);
            0.7 * self.top
        } else {
            let plateau = (self.top * 0.3 / 0.4).cbrt();
            0.4 * (now - self.since - plateau).powi(3) + self.top
        };
        self.rate = rate.min(2.0 * self.measured).max(0.5);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rates_are_those_of_the_published_algorithm(
        responses in prop::collection::vec((1_u64..2_000, 0_u8..8), 1..300),
    ) {
        let mut limiter = CubicRate::new(at(0));
        let mut reference = Reference {
            top: 0.0, since: 0.0, measured: 0.0, count: 0.0, bucket: 0.0, rate: 0.5, enabled: false,
        };
        let mut ms = 0;
        for (wait, kind) in responses {
            ms += wait;
            let refused = kind == 0;
            if refused {
                limiter.throttled(at(ms));
            } else {
                limiter.succeeded(at(ms));
            }
            #[expect(clippy::cast_precision_loss, reason = "small")]
            reference.respond(ms as f64 / 1e3, refused);
            #[expect(clippy::cast_precision_loss, reason = "rounded to 53 bits")]
            let got = limiter.rate().as_picos() as f64 / 1e12;
            prop_assert!((got - reference.rate).abs() <= 1e-9 * got.max(1.0), "{} for {} at {}", got, reference.rate, ms);
        }
    }

    #[test]
    fn no_times_break_it(
        responses in prop::collection::vec((any::<u64>(), any::<bool>()), 1..100),
    ) {
        let mut limiter = CubicRate::new(at(0));
        for (nanos, refused) in responses {
            let now = Timestamp::from_nanos(nanos);
            if refused { limiter.throttled(now) } else { limiter.succeeded(now) }
            prop_assert!(limiter.rate() >= Rate::from_picos(500_000_000_000));
            prop_assert!(limiter.rate() <= Rate::MAX);
            let _ = limiter.try_acquire(now, 1);
        }
    }
}
