//! What the code of the experiment says, run elsewhere: mean and standard deviation over five seeds of
//! a mean over 100 runs.

use super::super::Expected;

/// The milliseconds until the last write, and the writes, under one policy.
pub(super) type Cell = [(f64, f64); 2];

/// The number of clients, and a cell for each policy: none, exponential, equal jitter, full jitter,
/// decorrelated.
#[rustfmt::skip]
pub(super) const TABLE: [(u32, [Cell; 5]); 7] = [
    (10, [[(381.0, 3.0), (50.9, 0.3)], [(3_449.0, 102.0), (50.6, 0.3)], [(726.0, 7.0), (42.5, 0.2)],
          [(460.0, 13.0), (38.8, 0.3)], [(434.0, 8.0), (37.7, 0.3)]]),
    (20, [[(602.0, 6.0), (152.0, 1.1)], [(14_547.0, 329.0), (150.6, 1.8)], [(1_649.0, 31.0), (108.2, 0.4)],
          [(996.0, 26.0), (100.0, 0.2)], [(818.0, 15.0), (100.9, 0.7)]]),
    (50, [[(1_138.0, 5.0), (689.6, 1.6)], [(36_234.0, 118.0), (623.4, 1.4)], [(4_266.0, 67.0), (346.9, 0.7)],
          [(2_890.0, 52.0), (332.7, 0.6)], [(2_174.0, 53.0), (374.5, 1.7)]]),
    (100, [[(2_030.0, 2.0), (2_422.2, 0.9)], [(63_261.0, 429.0), (1_855.0, 3.4)], [(6_662.0, 56.0), (812.1, 0.3)],
           [(4_861.0, 45.0), (796.0, 0.9)], [(4_580.0, 65.0), (1_002.2, 2.7)]]),
    (130, [[(2_542.0, 6.0), (3_938.4, 6.3)], [(77_273.0, 106.0), (2_824.3, 6.0)], [(7_651.0, 96.0), (1_115.1, 0.8)],
           [(5_860.0, 65.0), (1_103.3, 1.4)], [(5_740.0, 78.0), (1_444.0, 5.5)]]),
    (160, [[(3_042.0, 3.0), (5_799.3, 4.3)], [(89_659.0, 176.0), (3_928.1, 4.9)], [(8_615.0, 28.0), (1_430.5, 0.9)],
           [(6_649.0, 56.0), (1_428.5, 0.6)], [(6_890.0, 70.0), (1_922.5, 5.0)]]),
    (190, [[(3_536.0, 4.0), (8_002.6, 6.8)], [(101_381.0, 396.0), (5_172.9, 11.4)], [(9_438.0, 60.0), (1_759.8, 0.8)],
           [(7_478.0, 34.0), (1_772.1, 0.5)], [(7_938.0, 43.0), (2_439.6, 2.2)]]),
];

/// How many seeds a number of the table is the mean of.
const SEEDS: f64 = 5.0;

/// What is known of a number for so many clients: `policy` and `which` count as in the table.
pub(super) fn expected(clients: u32, policy: usize, which: usize) -> Expected {
    let row = TABLE.iter().find(|(of, _)| *of == clients);
    row.map_or(Expected::Unknown, |(_, cells)| {
        let (mean, deviation) = cells[policy][which];
        Expected::About(mean, deviation / SEEDS.sqrt())
    })
}
