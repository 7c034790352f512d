//! Reports take whatever a scenario may contain, and draw it the same each time.

use paceline_sim::{
    report::{self, Origin, Picture, Style},
    results::{
        Bin, Ci95, Comparison, Difference, Latency, LimitLine, Limited, Metric, Optimum, Summary,
        Verdict,
    },
    statistics::Estimate,
};

fn strategy(name: &str, bins: usize, refused: f64) -> Summary {
    Summary {
        name: name.to_owned(),
        completed: 12.0,
        goodput: 0.6,
        calls: 12.0 + refused,
        refused,
        failed: 0.0,
        calls_per_success: Some(1.0 + refused / 12.0),
        latency: Latency {
            p50_s: Some(0.5),
            p95_s: Some(70.0),
            p99_s: Some(7_000.0),
            curve: vec![(0.0, 0.01), (0.5, 0.5), (1.0, 7_200.0)],
        },
        wasted_tokens: 1_234_567.0,
        abandoned: 3.0,
        cancelled: 0.0,
        unfinished: 5.0,
        series: vec![
            Bin {
                admitted: 4.0,
                refused,
                waiting: 2.5,
            };
            bins
        ],
        left: vec![vec![0.25; bins]],
        workloads: Vec::new(),
        ci95: Ci95::default(),
        differences: Vec::new(),
        each: Vec::new(),
    }
}

fn comparison(strategies: Vec<Summary>) -> Comparison {
    Comparison {
        scenario: "a <scenario> & more".to_owned(),
        seed: 1,
        replications: 1,
        precision: None,
        duration_s: 600.0,
        warmup_s: 0.0,
        arrivals: 20.0,
        cancels: false,
        optimum: Optimum {
            requests: 20.0,
            exact: true,
        },
        bin_s: 60.0,
        limit_line: Some(LimitLine {
            label: "limit 5/min".to_owned(),
            per_bin: 5.0,
        }),
        limits: vec![Limited {
            provider: None,
            cells: 5.0,
            unit: "requests/min".to_owned(),
        }],
        baseline: String::new(),
        strategies,
        driven: None,
    }
}

fn svg(comparison: &Comparison) -> [String; 2] {
    let plots = [
        report::throughput_plot(comparison, Picture::Svg),
        report::latency_plot(comparison, Picture::Svg),
    ];
    plots.map(|plot| String::from_utf8(plot.expect("it can be drawn")).expect("SVG is UTF-8"))
}

#[test]
fn text_from_a_scenario_cannot_become_markup() {
    let hostile = strategy("<script>alert(1)</script>", 10, 7.0);
    for plot in svg(&comparison(vec![hostile])) {
        assert!(!plot.contains("<script"), "an element got through");
        assert!(plot.contains("&lt;script&gt;"));
        assert!(plot.contains("&lt;scenario&gt; &amp; more"));
    }
}

#[test]
fn control_characters_cannot_steer_a_terminal() {
    let hostile = strategy("red \u{1b}[31m\nrow", 10, 0.0);
    let table = report::table(&comparison(vec![hostile]), Style::Plain);
    assert!(!table.contains('\u{1b}'));
    assert_eq!(table.lines().filter(|line| line.contains("row")).count(), 1);
    assert!(table.lines().any(|line| line.starts_with("red ")));
}

/// A comparison of several runs says how sure it is, and what follows, in words.
#[test]
fn verdicts_are_in_plain_words() {
    let said = |verdict, of| {
        let mut other = strategy("other", 3, 7.0);
        other.ci95.goodput = Some(0.012);
        other.differences = vec![Difference {
            metric: Metric::Goodput,
            of,
            verdict,
        }];
        let mut comparison = comparison(vec![strategy("first", 3, 7.0), other]);
        comparison.replications = 20;
        comparison.baseline = "first".to_owned();
        let table = report::table(&comparison, Style::Plain);
        assert!(table.contains("against first"), "{table}");
        assert!(table.contains("60.0 ± 1.2 %"), "{table}");
        let json = report::json(&comparison).expect("it can be written");
        (table, String::from_utf8(json).expect("JSON is UTF-8"))
    };
    let of = Some(Estimate {
        mean: -0.123,
        half_width: Some(0.01),
    });
    let more = |more| Verdict::CannotTell { more };
    for (verdict, in_table, in_json) in [
        (Verdict::Better, "better by 12.3 ± 1.0 points", "better"),
        (Verdict::Worse, "worse by 12.3 ± 1.0 points", "worse"),
        (Verdict::NoDifference, "no difference", "no difference"),
        (
            more(Some(4_000)),
            "cannot tell: run about 4,000 more",
            "cannot tell: run about 4,000 more",
        ),
        (
            more(None),
            "cannot tell: 100,000 more would not do",
            "cannot tell: 100,000 more would not do",
        ),
        (
            Verdict::NothingToCompare,
            "nothing to compare",
            "nothing to compare",
        ),
    ] {
        let (table, json) = said(verdict, of);
        assert!(table.contains(in_table), "{table}");
        assert!(
            json.contains(&format!("\"verdict\": \"{in_json}\"")),
            "{json}"
        );
    }
    let (_, json) = said(Verdict::OneRun, None);
    assert!(json.contains("one run: --replications 10 or more says how sure"));
}

#[test]
fn nothing_to_show_is_no_failure() {
    let mut idle = strategy("idle", 0, 0.0);
    idle.latency = Latency::default();
    idle.calls_per_success = None;
    for strategies in [vec![], vec![idle], vec![strategy("one bin", 1, 1e9)]] {
        let mut comparison = comparison(strategies);
        comparison.limit_line = None;
        let files = report::files(&comparison, &Origin::default()).expect("it can be drawn");
        assert!(
            files
                .iter()
                .all(|file| !file.bytes.is_empty() || file.name == "results.csv")
        );
    }
}

#[test]
fn a_drawing_is_the_same_each_time() {
    let strategies = (0..12).map(|n| strategy(&format!("strategy {n}"), 300, f64::from(n) * 50.0));
    let comparison = comparison(strategies.collect());
    let first = report::files(&comparison, &Origin::default()).expect("it can be drawn");
    let second = report::files(&comparison, &Origin::default()).expect("it can be drawn");
    for (first, second) in first.iter().zip(&second) {
        assert!(first.bytes == second.bytes, "{} differs", first.name);
    }
}

#[test]
fn only_colours_differ_between_a_terminal_and_a_file() {
    let comparison = comparison(vec![strategy("a", 3, 0.0), strategy("b", 3, 9.0)]);
    let plain = report::table(&comparison, Style::Plain);
    let coloured = report::table(&comparison, Style::Coloured);
    assert_ne!(plain, coloured);
    assert_eq!(
        plain,
        coloured.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "")
    );
}
