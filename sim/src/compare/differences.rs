use crate::{
    results::{Difference, Metric, Replication, Verdict},
    statistics::{self, Estimate, Told, linearised},
};

/// How a strategy differs from a baseline that met the same arrivals, replication by replication.
///
/// What both met is the same and leaves their difference, so it is told sooner than from the intervals of
/// the two. `told` is how many strategies are told from the baseline: all verdicts about them are right
/// at once with a confidence of 95 % (Bonferroni).
pub fn differences(of: &[Replication], baseline: &[Replication], told: usize) -> Vec<Difference> {
    let verdicts = told.max(1) * Metric::ALL.len();
    let each = Metric::ALL.into_iter();
    each.map(|metric| difference(of, baseline, metric, verdicts))
        .collect()
}

fn difference(
    of: &[Replication],
    baseline: &[Replication],
    metric: Metric,
    verdicts: usize,
) -> Difference {
    let differ = |of, verdict| Difference {
        metric,
        of,
        verdict,
    };
    let pairs = values(of, metric).zip(values(baseline, metric));
    let Some((of, baseline)) = pairs else {
        return differ(None, Verdict::NothingToCompare);
    };
    let numbers: Vec<f64> = of
        .iter()
        .zip(&baseline)
        .filter_map(|(of, baseline)| Some(less(*of.as_ref()?, *baseline.as_ref()?)))
        .collect();
    let confidence = 1.0 - (1.0 - statistics::CONFIDENCE) / as_f64(verdicts);
    match (statistics::tell(&numbers, confidence), numbers.as_slice()) {
        (Some((estimate, told)), _) => differ(Some(estimate), verdict(metric, told)),
        (None, [mean]) => {
            let estimate = Estimate {
                mean: *mean,
                half_width: None,
            };
            differ(Some(estimate), Verdict::OneRun)
        }
        _ => differ(None, Verdict::NothingToCompare),
    }
}

fn verdict(metric: Metric, told: Told) -> Verdict {
    match (told, metric.more_is_better()) {
        (Told::Above, true) | (Told::Below, false) => Verdict::Better,
        (Told::Below, true) | (Told::Above, false) => Verdict::Worse,
        (Told::Nothing, _) => Verdict::NoDifference,
        (Told::Unsure(more), _) => Verdict::CannotTell { more },
    }
}

/// What each replication says about a metric, so that the mean is the metric.
fn values(of: &[Replication], metric: Metric) -> Option<Vec<Option<f64>>> {
    let of_ratio = |pair: fn(&Replication) -> (u64, u64)| {
        ratio(of, pair).map(|values| values.into_iter().map(Some).collect())
    };
    match metric {
        // Where nothing could be done, everything was.
        Metric::Goodput => Some(of_ratio(goodput).unwrap_or_else(|| vec![Some(1.0); of.len()])),
        Metric::RefusedShare => {
            let refused = of_ratio(|it| (it.refused, it.calls));
            Some(refused.unwrap_or_else(|| vec![Some(0.0); of.len()]))
        }
        Metric::LatencyP95 => Some(of.iter().map(|it| it.latency_p95_s).collect()),
        Metric::CallsPerSuccess => of_ratio(calls_per_success),
    }
}

/// The two sides of goodput.
pub(super) const fn goodput(of: &Replication) -> (u64, u64) {
    (of.completed, of.possible)
}

/// The two sides of calls per success.
pub(super) const fn calls_per_success(of: &Replication) -> (u64, u64) {
    (of.calls, of.completed)
}

/// What each replication says about a ratio, so that the mean is the ratio of the sums.
pub(super) fn ratio(of: &[Replication], pair: fn(&Replication) -> (u64, u64)) -> Option<Vec<f64>> {
    let pairs = of.iter().map(pair);
    let pairs: Vec<_> = pairs
        .map(|(above, below)| (super::count(above), super::count(below)))
        .collect();
    linearised(&pairs)
}

/// The difference of two numbers, without what is only due to rounding.
fn less(a: f64, b: f64) -> f64 {
    let difference = a - b;
    if difference.abs() <= 1e-12 * a.abs().max(b.abs()) {
        0.0
    } else {
        difference
    }
}

fn as_f64(count: usize) -> f64 {
    super::count(count as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of three numbers, Student's t has two degrees of freedom, where it is elementary: the quantile of a share
    /// is (2 share - 1) / sqrt(2 share (1 - share)).
    #[test]
    fn each_interval_is_as_wide_as_bonferroni_says() {
        let of = |completed: [u64; 3]| {
            completed.map(|completed| Replication {
                possible: 100,
                completed,
                calls: completed,
                refused: 0,
                latency_p95_s: Some(1.0),
            })
        };
        let (strategy, baseline) = (of([58, 60, 62]), of([50, 50, 50]));
        for told in [1_u8, 2, 5, 40] {
            let found = &differences(&strategy, &baseline, told.into())[0];
            assert_eq!(found.metric, Metric::Goodput);
            let found = found.of.expect("there are three pairs");
            assert!((found.mean - 0.1).abs() < 1e-12);
            // Of one strategy four metrics are told, each of which may err to two sides.
            let beside = 0.05 / (2.0 * 4.0 * f64::from(told));
            let t = (1.0 - 2.0 * beside) / (2.0 * beside * (1.0 - beside)).sqrt();
            // The three are 0.02 apart.
            let expected = t * 0.02 / 3.0_f64.sqrt();
            let half = found.half_width.expect("there are three");
            assert!(
                (half / expected - 1.0).abs() < 1e-9,
                "{told}: {half} for {expected}"
            );
        }
    }
}
