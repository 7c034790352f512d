use serde_json::{Map, Value, json};

use super::columns::{Cells, columns};
use crate::sweep::Merged;

/// A sweep as CSV: a row for each point and strategy.
///
/// # Errors
///
/// Fails only if memory does.
pub fn sweep_csv(sweep: &Merged) -> anyhow::Result<Vec<u8>> {
    let columns = columns(sweep);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| &column.name))?;
    for row in 0..rows(sweep) {
        writer.write_record(columns.iter().map(|column| match &column.cells {
            Cells::Text(texts) => texts[row].clone(),
            Cells::Numbers(numbers) => numbers[row].map_or_else(String::new, |it| it.to_string()),
        }))?;
    }
    Ok(writer.into_inner()?)
}

/// A sweep as JSON: what it is, and the same rows as objects.
///
/// # Errors
///
/// Fails only if memory does.
pub fn sweep_json(sweep: &Merged) -> anyhow::Result<Vec<u8>> {
    let columns = columns(sweep);
    let row = |row: usize| {
        let cells = columns.iter().map(|column| {
            let cell = match &column.cells {
                Cells::Text(texts) => Value::from(texts[row].as_str()),
                Cells::Numbers(numbers) => Value::from(numbers[row]),
            };
            (column.name.clone(), cell)
        });
        Value::Object(cells.collect::<Map<_, _>>())
    };
    let head = &sweep.head;
    let document = json!({
        "scenario": head.scenario,
        "digest": head.digest,
        "seed": head.seed,
        "replications": head.replications,
        "varied": head.dimensions.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
        "rows": (0..rows(sweep)).map(row).collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn rows(sweep: &Merged) -> usize {
    sweep
        .outcomes
        .iter()
        .map(|outcome| outcome.rows.len())
        .sum()
}
