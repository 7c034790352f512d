use crate::statistics::{self, Moments};

/// The mean of independent runs, and how far to trust it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean over the runs.
    pub mean: f64,
    /// The standard error of that mean; 0 if all runs agree.
    pub standard_error: f64,
    /// How many runs there were.
    pub runs: u32,
}

impl Estimate {
    /// What chance has no part in.
    pub const fn exact(value: f64) -> Self {
        Self {
            mean: value,
            standard_error: 0.0,
            runs: 1,
        }
    }

    /// The mean of independent runs.
    pub fn of(values: &[f64]) -> Self {
        let moments: Moments = values.iter().copied().collect();
        let count = f64::from(moments.count().max(1));
        Self {
            mean: moments.mean().unwrap_or_default(),
            standard_error: moments.deviation().unwrap_or_default() / count.sqrt(),
            runs: moments.count(),
        }
    }

    /// Half the width of the 95 % confidence interval, by Student's distribution.
    pub fn half_width(&self) -> f64 {
        let deviation = self.standard_error * f64::from(self.runs).sqrt();
        statistics::half_width(deviation, self.runs, statistics::CONFIDENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_the_mean_and_its_error() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!((estimate.mean, estimate.runs), (2.5, 4));
        // The variance is 5/3, and a quarter of it that of the mean.
        assert!((estimate.standard_error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-12);
    }
}
