use serde::Serialize;

use super::{charts::Chart, figures::Figure, page::Legend};

#[derive(Serialize)]
struct Data<'a> {
    strategies: Vec<Strategy<'a>>,
    charts: Vec<&'a Chart>,
}

#[derive(Serialize)]
struct Strategy<'a> {
    name: &'a str,
    shown: bool,
}

/// What the page's code reads, as JSON that cannot end the element in which it stands.
pub(super) fn json(legend: &[Legend], figures: &[Figure]) -> anyhow::Result<String> {
    let strategies = legend.iter().map(|entry| Strategy {
        name: &entry.name,
        shown: entry.shown,
    });
    let data = Data {
        strategies: strategies.collect(),
        charts: figures.iter().map(|figure| &figure.chart).collect(),
    };
    // These stand within strings only, where an escape means the same.
    let text = serde_json::to_string(&data)?;
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}
