//! The comparison as one page for a browser: a verdict, a table, charts, and what was simulated.
//!
//! The page needs nothing else, and loads nothing. What a scenario calls its things is text wherever it
//! stands, and the page forbids itself whatever it does not bring.

mod assets;
mod bins;
mod certainty;
mod charts;
mod data;
mod figures;
mod latency;
mod left;
mod method;
mod over_time;
mod page;
mod prose;
mod ranking;
mod rows;
mod text;
mod verdict;

use askama::Template;

use self::{
    assets::{SCRIPT, STYLE},
    page::{Legend, Page, Shipped},
    ranking::Ranking,
    text::{in_lines, in_one_line},
};
use super::{
    format::{count, short_seconds},
    table::how,
};
use crate::{results::Comparison, scenario::Source};

/// Where a comparison comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// What to type to get it again.
    pub command: String,
    /// What the scenario was read from.
    pub source: Source,
}

/// The comparison as a page of HTML. The same comparison gives the same bytes.
///
/// # Errors
///
/// Fails only if memory does.
pub fn html(comparison: &Comparison, origin: &Origin) -> anyhow::Result<Vec<u8>> {
    let ranking = Ranking::new(comparison);
    let strategies = comparison.strategies.iter().enumerate();
    let legend = strategies.map(|(place, strategy)| Legend {
        name: in_one_line(&strategy.name),
        look: look(place),
        shown: ranking.is_shown(place),
    });
    let legend: Vec<_> = legend.collect();
    let figures = figures::figures(comparison);
    let presets = origin
        .source
        .presets()
        .into_iter()
        .map(|(kind, preset)| Shipped {
            kind,
            name: preset.name,
            text: in_lines(preset.text),
        });
    let page = Page {
        policy: assets::policy(),
        style: STYLE,
        script: SCRIPT,
        data: data::json(&legend, &figures)?,
        scenario: in_one_line(&comparison.scenario),
        facts: facts(comparison),
        verdict: verdict::verdict(comparison, &ranking),
        columns: rows::columns(comparison),
        rows: rows::rows(comparison, &ranking),
        notes: rows::notes(comparison),
        few: ranking.few(),
        legend,
        figures,
        command: in_lines(&origin.command),
        source: in_lines(&origin.source.text),
        presets: presets.collect(),
        method: method::method(comparison),
        version: concat!("paceline sim ", env!("CARGO_PKG_VERSION")),
        seed: comparison.seed,
    };
    Ok(page.render()?.into_bytes())
}

/// How the marks of a strategy look: in one of seven colours, and dashed once these are used up.
fn look(place: usize) -> String {
    format!("s{} d{}", place % 7, place / 7 % 3)
}

/// What was run, in one line.
fn facts(comparison: &Comparison) -> String {
    let runs = match comparison.replications {
        1 => "one run".to_owned(),
        more => format!("means of {} runs", count(more.into())),
    };
    let strategies = match comparison.strategies.len() {
        1 => "one strategy".to_owned(),
        more => format!("{more} strategies on the same arrivals"),
    };
    format!(
        "{} {} · {} requests · {strategies} · {runs} · seed {}",
        short_seconds(comparison.duration_s),
        in_one_line(&how(comparison)),
        count(comparison.arrivals),
        comparison.seed,
    )
}
