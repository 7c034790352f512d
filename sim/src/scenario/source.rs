use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::presets::{PROVIDERS, Preset, Presets, STRATEGIES, WORKLOADS};

/// The text of a scenario, and the presets that it uses.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The text, with what the command line changed; empty if the scenario was not read from a file.
    pub text: String,
    /// The presets, each once, in the order of their first use.
    pub presets: Vec<(&'static str, Preset)>,
}

impl Source {
    /// Looks through the text of a legal scenario.
    pub(super) fn of(text: &str) -> Self {
        let mut source = Self {
            text: text.to_owned(),
            presets: Vec::new(),
        };
        if let Ok(document) = text.parse::<DocumentMut>() {
            source.look_through(document.as_table(), None);
        }
        source
    }

    /// Takes note of the presets below a table that is about things of this kind.
    fn look_through(&mut self, table: &dyn TableLike, kind: Option<Presets>) {
        for (key, item) in table.iter() {
            let kind = match key {
                "provider" | "limits_from" => Some(PROVIDERS),
                "strategy" => Some(STRATEGIES),
                "workload" | "tenant" => Some(WORKLOADS),
                _ => kind,
            };
            match (item, kind) {
                (Item::Value(Value::String(name)), Some(kind)) if key == "preset" => {
                    self.use_of(kind, name.value());
                }
                (Item::Value(Value::Array(values)), _) => {
                    let tables = values.iter().filter_map(Value::as_inline_table);
                    tables.for_each(|table| self.look_through(table, kind));
                }
                (Item::ArrayOfTables(tables), _) => {
                    tables
                        .iter()
                        .for_each(|table| self.look_through(table, kind));
                }
                _ => {
                    if let Some(table) = item.as_table_like() {
                        self.look_through(table, kind);
                    }
                }
            }
        }
    }

    fn use_of(&mut self, kind: Presets, name: &str) {
        let known = |(other, preset): &(&str, Preset)| *other == kind.kind && preset.name == name;
        if let Ok(preset) = kind.find(name)
            && !self.presets.iter().any(known)
        {
            self.presets.push((kind.kind, preset));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_wherever_they_stand() {
        let source = Source::of(
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
        let found = source
            .presets
            .iter()
            .map(|(kind, preset)| (*kind, preset.name));
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
