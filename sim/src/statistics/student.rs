use statrs::distribution::{ContinuousCDF, StudentsT};

/// How often intervals are to hold what they are about.
pub const CONFIDENCE: f64 = 0.95;

/// Half the width of a confidence interval around a mean of `count` numbers with this standard deviation,
/// by Student's t. It is infinite for fewer than two numbers.
///
/// It is exact for normal numbers, and close for means of enough others.
pub fn half_width(deviation: f64, count: u32, confidence: f64) -> f64 {
    if count < 2 {
        return f64::INFINITY;
    }
    quantile(count - 1, 0.5 + confidence / 2.0) * deviation / f64::from(count).sqrt()
}

/// The quantile of Student's t distribution at `share`, for one degree of freedom or more.
fn quantile(freedom: u32, share: f64) -> f64 {
    let student = StudentsT::new(0.0, 1.0, f64::from(freedom));
    student.map_or(f64::INFINITY, |student| student.inverse_cdf(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tables in any textbook.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (freedom, share, expected) in [
            (1, 0.975, 12.706_204_736),
            (2, 0.975, 4.302_652_730),
            (4, 0.995, 4.604_094_871),
            (5, 0.975, 2.570_581_836),
            (9, 0.975, 2.262_157_163),
            (19, 0.975, 2.093_024_054),
            (29, 0.975, 2.045_229_642),
            (99, 0.975, 1.984_216_952),
            (120, 0.999_5, 3.373_5),
            (99_999, 0.975, 1.959_987_708),
        ] {
            let found = quantile(freedom, share);
            assert!((found / expected - 1.0).abs() < 2e-5, "{freedom}: {found}");
        }
    }

    #[test]
    fn one_number_says_nothing() {
        assert_eq!(half_width(1.0, 1, CONFIDENCE), f64::INFINITY);
        assert_eq!(half_width(1.0, 0, CONFIDENCE), f64::INFINITY);
    }
}
