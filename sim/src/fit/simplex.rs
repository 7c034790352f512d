/// Searches for the point at which a function is least, from a start and with first steps of this size, by
/// the method of Nelder and Mead (1965).
///
/// It needs no derivatives, and stops once all corners agree to one part in 10^9, or after 2,000 steps.
pub(super) fn least<const N: usize>(
    start: [f64; N],
    step: f64,
    of: impl Fn(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let valued = |point: [f64; N]| {
        let value = of(&point);
        // What is no number is not the least.
        (point, if value.is_nan() { f64::INFINITY } else { value })
    };
    let mut corners = vec![valued(start)];
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += step;
        corners.push(valued(corner));
    }
    for _ in 0..2_000 {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (corners[0], corners[N]);
        if (worst.1 - best.1).abs() <= 1e-9 * best.1.abs() {
            break;
        }
        let mut centre = [0.0; N];
        for (axis, centre) in centre.iter_mut().enumerate() {
            let sum: f64 = corners[..N].iter().map(|corner| corner.0[axis]).sum();
            #[expect(clippy::cast_precision_loss, reason = "a few axes")]
            let count = N as f64;
            *centre = sum / count;
        }
        // Beyond the centre by so many times its distance from the worst corner.
        let beyond = |times: f64| {
            let mut point = centre;
            for (axis, point) in point.iter_mut().enumerate() {
                *point += times * (centre[axis] - worst.0[axis]);
            }
            valued(point)
        };
        let mirrored = beyond(1.0);
        let better = if mirrored.1 < best.1 {
            let further = beyond(2.0);
            Some(if further.1 < mirrored.1 { further } else { mirrored })
        } else if mirrored.1 < corners[N - 1].1 {
            Some(mirrored)
        } else {
            let nearer = beyond(if mirrored.1 < worst.1 { 0.5 } else { -0.5 });
            Some(nearer).filter(|nearer| nearer.1 < worst.1.min(mirrored.1))
        };
        match better {
            Some(better) => corners[N] = better,
            None => {
                for corner in &mut corners[1..] {
                    let mut point = corner.0;
                    for (axis, point) in point.iter_mut().enumerate() {
                        *point = (*point + best.0[axis]) / 2.0;
                    }
                    *corner = valued(point);
                }
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_bottom_of_a_bent_valley() {
        let valley = |at: &[f64; 2]| (1.0 - at[0]).powi(2) + 100.0 * (at[1] - at[0] * at[0]).powi(2);
        let ([x, y], value) = least([-1.2, 1.0], 0.5, |at| 1.0 + valley(at));
        assert!((x - 1.0).abs() < 1e-3 && (y - 1.0).abs() < 1e-3, "{x} {y}");
        assert!(value < 1.0 + 1e-6);
    }
}
