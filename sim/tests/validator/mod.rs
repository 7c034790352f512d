//! The schema of scenarios, put to use on TOML as an editor does.

use serde_json::Value;

/// What the schema says against a text; nothing if it is content.
pub(crate) fn complaints(schema: &Value, text: &str) -> Vec<String> {
    let toml: toml::Table = toml::from_str(text).expect("the text is TOML");
    let value = serde_json::to_value(toml).expect("TOML without dates fits into JSON");
    let validator = jsonschema::validator_for(schema).expect("the schema is legal");
    let errors = validator.iter_errors(&value);
    errors
        .map(|err| format!("{}: {err}", err.instance_path()))
        .collect()
}
