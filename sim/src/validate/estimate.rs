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
        let runs = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let count = f64::from(runs.max(1));
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = squares / (count - 1.0).max(1.0);
        Self {
            mean,
            standard_error: (variance / count).sqrt(),
            runs,
        }
    }

    /// Half the width of the 95 % confidence interval, by Student's distribution.
    pub fn half_width(&self) -> f64 {
        self.standard_error * student_95(self.runs.saturating_sub(1))
    }
}

/// Which multiple of the standard error holds 95 % with so many degrees of freedom.
///
/// Below five from tables, above by the expansion of Cornish and Fisher, good to two thousandths there.
fn student_95(freedom: u32) -> f64 {
    const NORMAL: f64 = 1.959_964;
    match freedom {
        0 => f64::INFINITY,
        1 => 12.706,
        2 => 4.303,
        3 => 3.182,
        4 => 2.776,
        _ => {
            let (x, n) = (NORMAL, f64::from(freedom));
            let first = (x.powi(3) + x) / (4.0 * n);
            let second = (5.0 * x.powi(5) + 16.0 * x.powi(3) + 3.0 * x) / (96.0 * n * n);
            let third = 3.0 * x.powi(7) + 19.0 * x.powi(5) + 17.0 * x.powi(3) - 15.0 * x;
            x + first + second + third / (384.0 * n.powi(3))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From tables of Student's distribution.
    #[test]
    fn students_quantiles_are_those_of_tables() {
        for (freedom, quantile) in [(5, 2.571), (9, 2.262), (19, 2.093), (99, 1.984)] {
            let off = (student_95(freedom) - quantile).abs();
            assert!(off < 0.002 * quantile, "{freedom}: {}", student_95(freedom));
        }
    }

    #[test]
    fn an_estimate_is_the_mean_and_its_error() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!((estimate.mean, estimate.runs), (2.5, 4));
        // The variance is 5/3, and a quarter of it that of the mean.
        assert!((estimate.standard_error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-12);
    }
}
