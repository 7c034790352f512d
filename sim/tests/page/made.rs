use paceline_sim::results::{
    Bin, Ci95, Comparison, Latency, Limited, Optimum, Replication, Summary,
};

/// A strategy that got so many requests of a hundred done.
pub(crate) fn strategy(name: &str, completed: u64, refused: u64) -> Summary {
    let each = Replication {
        possible: 100,
        completed,
        calls: completed + refused,
        refused,
        latency_p95_s: Some(2.0),
    };
    Summary {
        name: name.to_owned(),
        completed: f(completed),
        goodput: f(completed) / 100.0,
        calls: f(completed + refused),
        refused: f(refused),
        failed: 0.0,
        calls_per_success: Some(1.0),
        latency: Latency {
            p50_s: Some(0.5),
            p95_s: Some(2.0),
            p99_s: Some(7.0),
            curve: vec![(0.0, 0.01), (0.5, 0.5), (1.0, 7.0)],
        },
        wasted_tokens: 0.0,
        abandoned: 0.0,
        cancelled: 0.0,
        unfinished: 0.0,
        series: vec![
            Bin {
                admitted: 4.0,
                refused: 1.0,
                waiting: 2.5
            };
            7
        ],
        left: vec![vec![0.25; 7]],
        workloads: Vec::new(),
        ci95: Ci95::default(),
        differences: Vec::new(),
        each: vec![each],
    }
}

fn f(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from)
}

/// One run of strategies.
pub(crate) fn comparison(strategies: Vec<Summary>) -> Comparison {
    Comparison {
        scenario: "a scenario".to_owned(),
        seed: 1,
        replications: 1,
        precision: None,
        duration_s: 420.0,
        warmup_s: 0.0,
        arrivals: 120.0,
        cancels: false,
        optimum: Optimum {
            requests: 100.0,
            exact: true,
        },
        bin_s: 60.0,
        limit_line: None,
        limits: vec![Limited {
            provider: None,
            cells: 5.0,
            unit: "requests/min".to_owned(),
        }],
        baseline: strategies
            .first()
            .map_or_else(String::new, |it| it.name.clone()),
        strategies,
        driven: None,
    }
}
