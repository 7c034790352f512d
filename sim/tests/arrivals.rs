//! Arrivals have the rates and the bursts that their formulas say.

mod drawn;

use drawn::{dispersion, moments, times};
use statrs::function::gamma::gamma;

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let off = (found / expected - 1.0).abs();
    assert!(
        off < tolerance,
        "{what}: expected {expected}, found {found}"
    );
}

fn gaps(times: &[f64]) -> Vec<f64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Heffes and Lucantoni (1986): the variance of counts of a process with two states, by their mean.
#[test]
fn two_states_disperse_as_heffes_and_lucantoni_say() {
    let (rate, mean_s) = ([600.0, 60.0], [20.0, 60.0]);
    let arrivals = "arrivals.mmpp.states = [
        { rate_per_min = 600, mean_s = 20 }, { rate_per_min = 60, mean_s = 60 }]";
    let duration_s = 400_000.0;
    let times = times(arrivals, duration_s, 1);
    let (a, b) = (rate[0] / 60.0, rate[1] / 60.0);
    let (leave_a, leave_b): (f64, f64) = (1.0 / mean_s[0], 1.0 / mean_s[1]);
    let change = leave_a + leave_b;
    let mean = (a * leave_b + b * leave_a) / change;
    // 5,000 cycles of on and off: the mean is known to about 1.5 %.
    close(
        dispersion(&times, duration_s, 10.0).0 / 10.0,
        mean,
        0.05,
        "rate",
    );
    for window_s in [1.0, 10.0, 60.0, 300.0] {
        let limit = 2.0 * (a - b).powi(2) * leave_a * leave_b
            / (change.powi(2) * (a * leave_b + b * leave_a));
        let done = (1.0 - (-change * window_s).exp()) / (change * window_s);
        let found = dispersion(&times, duration_s, window_s).1;
        close(
            found,
            1.0 + limit * (1.0 - done),
            0.1,
            &format!("dispersion over {window_s} s"),
        );
    }
}

/// The long-run share of time in each state solves the balance equations, whatever follows what.
#[test]
fn states_in_a_ring_take_the_time_that_they_last() {
    let arrivals = "arrivals.mmpp.states = [
        { rate_per_min = 60, mean_s = 10, next = [0, 1, 0] },
        { rate_per_min = 0, mean_s = 20, next = [0, 0, 1] },
        { rate_per_min = 240, mean_s = 30, next = [3, 1, 0] }]";
    // Visits are 3 : 4 : 4, so time is 30 : 80 : 120, and 30 + 480 arrivals in 230 s.
    let duration_s = 400_000.0;
    let times = times(arrivals, duration_s, 2);
    close(
        dispersion(&times, duration_s, 60.0).0 / 60.0,
        510.0 / 230.0,
        0.05,
        "rate",
    );
}

#[test]
fn states_of_one_rate_are_poisson() {
    let arrivals = "arrivals.mmpp.states = [
        { rate_per_min = 120, mean_s = 3 }, { rate_per_min = 120, mean_s = 7 }]";
    let times = times(arrivals, 50_000.0, 3);
    let (mean, dispersion) = dispersion(&times, 50_000.0, 5.0);
    close(mean, 10.0, 0.02, "rate");
    close(dispersion, 1.0, 0.07, "dispersion");
}

#[test]
fn gaps_vary_as_their_shape_says() {
    for shape in [0.5_f64, 1.0, 3.0] {
        let weibull = gamma(1.0 + 2.0 / shape) / gamma(1.0 + 1.0 / shape).powi(2) - 1.0;
        for (kind, squared_cv) in [("gamma", 1.0 / shape), ("weibull", weibull)] {
            let arrivals = format!("arrivals.{kind} = {{ rate_per_min = 60, shape = {shape:?} }}");
            let times = times(&arrivals, 200_000.0, 4);
            let (mean, variance) = moments(&gaps(&times));
            // The mean of 200,000 gaps is known to CV / 447.
            close(mean, 1.0, 5.0 * squared_cv.sqrt() / 447.0, kind);
            close(variance / mean.powi(2), squared_cv, 0.12, kind);
            // Counts of a renewal process disperse as its gaps do, over many of them.
            let long = dispersion(&times, 200_000.0, 500.0).1;
            close(
                long,
                squared_cv,
                0.35,
                &format!("{kind} {shape} over 500 s"),
            );
        }
    }
}

#[test]
fn a_profile_multiplies_every_hour_by_its_factor() {
    let hourly: Vec<String> = (0..24)
        .map(|hour| ((hour % 4) as f64 / 2.0).to_string())
        .collect();
    let factors = hourly.join(", ");
    let arrivals = format!(
        "arrivals.poisson = {{ rate_per_min = 60 }}
         profile = {{ hourly = [{factors}], weekly = [1, 1, 1, 1, 1, 2, 0], utc_offset_h = 2 }}"
    );
    let week_s = 7.0 * 86_400.0;
    let times = times(&arrivals, week_s, 5);
    let mut counts = vec![0.0_f64; 7 * 24];
    for time in &times {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an hour"
        )]
        let hour = (time / 3_600.0) as usize;
        counts[hour] += 1.0;
    }
    for (hour, count) in counts.iter().enumerate() {
        let local = (hour + 2) % (7 * 24);
        let day = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0][local / 24];
        let expected = 3_600.0 * (local % 4) as f64 / 2.0 * day;
        assert!(
            (count - expected).abs() <= 4.5 * expected.sqrt(),
            "hour {hour}: expected {expected}, found {count}"
        );
    }
    let sum: f64 = counts.iter().sum();
    // The mean factor of an hour is 3/4, and that of a day 1.
    close(sum, week_s * 0.75, 0.01, "a week");
}

/// Time runs faster, so gaps keep their shape.
#[test]
fn a_profile_keeps_the_shape_of_gaps() {
    let constant = format!("[{}]", ["2"; 24].join(", "));
    let arrivals = "arrivals.gamma = { rate_per_min = 60, shape = 0.3 }";
    let plain = times(arrivals, 40_000.0, 6);
    let twice = times(
        &format!("{arrivals}\nprofile.hourly = {constant}"),
        20_000.0,
        6,
    );
    assert_eq!(plain.len(), twice.len());
    for (plain, twice) in plain.iter().zip(&twice) {
        assert!((plain - 2.0 * twice).abs() < 1e-5);
    }
}

#[test]
fn many_poisson_clients_are_poisson_however_uneven() {
    let arrivals =
        "arrivals.clients = { count = 200, rate_per_min = 300, zipf = 1.2, gaps.gamma.shape = 1 }";
    let times = times(arrivals, 40_000.0, 7);
    let (mean, dispersion) = dispersion(&times, 40_000.0, 4.0);
    close(mean, 20.0, 0.01, "rate");
    close(dispersion, 1.0, 0.07, "dispersion");
}

/// Clients are met in the middle of what they do, so nothing happens to the first seconds.
#[test]
fn clients_ask_as_often_at_the_start_as_later() {
    for (kind, active) in [
        ("gamma", ""),
        ("weibull", ""),
        ("gamma", ", active = { share = 0.2, mean_s = 60 }"),
    ] {
        let arrivals = format!(
            "arrivals.clients = {{ count = 2000, rate_per_min = 600, gaps.{kind}.shape = 0.3{active} }}"
        );
        // 2,000 clients that each ask every 200 s: 100 requests in the first 10 s.
        let early: Vec<f64> = (0..30)
            .map(|seed| f64::from(u32::try_from(times(&arrivals, 10.0, seed).len()).expect("few")))
            .collect();
        let (mean, variance) = moments(&early);
        let error = (variance / 30.0).sqrt();
        assert!(
            (mean - 100.0).abs() < 4.0 * error,
            "{arrivals}: {mean} +- {error}"
        );
        let times = times(&arrivals, 4_000.0, 1);
        close(
            dispersion(&times, 4_000.0, 400.0).0,
            4_000.0,
            0.1,
            &arrivals,
        );
    }
}

#[test]
fn one_client_of_all_asks_as_its_gaps_say() {
    // The second of two has a share of one in a million.
    let arrivals =
        "arrivals.clients = { count = 2, rate_per_min = 60, zipf = 20, gaps.gamma.shape = 100 }";
    let (mean, variance) = moments(&gaps(&times(arrivals, 50_000.0, 8)));
    close(mean, 1.0, 0.005, "mean");
    close(variance, 0.01, 0.1, "variance");
    // Where both ask as much, clocks beat against each other.
    let even = arrivals.replace("zipf = 20", "zipf = 0");
    assert!(moments(&gaps(&times(&even, 50_000.0, 8))).1 > 0.05);
}

#[test]
fn clients_that_come_and_go_ask_as_much_over_time_and_in_bursts() {
    let steady = "arrivals.clients = { count = 1, rate_per_min = 60, gaps.gamma.shape = 1";
    let comes = format!("{steady}, active = {{ share = 0.25, mean_s = 30 }} }}");
    let times = times(&comes, 400_000.0, 9);
    // The same as a process with two states, of which one is silent.
    let (mean, found) = dispersion(&times, 400_000.0, 60.0);
    close(mean, 60.0, 0.08, "rate");
    let change = 1.0 / 30.0 + 1.0 / 90.0;
    let limit = 2.0 * 16.0 / (30.0 * 90.0) / (change * change * (4.0 / 90.0));
    let done = (1.0 - (-change * 60.0_f64).exp()) / (change * 60.0);
    close(found, 1.0 + limit * (1.0 - done), 0.1, "dispersion");
}
