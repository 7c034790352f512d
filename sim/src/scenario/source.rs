use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::presets::{PROVIDERS, Preset, Presets, STRATEGIES, WORKLOADS};

/// The text of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The text, with what the command line changed; empty if the scenario was not read from a file.
    pub text: String,
}

impl Source {
    /// The presets that it uses with their kinds, each once, in the order of their first use.
    pub fn presets(&self) -> Vec<(&'static str, Preset)> {
        let mut found = Vec::new();
        if let Ok(document) = self.text.parse::<DocumentMut>() {
            look_through(document.as_table(), None, &mut found);
        }
        found
    }
}

/// Takes note of the presets below a table that is about things of this kind.
fn look_through(
    table: &dyn TableLike,
    kind: Option<Presets>,
    found: &mut Vec<(&'static str, Preset)>,
) {
    for (key, item) in table.iter() {
        let kind = match key {
            "provider" | "limits_from" => Some(PROVIDERS),
            "strategy" => Some(STRATEGIES),
            "workload" | "tenant" => Some(WORKLOADS),
            _ => kind,
        };
        match (item, kind) {
            (Item::Value(Value::String(name)), Some(kind)) if key == "preset" => {
                take_note(kind, name.value(), found);
            }
            (Item::Value(Value::Array(values)), _) => {
                let tables = values.iter().filter_map(Value::as_inline_table);
                tables.for_each(|table| look_through(table, kind, found));
            }
            (Item::ArrayOfTables(tables), _) => {
                tables
                    .iter()
                    .for_each(|table| look_through(table, kind, found));
            }
            _ => {
                if let Some(table) = item.as_table_like() {
                    look_through(table, kind, found);
                }
            }
        }
    }
}

fn take_note(kind: Presets, name: &str, found: &mut Vec<(&'static str, Preset)>) {
    let known = |(other, preset): &(&str, Preset)| *other == kind.kind && preset.name == name;
    if let Ok(preset) = kind.find(name)
        && !found.iter().any(known)
    {
        found.push((kind.kind, preset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_wherever_they_stand() {
        let text = String::from(
            "workload.preset = \"chat\"
             provider.preset = \"gateway-pro\"
             [[strategy]]
             preset = \"no-care\"
             [[strategy]]
             preset = \"no-care\"
             limits_from = { preset = \"gateway-free\" }
             [[strategy]]
             preset = \"there is none\"",
        );
        let presets = Source { text }.presets();
        let found = presets.iter().map(|(kind, preset)| (*kind, preset.name));
        let found: Vec<_> = found.collect();
        let expected = [
            ("workload", "chat"),
            ("provider", "gateway-pro"),
            ("strategy", "no-care"),
            ("provider", "gateway-free"),
        ];
        assert_eq!(found, expected);
    }
}
