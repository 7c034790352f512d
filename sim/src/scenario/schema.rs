//! The file format as a JSON Schema, for editors and for the reference.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

use super::{Scenario, one_or_several, provider::Provider, workload::Workload};

/// The JSON Schema of a scenario, in draft 7, which editors of TOML know.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07()
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(without_formats))
        .with_transform(RecursiveTransform(without_line_breaks));
    let schema = settings.into_generator().into_root_schema_for::<Scenario>();
    schema.to_value()
}

pub(super) fn workloads(generator: &mut SchemaGenerator) -> Schema {
    one_or_several::schema::<Workload>(100, generator)
}

pub(super) fn providers(generator: &mut SchemaGenerator) -> Schema {
    one_or_several::schema::<Provider>(1_000, generator)
}

/// What is optional may be absent, and is never null: TOML has no word for that.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get("type")
        && let [only, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let only = only.clone();
        schema.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf")
        && let [only, null] = choices.as_slice()
        && *null == json!({ "type": "null" })
    {
        let only = json!([only]);
        schema.remove("anyOf");
        schema.insert("allOf".to_owned(), only);
    }
}

/// Formats of Rust say nothing to editors; what they bound is stated as a bound.
fn without_formats(schema: &mut Schema) {
    if let Some(Value::String(format)) = schema.remove("format")
        && format == "uint32"
        && schema.get("maximum").is_none()
    {
        schema.insert("maximum".to_owned(), json!(u32::MAX));
    }
}

/// Lines of a doc comment are as long as those of the code; paragraphs stay.
fn without_line_breaks(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get("description") {
        let paragraphs = text.split("\n\n").map(|it| it.replace('\n', " "));
        let paragraphs: Vec<_> = paragraphs.collect();
        let text = paragraphs.join("\n\n");
        schema.insert("description".to_owned(), text.into());
    }
}
