use std::cmp::Ordering;

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are below 2^53")]
pub(super) const fn number(count: usize) -> f64 {
    count as f64
}

/// The mean.
pub(super) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / number(numbers.len().max(1))
}

/// The variance of numbers by their mean: 1 for counts of a Poisson process.
pub(super) fn dispersion(counts: &[f64]) -> f64 {
    let mean = mean(counts);
    let squares = counts.iter().map(|count| (count - mean).powi(2));
    squares.sum::<f64>() / number(counts.len().saturating_sub(1).max(1)) / mean
}

/// How many of these times, which are sorted, fall into each whole window of this width.
pub(super) fn counts(times: &[f64], window_s: f64) -> Vec<f64> {
    let Some(last) = times.last() else {
        return Vec::new();
    };
    let mut counts = Vec::new();
    let mut ends_s = window_s;
    let mut from = 0;
    // The last window may not be whole. More windows than this say no more.
    while ends_s <= *last && counts.len() < 10_000_000 {
        let within = times[from..].partition_point(|time| *time < ends_s);
        counts.push(number(within));
        from += within;
        ends_s += window_s;
    }
    counts
}

/// The gaps between sorted times.
pub(super) fn gaps(times: &[f64]) -> Vec<f64> {
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    // A gap of nothing has no logarithm.
    gaps.map(|gap| gap.max(1e-9)).collect()
}

/// The largest distance between two empirical distributions (Kolmogorov and Smirnov), both sorted.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    let (mut in_a, mut in_b, mut most) = (0, 0, 0.0_f64);
    while in_a < a.len() && in_b < b.len() {
        let at = a[in_a].min(b[in_b]);
        in_a += a[in_a..].iter().take_while(|number| **number <= at).count();
        in_b += b[in_b..].iter().take_while(|number| **number <= at).count();
        most = most.max((number(in_a) / number(a.len()) - number(in_b) / number(b.len())).abs());
    }
    most
}

/// The number that this share of sorted numbers does not exceed.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the list"
    )]
    let place = (share * number(sorted.len())).ceil() as usize;
    let place = place.clamp(1, sorted.len().max(1));
    sorted.get(place - 1).copied().unwrap_or_default()
}

/// The numbers in rising order.
pub(super) fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The correlation of normal scores that goes with the correlation of ranks: the parameter of a Gaussian
/// copula, whatever the distributions of either.
pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let sum = |x: &[f64], from: f64, y: &[f64], to: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - from) * (y - to)).sum()
    };
    let both = sum(&a, mean_a, &b, mean_b);
    let each = (sum(&a, mean_a, &a, mean_a) * sum(&b, mean_b, &b, mean_b)).sqrt();
    if each > 0.0 {
        2.0 * (std::f64::consts::PI / 6.0 * both / each).sin()
    } else {
        0.0
    }
}

/// The place of each number among all; equal ones share the mean of theirs.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut from = 0;
    for group in order.chunk_by(|&a, &b| numbers[a].total_cmp(&numbers[b]) == Ordering::Equal) {
        let rank = number(2 * from + group.len() - 1) / 2.0;
        for &place in group {
            ranks[place] = rank;
        }
        from += group.len();
    }
    ranks
}

/// A number in four digits, as TOML writes it.
pub(super) fn digits(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".to_owned();
    }
    let magnitude = number.abs().log10().floor();
    let scale = 10_f64.powf(3.0 - magnitude);
    let rounded = (number * scale).round() / scale;
    if magnitude >= 3.0 {
        return format!("{:.0}", number.round());
    }
    // The shortest text that reads back as the same number; tiny ones get an exponent.
    match magnitude {
        _ if magnitude < -5.0 => format!("{rounded:e}"),
        _ => format!("{rounded}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_share_ties_and_linked_numbers_are_found() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0]), [1.5, 0.0, 1.5, 3.0]);
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        let squares: Vec<f64> = numbers.iter().map(|number| number * number).collect();
        assert!((correlation(&numbers, &squares) - 1.0).abs() < 1e-9);
        assert_eq!(correlation(&numbers, &[3.0; 100]), 0.0);
    }

    #[test]
    fn distances_and_quantiles_count_ties_whole() {
        assert_eq!(distance(&[1.0, 1.0, 2.0], &[1.0, 2.0, 2.0]), 2.0 / 3.0 - 1.0 / 3.0);
        assert_eq!(distance(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 1.0), 4.0);
    }

    #[test]
    fn numbers_have_four_digits() {
        let texts = [123_456.7, 12.34567, 0.01234567, 1e-9, 300.0].map(digits);
        assert_eq!(texts, ["123457", "12.35", "0.01235", "1e-9", "300"]);
    }

    #[test]
    fn windows_are_counted_whole() {
        assert_eq!(counts(&[0.0, 0.5, 1.0, 2.5, 3.2], 1.0), [2.0, 1.0, 1.0]);
        assert!(dispersion(&[1.0, 1.0, 1.0]) == 0.0);
    }
}
