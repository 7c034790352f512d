use askama::Template;

use super::{figures::Figure, prose::Prose, rows::Row};

/// The page. Whatever stands in it is escaped, but for assets and data, which are made for their place.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    pub(super) policy: String,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    pub(super) data: String,
    pub(super) scenario: String,
    pub(super) facts: String,
    pub(super) verdict: Verdict,
    pub(super) columns: Vec<&'a str>,
    pub(super) rows: Vec<Row>,
    pub(super) notes: Vec<String>,
    pub(super) few: Option<&'static str>,
    pub(super) legend: Vec<Legend>,
    pub(super) figures: Vec<Figure>,
    pub(super) command: String,
    pub(super) source: String,
    pub(super) presets: Vec<Shipped>,
    pub(super) method: Vec<(&'static str, String)>,
    pub(super) version: &'static str,
    pub(super) seed: u64,
}

/// What a comparison says, in words.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) lead: Prose,
    pub(super) points: Vec<Prose>,
}

/// How a strategy is shown in all charts.
#[derive(Debug)]
pub(super) struct Legend {
    pub(super) name: String,
    pub(super) look: String,
    /// Whether charts show it at first.
    pub(super) shown: bool,
}

/// A preset that the scenario uses.
#[derive(Debug)]
pub(super) struct Shipped {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) text: String,
}
