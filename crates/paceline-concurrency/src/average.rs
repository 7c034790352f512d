/// Fractions are counted in billionths, in which Netflix's constants are whole numbers.
pub(crate) const BILLION: u64 = 1_000_000_000;

/// So many samples are averaged evenly before older ones begin to fade.
const WARM_UP: u8 = 10;

/// A mean of durations: even over the first ten, and exponential from then on.
///
/// A sample has a weight of `2 / (window + 1)`. Results are rounded down to billionths of a
/// nanosecond.
///
/// Source: Netflix concurrency-limits, `ExpAvgMeasurement`.
#[derive(Clone, Debug)]
pub(crate) struct Average {
    /// In samples; not zero.
    window: u32,
    /// Samples so far, at most [`WARM_UP`].
    seen: u8,
    /// Of the first samples, in nanoseconds.
    sum: u128,
    /// In billionths of a nanosecond; below 2^94.
    pub(crate) mean: u128,
}

impl Average {
    pub(crate) const fn new(window: u32) -> Self {
        Self {
            window,
            seen: 0,
            sum: 0,
            mean: 0,
        }
    }

    /// Adds a sample and returns the mean, in billionths of a nanosecond.
    pub(crate) fn add(&mut self, nanos: u64) -> u128 {
        if self.seen < WARM_UP {
            self.seen += 1;
            self.sum += u128::from(nanos);
            self.mean = self.sum * u128::from(BILLION) / u128::from(self.seen);
        } else {
            let (window, sample) = (u128::from(self.window), scaled(nanos));
            self.mean = (self.mean * (window - 1) + 2 * sample) / (window + 1);
        }
        self.mean
    }

    /// Takes a twentieth off the mean.
    ///
    /// During the first ten samples that lasts until the next one, as it does at Netflix.
    pub(crate) const fn shrink(&mut self) {
        self.mean = self.mean * 19 / 20;
    }
}

/// Nanoseconds in billionths of one.
pub(crate) fn scaled(nanos: u64) -> u128 {
    u128::from(nanos) * u128::from(BILLION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ten_count_alike_and_then_older_ones_fade() {
        let mut average = Average::new(19);
        for nanos in 1..=10 {
            average.add(nanos);
        }
        assert_eq!(average.mean, 5_500_000_000);
        // A weight of 2 / 20.
        assert_eq!(average.add(15), 6_450_000_000);
        average.shrink();
        assert_eq!(average.mean, 6_127_500_000);
    }

    #[test]
    fn the_longest_durations_and_windows_do_not_overflow() {
        for window in [1, u32::MAX] {
            let mut average = Average::new(window);
            for _ in 0..20 {
                assert_eq!(average.add(u64::MAX), scaled(u64::MAX));
            }
        }
    }
}
