use paceline_core::Timestamp;

use crate::Rate;

/// The cubic curve on which a rate returns to where it was throttled, and goes on beyond it.
///
/// # Resolution
///
/// Rates count in 10^-12 cells a second, times on the curve in 10^-12 seconds. The plateau is off by at most
/// two of these units, so a rate is by `6 * C * d^2` of them, `d` seconds from the plateau: below 10^-9 while
/// `d` is below 20 seconds, and beyond it relatively, for the rate grows with the cube of `d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve {
    /// The rate at which it was throttled: where the curve is flat.
    top: Rate,
    /// When it was throttled.
    since: Timestamp,
    /// How long after that the curve is flat, in 10^-12 seconds.
    plateau: u128,
}

impl Curve {
    pub(crate) fn new(top: Rate, since: Timestamp) -> Self {
        Self {
            top,
            since,
            plateau: plateau(top),
        }
    }

    pub(crate) const fn since(&self) -> Timestamp {
        self.since
    }

    /// The rate at `now`: `C * (t - K)^3 + top`, at least zero.
    pub(crate) fn at(&self, now: Timestamp) -> Rate {
        let elapsed = now.saturating_duration_since(self.since).as_nanos() * 1_000;
        // A thousand seconds lead beyond the largest rate.
        let distance = elapsed.abs_diff(self.plateau).min(1_000 * UNIT);
        let square = distance * distance / UNIT;
        let cube = square * distance / UNIT;
        let change = cube * C.0 / C.1;
        let top = u128::from(self.top.as_picos());
        Rate::of(if elapsed < self.plateau {
            top.saturating_sub(change)
        } else {
            top + change
        })
    }
}

/// What throttling leaves of a rate, as a fraction.
pub(crate) const BETA: (u64, u64) = (7, 10);
/// How fast the curve rises, in cells per second^4, as a fraction.
const C: (u128, u128) = (4, 10);
/// Of time and of rates.
const UNIT: u128 = 1_000_000_000_000;

/// `cbrt(top * (1 - BETA) / C)` seconds, in 10^-12 seconds.
fn plateau(top: Rate) -> u128 {
    // `top * 3/4 * 10^-12 s^3`, in cubic nanoseconds, is below 2^113.
    let cubed = u128::from(top.as_picos()) * 3 * 1_000_000_000_000_000 / 4;
    let nanos = cube_root(cubed);
    if nanos == 0 {
        return 0;
    }
    // One more step of Newton's gives the digits below a nanosecond.
    let rest = cubed - nanos * nanos * nanos;
    nanos * 1_000 + rest * 1_000 / (3 * nanos * nanos)
}

/// The cube root, rounded down, of a number below 2^120.
fn cube_root(n: u128) -> u128 {
    if n == 0 {
        return 0;
    }
    // A power of two above the root; from above, Newton's method only falls until it is there.
    let mut root = 1_u128 << (128 - n.leading_zeros()).div_ceil(3);
    loop {
        let next = (2 * root + n / (root * root)) / 3;
        if next >= root {
            return root;
        }
        root = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cube_root_is_rounded_down() {
        for root in (0..2_000).chain([215_443_469, 1_954_000_000_000, (1 << 40) - 1]) {
            let cube = root * root * root;
            assert_eq!(cube_root(cube), root);
            assert_eq!(cube_root(cube + 3 * root * root + 3 * root), root);
        }
    }

    #[test]
    fn a_plateau_is_right_to_two_units() {
        // Cubes of 10^-12 s overflow, so this compares 10^-11 s: of 3/4 of the top, that is 10^33.
        for picos in [
            1,
            500_000_000_000,
            4_727_978_644_733,
            400_000_000_000_000_000,
        ] {
            let cubed = u128::from(picos) * 750_000_000_000_000_000_000;
            let root = cube_root(cubed);
            let got = plateau(Rate::from_picos(picos));
            assert!(got.abs_diff(10 * root) <= 12, "{picos}: {got} for {root}");
        }
    }
}
