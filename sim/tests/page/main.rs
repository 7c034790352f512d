//! The page for browsers: whatever things are called is text, and the same comparison gives the same page.

mod document;
mod made;

use document::Document;
use made::{comparison, strategy};
use paceline_sim::{
    compare::differences,
    report::{self, Origin},
    results::{Ci95, Comparison, Latency, Part, Replication},
    scenario::Source,
};
use proptest::{collection::vec, prelude::*};

/// The same in so many runs, but for chance: every other run of the second one has so many more.
fn repeated(mut comparison: Comparison, runs: usize, more: u64) -> Comparison {
    comparison.replications = u32::try_from(runs).expect("few");
    for (place, strategy) in comparison.strategies.iter_mut().enumerate() {
        let one = strategy.each[0];
        let each = (0..runs).map(|run| Replication {
            completed: one.completed + if place == 1 && run % 2 == 0 { more } else { 0 },
            ..one
        });
        strategy.each = each.collect();
    }
    let baseline = comparison.strategies[0].each.clone();
    let others = comparison.strategies.len() - 1;
    for strategy in &mut comparison.strategies[1..] {
        strategy.differences = differences(&strategy.each, &baseline, others);
    }
    comparison
}

fn page(comparison: &Comparison, origin: &Origin) -> String {
    let bytes = report::html(comparison, origin).expect("it can be written");
    String::from_utf8(bytes).expect("a page is UTF-8")
}

fn verdict(comparison: &Comparison) -> String {
    let page = Document::parse(&page(comparison, &Origin::default()));
    page.texts(".verdict").concat().replace('\u{a0}', " ")
}

/// A page about things that are all called this.
fn all_called(name: &str) -> String {
    let called = || name.to_owned();
    let mut first = strategy(name, 90, 3);
    first.workloads = vec![Part {
        name: called(),
        completed: 1.0,
        latency: Latency::default(),
        abandoned: 0.0,
        cancelled: 0.0,
        unfinished: 0.0,
        ci95: Ci95::default(),
    }];
    let mut comparison = comparison(vec![first, strategy(name, 80, 0)]);
    comparison.scenario = called();
    comparison.limits[0].provider = Some(called());
    comparison.limits[0].unit = called();
    let origin = Origin {
        command: called(),
        source: Source { text: called() },
    };
    page(&comparison, &origin)
}

/// Pieces that mean something to a browser, and anything else, but not nothing: that is left out.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "</script>",
        "<script>",
        "<!--",
        "-->",
        "]]>",
        "<",
        ">",
        "\"",
        "'",
        "&",
        "&lt;",
        "</style>",
        "</pre>",
        "</title>",
        "<img src=x onerror=alert(1)>",
        "\\",
        "\\u003c",
        "{{ x }}",
        "{% if %}",
        "\u{2028}",
        "\u{202e}",
        "\u{0}",
        "\r\n",
        "javascript:",
        "data:text/html,",
    ];
    let piece = prop_oneof![
        proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        ".*",
        any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..6).prop_map(|pieces| format!("x{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// The oracle is the parser of a browser engine: a name changes no element and no attribute.
    #[test]
    fn no_name_becomes_markup(name in hostile()) {
        let page = all_called(&name);
        let harmless = Document::parse(&all_called("harmless")).shape();
        let shape = Document::parse(&page).shape();
        let differ = harmless.iter().zip(&shape).find(|(expected, found)| expected != found);
        prop_assert!(shape == harmless, "{differ:?}");
    }

    /// What code reads is what was meant, and stands in its element to the last letter.
    #[test]
    fn data_are_data(name in hostile()) {
        let page = Document::parse(&all_called(&name));
        let data = page.texts("#data").concat();
        let ends = data.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
        prop_assert!(!ends, "{data}");
        let data: serde_json::Value = serde_json::from_str(&data).expect("it is JSON");
        let read = data["strategies"][0]["name"].as_str().expect("it has a name").to_owned();
        prop_assert_eq!(page.texts(".legend .label")[0], &read);
        // Names that hide nothing are not touched.
        if name.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
            prop_assert_eq!(read, name);
        }
    }

    /// Nothing that turns text around, breaks lines or hides gets onto the page.
    #[test]
    fn what_is_not_seen_is_shown(name in hostile()) {
        let page = Document::parse(&all_called(&name));
        let elements = ["h1", ".lead", "th", "button", "pre", "summary", "option"];
        for text in elements.iter().flat_map(|it| page.texts(it)) {
            let is_hidden = |c: char| {
                (c.is_control() && c != '\n' && c != '\t')
                    || ('\u{202a}'..='\u{202e}').contains(&c)
                    || ('\u{2066}'..='\u{2069}').contains(&c)
                    || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}')
            };
            prop_assert!(!text.contains(is_hidden), "{text:?}");
        }
    }
}

#[test]
fn every_strategy_stands_in_every_part() {
    let names: Vec<String> = (0..20).map(|n| format!("strategy <{n}>")).collect();
    let strategies = (50..)
        .zip(&names)
        .map(|(done, name)| strategy(name, done, 1));
    let page = Document::parse(&page(&comparison(strategies.collect()), &Origin::default()));
    assert_eq!(page.texts(".results tbody th bdi"), names);
    assert_eq!(page.texts("figure").len(), 5);
    for id in ["throughput", "latency", "queue", "refusals", "left"] {
        assert_eq!(page.texts(&format!("#{id} .legend .label")), names);
        assert_eq!(page.texts(&format!("#{id} details thead th bdi")), names);
    }
}

#[test]
fn a_page_is_the_same_each_time_and_loads_nothing() {
    let comparison = comparison(vec![strategy("a", 90, 0), strategy("b", 80, 4)]);
    let first = page(&comparison, &Origin::default());
    assert!(
        first == page(&comparison, &Origin::default()),
        "two pages differ"
    );
    let parsed = Document::parse(&first);
    let policy = parsed.attributes("content").concat();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for name in ["src", "style", "onclick", "onload", "action", "data"] {
        assert!(parsed.attributes(name).is_empty(), "{name}");
    }
    let links = parsed.attributes("href");
    assert!(links.iter().all(|link| link.starts_with('#')), "{links:?}");
    assert!(!first.contains("url("), "a style loads something");
}

#[test]
fn nothing_to_show_is_no_failure() {
    let mut idle = strategy("idle", 0, 0);
    idle.latency = Latency::default();
    idle.calls_per_success = None;
    idle.series = Vec::new();
    idle.left = Vec::new();
    for strategies in [vec![], vec![idle]] {
        let mut comparison = comparison(strategies);
        comparison.limits = Vec::new();
        let page = Document::parse(&page(&comparison, &Origin::default()));
        assert_eq!(page.texts("figure").len(), 4);
    }
}

#[test]
fn one_run_is_certain_of_nothing() {
    let one = comparison(vec![strategy("good", 90, 0), strategy("bad", 60, 9)]);
    let said = verdict(&one);
    assert!(
        said.contains("good gets most done: 90 requests of the 100"),
        "{said}"
    );
    assert!(said.contains("This is a single run"), "{said}");
    assert!(!said.contains("confidence"), "{said}");
}

#[test]
fn many_runs_say_what_they_tell() {
    let two = || comparison(vec![strategy("good", 90, 0), strategy("bad", 60, 9)]);
    let said = verdict(&repeated(two(), 10, 2));
    assert!(said.contains("That is certain"), "{said}");
    let close = comparison(vec![strategy("good", 90, 0), strategy("other", 89, 0)]);
    let said = verdict(&repeated(close, 10, 3));
    assert!(
        said.contains("That is not certain: good cannot be told from other"),
        "{said}"
    );
    // The lead is 3.4 standard errors: enough for one pair of strategies, and too little for three.
    let pair = || vec![strategy("good", 90, 0), strategy("other", 74, 0)];
    let said = verdict(&repeated(comparison(pair()), 10, 15));
    assert!(said.contains("That is certain"), "{said}");
    let three = pair().into_iter().chain([strategy("bad", 10, 0)]);
    let said = verdict(&repeated(comparison(three.collect()), 10, 15));
    assert!(said.contains("good cannot be told from other"), "{said}");
    let equal = comparison(vec![strategy("one", 90, 0), strategy("other", 90, 0)]);
    let said = verdict(&repeated(equal, 10, 0));
    assert!(
        said.contains("In every run, as much was done by other as by one"),
        "{said}"
    );
}

#[test]
fn the_gentlest_of_those_that_are_near_is_named() {
    let mut near = strategy("gentle", 90, 0);
    near.completed = 89.8;
    near.goodput = 0.898;
    let said = verdict(&comparison(vec![
        strategy("rough", 90, 50),
        near,
        strategy("bad", 60, 0),
    ]));
    assert!(
        said.contains("one other comes within half a percent of that"),
        "{said}"
    );
    assert!(
        said.contains("Of these 2, gentle is never refused"),
        "{said}"
    );
}
