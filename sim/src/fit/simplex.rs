use super::statistics::number;

/// Searches for the point at which a function is least, from a start and with first steps of this size, by
/// the method of Nelder and Mead (1965).
///
/// It needs no derivatives, and stops once all corners agree to one part in 10^9, or after 300 steps for
/// each axis.
pub(super) fn least(start: &[f64], step: f64, of: impl Fn(&[f64]) -> f64) -> (Vec<f64>, f64) {
    let axes = start.len();
    let valued = |point: Vec<f64>| {
        let value = of(&point);
        // What is no number is not the least.
        (point, if value.is_nan() { f64::INFINITY } else { value })
    };
    let mut corners = vec![valued(start.to_vec())];
    for axis in 0..axes {
        let mut corner = start.to_vec();
        corner[axis] += step;
        corners.push(valued(corner));
    }
    for _ in 0..300 * axes {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, next_to_worst, worst) = (corners[0].1, corners[axes - 1].1, corners[axes].1);
        if (worst - best).abs() <= 1e-9 * best.abs() {
            break;
        }
        let centre = |axis: usize| {
            let sum: f64 = corners[..axes].iter().map(|corner| corner.0[axis]).sum();
            sum / number(axes)
        };
        let centre: Vec<f64> = (0..axes).map(centre).collect();
        // Beyond the centre by so many times its distance from the worst corner.
        let beyond = |times: f64| {
            let pairs = centre.iter().zip(&corners[axes].0);
            valued(
                pairs
                    .map(|(centre, worst)| centre + times * (centre - worst))
                    .collect(),
            )
        };
        let mirrored = beyond(1.0);
        let better = if mirrored.1 < best {
            let further = beyond(2.0);
            Some(if further.1 < mirrored.1 {
                further
            } else {
                mirrored
            })
        } else if mirrored.1 < next_to_worst {
            Some(mirrored)
        } else {
            let nearer = beyond(if mirrored.1 < worst { 0.5 } else { -0.5 });
            Some(nearer).filter(|nearer| nearer.1 < worst.min(mirrored.1))
        };
        if let Some(better) = better {
            corners[axes] = better;
        } else {
            let (best, others) = corners.split_at_mut(1);
            for corner in others {
                let pairs = corner.0.iter().zip(&best[0].0);
                *corner = valued(
                    pairs
                        .map(|(corner, best)| f64::midpoint(*corner, *best))
                        .collect(),
                );
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_bottom_of_a_bent_valley() {
        let valley = |at: &[f64]| (1.0 - at[0]).powi(2) + 100.0 * (at[1] - at[0] * at[0]).powi(2);
        let (at, value) = least(&[-1.2, 1.0], 0.5, |at| 1.0 + valley(at));
        assert!(
            (at[0] - 1.0).abs() < 1e-3 && (at[1] - 1.0).abs() < 1e-3,
            "{at:?}"
        );
        assert!(value < 1.0 + 1e-6);
    }
}
