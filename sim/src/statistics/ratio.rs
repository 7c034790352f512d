/// Numbers, one per pair, whose mean is the ratio of the sums of the pairs and whose spread is that of this
/// ratio; none if the second numbers add up to nothing.
///
/// This is the delta method: a pair weighs in the ratio by what its first number exceeds the ratio's
/// share of its second. What holds of means then holds of ratios, up to terms that vanish as
/// pairs become many. Differences of two such lists are the differences of two ratios.
pub fn linearised(pairs: &[(f64, f64)]) -> Option<Vec<f64>> {
    let above: f64 = pairs.iter().map(|(above, _)| above).sum();
    let below: f64 = pairs.iter().map(|(_, below)| below).sum();
    if below <= 0.0 {
        return None;
    }
    let ratio = above / below;
    let count: f64 = pairs.iter().map(|_| 1.0).sum();
    let scale = count / below;
    let one = |(above, below): &(f64, f64)| ratio + (above - ratio * below) * scale;
    Some(pairs.iter().map(one).collect())
}
