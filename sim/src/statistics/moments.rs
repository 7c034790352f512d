use super::{CONFIDENCE, Estimate, half_width};

/// The mean and the spread of numbers that are seen once and not kept.
///
/// The spread is summed up as by Welford, *Note on a method for calculating corrected sums of squares and
/// products*, 1962, so numbers that are all the same have none. The same numbers in the same order give
/// the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u32,
    /// Whole numbers add up exactly here, unlike in a mean that is corrected step by step.
    sum: f64,
    running_mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes a number in.
    pub fn add(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        self.sum += value;
        let before = value - self.running_mean;
        self.running_mean += before / f64::from(self.count);
        self.squares += before * (value - self.running_mean);
    }

    /// How many numbers it has seen.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The mean; none of no numbers.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }

    /// The standard deviation of one number, estimated; none of fewer than two.
    pub fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / f64::from(self.count - 1)).sqrt())
    }

    /// The mean with its 95 % interval; none of no numbers.
    pub fn estimate(&self) -> Option<Estimate> {
        self.estimate_at(CONFIDENCE)
    }

    /// The mean with its interval at this confidence; none of no numbers.
    pub fn estimate_at(&self, confidence: f64) -> Option<Estimate> {
        let half = |deviation| half_width(deviation, self.count, confidence);
        Some(Estimate {
            mean: self.mean()?,
            half_width: self.deviation().map(half),
        })
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.add(value);
        }
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        moments.extend(values);
        moments
    }
}
