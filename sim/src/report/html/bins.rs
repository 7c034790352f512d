use crate::results::Comparison;

/// Time bins side by side that are taken together, so that there are no more than can be told apart.
pub(super) struct Bins {
    together: usize,
    /// How many there are.
    pub(super) count: usize,
    /// How long each of them is, in seconds; the last one may be shorter.
    pub(super) width_s: f64,
    duration_s: f64,
}

impl Bins {
    /// The bins of a comparison, at most so many.
    pub(super) fn at_most(most: usize, comparison: &Comparison) -> Self {
        let bins = comparison
            .strategies
            .first()
            .map_or(0, |it| it.series.len());
        let together = bins.div_ceil(most).max(1);
        Self {
            together,
            count: bins.div_ceil(together),
            width_s: comparison.bin_s * as_f64(together),
            duration_s: comparison.duration_s,
        }
    }

    /// Whether they are those of the comparison.
    pub(super) const fn are_original(&self) -> bool {
        self.together == 1
    }

    /// When each of them begins, and when the last one ends, in seconds.
    pub(super) fn edges(&self) -> impl Iterator<Item = f64> {
        (0..=self.count).map(|bin| (as_f64(bin) * self.width_s).min(self.duration_s))
    }

    /// What happened in each.
    pub(super) fn sums(&self, of: impl Iterator<Item = f64>) -> Vec<f64> {
        let all: Vec<f64> = of.collect();
        let together = all.chunks(self.together);
        together.map(|bins| bins.iter().sum()).collect()
    }

    /// What was so on average in each.
    pub(super) fn means(&self, of: impl Iterator<Item = f64>) -> Vec<f64> {
        let all: Vec<f64> = of.collect();
        let together = all.chunks(self.together);
        together
            .map(|bins| bins.iter().sum::<f64>() / as_f64(bins.len()))
            .collect()
    }

    /// What was so at the end of each.
    pub(super) fn ends(&self, of: &[f64]) -> Vec<f64> {
        let together = of.chunks(self.together);
        together.filter_map(|bins| bins.last().copied()).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are no 2^53 bins")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}
