use crate::model::Tally;

/// One figure of a strategy, as predicted and as measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The name of the strategy.
    pub strategy: String,
    /// Which figure.
    pub figure: Figure,
    /// What the simulator says; none of a latency if nothing succeeded.
    pub predicted: Option<f64>,
    /// What a server and a client did.
    pub measured: Option<f64>,
    /// By how much they may differ.
    pub allowed: Allowed,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Figure {
    /// Requests that succeeded in time, to which goodput is in proportion.
    Completed,
    /// Calls sent.
    Calls,
    /// Calls refused because of a limit.
    Refused,
    /// Calls that failed otherwise, or were not answered in time.
    Failed,
    /// The median of the time from arrival to success, in seconds.
    P50,
    /// What 95 % of these times did not exceed, in seconds.
    P95,
}

impl Figure {
    /// Its name in tables and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Calls => "calls",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::P50 => "p50_s",
            Self::P95 => "p95_s",
        }
    }
}

/// By how much a measured figure may differ from a predicted one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// A share of what was predicted.
    Share(f64),
    /// A share of what was predicted, or so many, whichever is more.
    ShareOr(f64, f64),
    /// It is shown and not judged.
    Anything,
}

/// Whether a prediction holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// Nobody asks.
    NotJudged,
}

/// Of goodput.
const OF_GOODPUT: f64 = 0.02;
/// Of refused and of failed calls.
const OF_REFUSED: f64 = 0.10;
/// Of refused and of failed calls, as a share of all calls.
const OF_CALLS: f64 = 0.01;
/// Of the median.
const OF_P50: f64 = 0.05;

impl Row {
    /// By how much more was measured, as a share of what was predicted; none if that is nothing.
    pub fn off(&self) -> Option<f64> {
        let (predicted, measured) = (self.predicted?, self.measured?);
        (predicted > 0.0).then(|| measured / predicted - 1.0)
    }

    /// Whether the prediction holds.
    pub fn verdict(&self) -> Verdict {
        let most = match (self.allowed, self.predicted) {
            (Allowed::Anything, _) => return Verdict::NotJudged,
            (Allowed::Share(share), Some(predicted)) => share * predicted,
            (Allowed::ShareOr(share, least), Some(predicted)) => (share * predicted).max(least),
            (_, None) => 0.0,
        };
        let holds = match (self.predicted, self.measured) {
            // So that what is allowed to the last digit is.
            (Some(predicted), Some(measured)) => (measured - predicted).abs() <= most + 1e-9,
            (None, None) => true,
            _ => false,
        };
        if holds {
            Verdict::Holds
        } else {
            Verdict::Fails
        }
    }
}

/// What was predicted of a strategy beside what was measured.
pub(super) fn rows(strategy: &str, predicted: &Tally, measured: &Tally) -> Vec<Row> {
    let [p, m] = [predicted, measured].map(|tally| {
        let total = tally.total();
        let latency = |share| {
            let micros = count(total.latency_us.value_at_quantile(share));
            (!total.latency_us.is_empty()).then(|| micros / 1e6)
        };
        [
            (Figure::Completed, Some(count(total.completed))),
            (Figure::Calls, Some(count(tally.calls))),
            (Figure::Refused, Some(count(tally.refused))),
            (Figure::Failed, Some(count(tally.failed))),
            (Figure::P50, latency(0.50)),
            (Figure::P95, latency(0.95)),
        ]
    });
    let of_calls = OF_CALLS * count(predicted.calls.max(measured.calls));
    let rows = p.into_iter().zip(m);
    rows.map(|((figure, predicted), (_, measured))| Row {
        strategy: strategy.to_owned(),
        figure,
        predicted,
        measured,
        allowed: match figure {
            Figure::Completed => Allowed::Share(OF_GOODPUT),
            Figure::Refused | Figure::Failed => Allowed::ShareOr(OF_REFUSED, of_calls),
            Figure::P50 => Allowed::Share(OF_P50),
            Figure::Calls | Figure::P95 => Allowed::Anything,
        },
    })
    .collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(predicted: Option<f64>, measured: Option<f64>, allowed: Allowed) -> Row {
        Row {
            strategy: String::new(),
            figure: Figure::Completed,
            predicted,
            measured,
            allowed,
        }
    }

    #[test]
    fn a_share_is_allowed_on_either_side_and_no_more() {
        for (measured, expected) in [
            (98.0, Verdict::Holds),
            (102.0, Verdict::Holds),
            (97.9, Verdict::Fails),
            (102.1, Verdict::Fails),
        ] {
            let row = row(Some(100.0), Some(measured), Allowed::Share(0.02));
            assert_eq!(row.verdict(), expected, "{measured}");
        }
    }

    #[test]
    fn the_larger_of_a_share_and_a_number_is_allowed() {
        let verdict = |predicted, measured| {
            let allowed = Allowed::ShareOr(0.1, 20.0);
            row(Some(predicted), Some(measured), allowed).verdict()
        };
        assert_eq!(verdict(0.0, 20.0), Verdict::Holds);
        assert_eq!(verdict(0.0, 21.0), Verdict::Fails);
        assert_eq!(verdict(1_000.0, 1_100.0), Verdict::Holds);
        assert_eq!(verdict(1_000.0, 899.0), Verdict::Fails);
    }

    #[test]
    fn latencies_are_compared_where_there_are_some() {
        let verdict =
            |predicted, measured| row(predicted, measured, Allowed::Share(0.05)).verdict();
        assert_eq!(verdict(None, None), Verdict::Holds);
        assert_eq!(verdict(Some(1.0), None), Verdict::Fails);
        assert_eq!(verdict(None, Some(1.0)), Verdict::Fails);
        let shown = row(Some(1.0), Some(9.0), Allowed::Anything);
        assert_eq!(shown.verdict(), Verdict::NotJudged);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is allowed, what is exact holds, and what holds still holds if it is nearer.
        #[test]
        fn nearer_is_never_worse(predicted in 0.0..1e6_f64, off in 0.0..1e6_f64, nearer in 0.0..1.0_f64, share in 0.0..1.0_f64) {
            let verdict = |measured| row(Some(predicted), Some(measured), Allowed::Share(share)).verdict();
            prop_assert_eq!(verdict(predicted), Verdict::Holds);
            if verdict(predicted + off) == Verdict::Holds {
                prop_assert_eq!(verdict(predicted + off * nearer), Verdict::Holds);
                prop_assert_eq!(verdict(predicted - off * nearer), Verdict::Holds);
            }
        }
    }
}
