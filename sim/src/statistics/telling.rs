use super::{Estimate, Moments, half_width};

/// Whether numbers are told from zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// Their mean is above zero.
    Above,
    /// Their mean is below zero.
    Below,
    /// All of them are zero.
    Nothing,
    /// Their interval holds zero. So many more would leave it out, were they like those that were seen;
    /// none if it takes more than a hundred thousand.
    Unsure(Option<u32>),
}

/// Nobody waits for more runs than this.
const MOST: u32 = 100_000;

/// Tells numbers from zero at this confidence; none if they are fewer than two.
///
/// How many more it takes is an estimate from those that were seen. As their mean and spread move, it takes
/// fewer about as often as more.
pub fn tell(numbers: &[f64], confidence: f64) -> Option<(Estimate, Told)> {
    let moments: Moments = numbers.iter().copied().collect();
    let (estimate, deviation) = (moments.estimate_at(confidence)?, moments.deviation()?);
    let half = estimate.half_width?;
    let told = if numbers.iter().all(|&number| number == 0.0) {
        Told::Nothing
    } else if estimate.mean > half {
        Told::Above
    } else if estimate.mean < -half {
        Told::Below
    } else {
        let enough = |count: u32| half_width(deviation, count, confidence) < estimate.mean.abs();
        Told::Unsure(more(moments.count(), enough))
    };
    Some((estimate, told))
}

/// How many more than `count` are enough, rounded up to one significant figure.
fn more(count: u32, enough: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut few, mut many) = (count, count.saturating_add(MOST));
    if !enough(many) {
        return None;
    }
    while many - few > 1 {
        let middle = few + (many - few) / 2;
        if enough(middle) {
            many = middle;
        } else {
            few = middle;
        }
    }
    Some(one_figure(many - count))
}

/// The next number with one significant figure: 23 becomes 30.
fn one_figure(number: u32) -> u32 {
    let unit = 10_u32.pow(number.checked_ilog10().unwrap_or(0));
    number.div_ceil(unit).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_figure_is_enough() {
        for (number, rounded) in [(1, 1), (9, 9), (10, 10), (11, 20), (99, 100), (237, 300)] {
            assert_eq!(one_figure(number), rounded);
        }
        assert_eq!(one_figure(100_000), 100_000);
    }

    #[test]
    fn as_many_more_as_it_says_would_do() {
        // Mean 1, standard deviation 3 times the square root of 100/99.
        let numbers: Vec<f64> = (0..100)
            .map(|n| if n % 2 == 0 { 4.0 } else { -2.0 })
            .collect();
        let told = |numbers: &[f64]| tell(numbers, 0.95).expect("they are many").1;
        assert_eq!(told(&numbers), Told::Above);
        let few = &numbers[..10];
        let Told::Unsure(Some(more)) = told(few) else {
            panic!("{:?}", told(few));
        };
        // The first ten have a mean of 1 and a deviation of 3.16: 41 are enough, by t = 2.02.
        assert_eq!(more, 40);
        assert_eq!(told(&numbers[..10 + more as usize]), Told::Above);
    }

    /// By t = 2.65 for 99 %, the first ten of those need to be 71.
    #[test]
    fn it_takes_more_to_be_surer() {
        let numbers: Vec<f64> = (0..10)
            .map(|n| if n % 2 == 0 { 4.0 } else { -2.0 })
            .collect();
        let told = tell(&numbers, 0.99).expect("they are many").1;
        assert_eq!(told, Told::Unsure(Some(70)));
    }

    #[test]
    fn words_follow_the_numbers() {
        let told = |numbers: &[f64]| tell(numbers, 0.95).map(|(_, told)| told);
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[1.0]), None);
        assert_eq!(told(&[0.0, 0.0]), Some(Told::Nothing));
        assert_eq!(told(&[2.0, 2.0]), Some(Told::Above));
        assert_eq!(told(&[-2.0, -2.0]), Some(Told::Below));
        assert_eq!(told(&[1.0, -1.0]), Some(Told::Unsure(None)));
    }
}
