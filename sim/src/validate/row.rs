use super::{Estimate, Family};

/// One number that is known in advance, and what the simulator says instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The group that it belongs to.
    pub family: Family,
    /// What is simulated.
    pub model: String,
    /// With which parameters.
    pub parameters: String,
    /// Which quantity of it, and in which unit.
    pub quantity: String,
    /// What it should be.
    pub expected: Expected,
    /// Who says so.
    pub source: &'static str,
    /// What the simulator says.
    pub measured: Estimate,
}

/// What a number should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// This.
    Exactly(f64),
    /// About this: it was measured elsewhere, with this standard error.
    About(f64, f64),
    /// From here to there.
    Within(f64, f64),
    /// Kept aside: nothing here says.
    Unknown,
}

impl From<f64> for Expected {
    fn from(value: f64) -> Self {
        Self::Exactly(value)
    }
}

impl Family {
    /// A number of this family.
    pub(super) fn row(
        self,
        model: &str,
        parameters: String,
        quantity: &str,
        expected: impl Into<Expected>,
        source: &'static str,
        measured: Estimate,
    ) -> Row {
        Row {
            family: self,
            model: model.to_owned(),
            parameters,
            quantity: quantity.to_owned(),
            expected: expected.into(),
            source,
            measured,
        }
    }
}

/// Whether the simulator is right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The numbers agree.
    Agrees,
    /// They do not.
    Disagrees,
    /// Nothing to compare with.
    KeptAside,
}

/// How many standard errors are too many.
const MOST_Z: f64 = 4.0;

impl Row {
    /// By how many standard errors the simulator is off, if errors have a part in it.
    ///
    /// Where the error itself is known from few runs alone, large numbers are less surprising than they
    /// look: this is the normal deviate that is as rare.
    pub fn z(&self) -> Option<f64> {
        let (expected, error) = match self.expected {
            Expected::Exactly(value) => (value, 0.0),
            Expected::About(value, error) => (value, error),
            Expected::Within(..) | Expected::Unknown => return None,
        };
        let error = error.hypot(self.measured.standard_error);
        (error > 0.0).then(|| {
            let t = (self.measured.mean - expected) / error;
            let freedom = f64::from(self.measured.runs.saturating_sub(1).max(1));
            // D. L. Wallace, 1959; good to a hundredth.
            let deviate = (freedom * (t * t / freedom).ln_1p()).sqrt();
            (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * deviate.copysign(t)
        })
    }

    /// Whether the simulator is right.
    pub fn verdict(&self) -> Verdict {
        let measured = self.measured.mean;
        let agrees = match (self.expected, self.z()) {
            (Expected::Unknown, _) => return Verdict::KeptAside,
            (Expected::Within(least, most), _) => (least..=most).contains(&measured),
            (_, Some(z)) => z.abs() < MOST_Z,
            // Sums of exact binary fractions may still be off in the last digit.
            (Expected::Exactly(value) | Expected::About(value, _), None) => {
                (measured - value).abs() <= 1e-9 * value.abs()
            }
        };
        if agrees {
            Verdict::Agrees
        } else {
            Verdict::Disagrees
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expected: Expected, mean: f64, standard_error: f64) -> Verdict {
        let row = Row {
            family: Family::Queues,
            model: String::new(),
            parameters: String::new(),
            quantity: String::new(),
            expected,
            source: "",
            measured: Estimate {
                mean,
                standard_error,
                // So many that the error is known.
                runs: 100_000,
            },
        };
        row.verdict()
    }

    #[test]
    fn four_standard_errors_are_too_many_on_either_side() {
        use Verdict::{Agrees, Disagrees};

        for (mean, expected) in [
            (3.9, Agrees),
            (-3.9, Agrees),
            (4.1, Disagrees),
            (-4.1, Disagrees),
        ] {
            assert_eq!(verdict(Expected::Exactly(0.0), mean, 1.0), expected);
        }
        // 3, 4, 5.
        assert_eq!(verdict(Expected::About(0.0, 4.0), 19.9, 3.0), Agrees);
        assert_eq!(verdict(Expected::About(0.0, 4.0), 20.1, 3.0), Disagrees);
        assert_eq!(verdict(Expected::Within(1.0, 2.0), 2.1, 1.0), Disagrees);
        assert_eq!(verdict(Expected::Within(1.0, 2.0), 2.0, 1.0), Agrees);
    }

    /// By tables, 4.590 is passed once in 10,000 times with 19 degrees of freedom on either side, as 3.719 is
    /// by a normal deviate.
    #[test]
    fn few_runs_make_large_numbers_less_surprising() {
        let row = Row {
            family: Family::Queues,
            model: String::new(),
            parameters: String::new(),
            quantity: String::new(),
            expected: Expected::Exactly(0.0),
            source: "",
            measured: Estimate {
                mean: -4.590,
                standard_error: 1.0,
                runs: 20,
            },
        };
        let z = row.z().expect("there is an error");
        assert!((z + 3.719).abs() < 0.01, "{z}");
    }

    #[test]
    fn what_chance_has_no_part_in_is_equal_or_wrong() {
        assert_eq!(
            verdict(Expected::Exactly(5_500.0), 5_500.0, 0.0),
            Verdict::Agrees
        );
        assert_eq!(
            verdict(Expected::Exactly(5_500.0), 5_501.0, 0.0),
            Verdict::Disagrees
        );
        assert_eq!(verdict(Expected::Unknown, 1.0, 1.0), Verdict::KeptAside);
    }
}
