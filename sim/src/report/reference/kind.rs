//! What kind of value a field takes, in words.

use serde_json::Value;

use crate::report::format::count;

/// The definition that a schema stands for, if it is nothing else.
pub(super) fn target(schema: &Value) -> Option<&str> {
    let reference = match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) => &only["$ref"],
        _ => &schema["$ref"],
    };
    reference.as_str()?.strip_prefix("#/definitions/")
}

/// The definition that a field leads to: its own, or that of its elements.
pub(super) fn leads_to(field: &Value) -> Option<&str> {
    let first = field["anyOf"].get(0).and_then(target);
    target(field).or_else(|| target(&field["items"])).or(first)
}

/// The kind of a value: its type, and its bounds if it is a number.
pub(super) fn kind(schema: &Value, definitions: &Value) -> String {
    if let Some(name) = target(schema) {
        return match definitions[name]["title"].as_str() {
            Some(title) => title.to_owned(),
            None => format!("[{name}](#{})", name.to_lowercase()),
        };
    }
    if let Some(one) = schema["anyOf"].get(0) {
        return format!("{}, or a list of them", kind(one, definitions));
    }
    match schema["type"].as_str() {
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("string") => "text".to_owned(),
        Some("integer") => format!("whole number{}", bounds(schema)),
        Some("number") => format!("number{}", bounds(schema)),
        Some("array") => list(&schema["items"], definitions),
        Some("object") if schema["properties"].is_object() => "table".to_owned(),
        Some("object") => "`{}`".to_owned(),
        _ => String::new(),
    }
}

/// A list of tables that have a section, of values, or of pairs.
fn list(items: &Value, definitions: &Value) -> String {
    if let Some([first, _]) = items.as_array().map(Vec::as_slice) {
        return format!("pair of {}", kind(first, definitions));
    }
    let is_table = target(items).is_some_and(|name| definitions[name]["title"].is_null());
    let word = if is_table { "list of" } else { "list; each:" };
    format!("{word} {}", kind(items, definitions))
}

/// The bounds of a number, such as ` from 1 to 100`.
fn bounds(schema: &Value) -> String {
    let mut text = String::new();
    for (key, word) in [
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "below"),
    ] {
        let Some(bound) = schema[key].as_f64() else {
            continue;
        };
        // What fits into a register is no bound that a reader needs.
        if bound < f64::from(u32::MAX) {
            text.push_str(&format!(" {word} {}", count(bound)));
        }
    }
    text
}

/// A value as TOML writes it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(literal).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Object(table) => {
            let fields = table
                .iter()
                .map(|(name, value)| format!("{name} = {}", literal(value)));
            let fields: Vec<_> = fields.collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |it| it.to_string()),
        other => other.to_string(),
    }
}
