//! The schema and the reference agree with the types, with what ships, and with themselves.

mod validator;

use std::{env, fs, path::Path};

use paceline_sim::{
    report,
    scenario::{self, Scenario, Source, presets},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use validator::complaints;

/// What follows this line of docs/SCENARIOS.md is generated.
const MARK: &str = "## Reference\n";

/// Compares a file with what it should be, or writes it if `REGENERATE` is set.
#[track_caller]
fn up_to_date(path: &Path, expected: &str) {
    if env::var_os("REGENERATE").is_some() {
        fs::write(path, expected).expect("the file can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is out of date; `REGENERATE=1 cargo test -p paceline-sim --test schema` renews it",
        path.display()
    );
}

#[test]
fn checked_in_files_are_what_the_types_say() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = scenario::schema();
    up_to_date(&here.join("scenario.schema.json"), &report::pretty(&schema));

    let guide = here.join("../docs/SCENARIOS.md");
    let text = fs::read_to_string(&guide).expect("the guide is there");
    let (by_hand, _) = text.split_once(MARK).expect("the reference has its place");
    let reference = report::reference(&schema);
    up_to_date(&guide, &format!("{by_hand}{MARK}\n{reference}"));
}

#[test]
fn the_examples_of_the_guide_are_legal() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SCENARIOS.md");
    let text = fs::read_to_string(guide).expect("the guide is there");
    let blocks = text.split("```toml\n").skip(1);
    let blocks: Vec<_> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    let [_, whole, workload, provider, strategy] = blocks.as_slice() else {
        panic!("the guide has {} examples", blocks.len());
    };
    let parts = format!("seed = 1\nduration_s = 60\n{workload}{provider}{strategy}");
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("example.toml");
    for example in [*whole, &parts] {
        assert_eq!(
            complaints(&scenario::schema(), example),
            Vec::<String>::new()
        );
        fs::write(&file, example).expect("the folder can be written to");
        Scenario::read(&file, &[]).expect("the example is legal");
    }
}

#[test]
fn every_table_field_and_value_is_described() {
    let schema = scenario::schema();
    let mut fields = 0;
    described("scenario", &schema, &mut fields);
    for (name, definition) in definitions(&schema) {
        described(name, definition, &mut fields);
    }
    assert!(fields > 100, "only {fields} were found");
}

fn definitions(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["definitions"].as_object().into_iter().flatten()
}

#[track_caller]
fn described(name: &str, schema: &Value, fields: &mut usize) {
    let text = schema["description"].as_str().unwrap_or_default();
    assert!(text.ends_with('.'), "{name}: no description: `{text}`");
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        let text = choice["description"].as_str().unwrap_or_default();
        assert!(text.ends_with('.'), "{name}: no description: {choice}");
        for (value, inner) in choice["properties"].as_object().into_iter().flatten() {
            describes_fields(&format!("{name}.{value}"), inner, fields);
        }
    }
    describes_fields(name, schema, fields);
}

#[track_caller]
fn describes_fields(name: &str, table: &Value, fields: &mut usize) {
    for (field, schema) in table["properties"].as_object().into_iter().flatten() {
        *fields += 1;
        let text = schema["description"].as_str().unwrap_or_default();
        assert!(
            text.ends_with('.'),
            "{name}.{field}: no description: `{text}`"
        );
        let required = table["required"].as_array().into_iter().flatten();
        let says_when_absent = ["absent", "required", "Either"]
            .iter()
            .any(|word| text.contains(word));
        assert!(
            required.clone().any(|it| it == field)
                || !schema["default"].is_null()
                || says_when_absent
                || field == "preset"
                || field == "period_s",
            "{name}.{field}: no word about what holds if it is absent: {text}"
        );
    }
}

#[test]
fn what_ships_fits_the_schema() {
    let schema = scenario::schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for entry in fs::read_dir(folder).expect("scenarios ship") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("readable");
        let complaints = complaints(&schema, &text);
        assert!(complaints.is_empty(), "{}: {complaints:?}", path.display());
    }
    for (definition, presets) in [
        ("Provider", presets::PROVIDERS),
        ("Strategy", presets::STRATEGIES),
    ] {
        let part = json!({
            "$schema": schema["$schema"],
            "definitions": schema["definitions"],
            "allOf": [{ "$ref": format!("#/definitions/{definition}") }],
        });
        for preset in presets.all() {
            let complaints = complaints(&part, preset.text);
            assert!(complaints.is_empty(), "{}: {complaints:?}", preset.name);
        }
    }
}

/// A scenario with as many tables as one can have, and little in each.
const SAMPLE: &str = r#"
seed = 1
duration_s = 60
workload = { arrivals.batch = { jobs = 1 }, input_tokens.fixed = 1, output_tokens.lognormal = { median = 1, sigma = 1 } }

[provider]
price = {}
limit = [{ counts = "requests", limit = 9, per = "day", kind = "calendar" }]
tenant = [{ arrivals.batch = { jobs = 1 }, input_tokens.fixed = 1, output_tokens.fixed = 1 }]

[[strategy]]
name = "one"
pace.aimd = { requests_per_min = 1 }
route = { policy = "weighted" }
off_peak = { windows = [["22:00", "06:00"]] }
adaptive.aimd = {}
gate = {}
backoff = { delay.exponential = { initial_s = 1, cap_s = 2 } }
budget.ratio = { percent = 1 }

[[strategy]]
name = "two"
adaptive.gradient2 = {}
budget.aws_quota = {}
"#;

/// The sample, changed in one value at a time, and read.
struct Sample {
    folder: TempDir,
    value: Value,
}

impl Sample {
    fn new() -> Self {
        let toml: toml::Table = toml::from_str(SAMPLE).expect("the sample is TOML");
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            value: serde_json::to_value(toml).expect("it fits into JSON"),
        }
    }

    fn read(&self, value: &Value) -> anyhow::Result<String> {
        let file = self.folder.path().join("sample.toml");
        let text = toml::Table::try_from(value).expect("JSON without null fits into TOML");
        fs::write(&file, text.to_string()).expect("the folder can be written to");
        let mut scenario = Scenario::read(&file, &[])?;
        // The text itself does change.
        scenario.source = Source::default();
        Ok(format!("{scenario:?}"))
    }

    fn read_with(&self, table: &str, field: &str, value: &Value) -> anyhow::Result<String> {
        let mut changed = self.value.clone();
        changed.pointer_mut(table).expect("the table is there")[field] = value.clone();
        self.read(&changed)
    }
}

#[test]
fn stating_a_default_changes_nothing() {
    let (schema, sample) = (scenario::schema(), Sample::new());
    assert_eq!(complaints(&schema, SAMPLE), Vec::<String>::new());
    let plain = sample.read(&sample.value).expect("the sample is legal");
    let mut count = 0;
    for (table, field, schema) in fields(&schema, &schema, &sample.value, "") {
        let default = &schema["default"];
        let there = sample.value.pointer(&table);
        if default.is_null() || there.is_some_and(|table| !table[&field].is_null()) {
            continue;
        }
        count += 1;
        match sample.read_with(&table, &field, default) {
            Ok(found) => assert!(
                found == plain,
                "{table}/{field} = {default} changes something"
            ),
            Err(err) => panic!("{table}/{field} = {default}: {err:#}"),
        }
    }
    assert!(count > 40, "only {count} were found");
}

#[test]
fn what_is_out_of_the_bounds_of_the_schema_is_refused_by_the_program() {
    let (schema, sample) = (scenario::schema(), Sample::new());
    let (mut count, mut read) = (0, Vec::new());
    for (table, field, found) in fields(&schema, &schema, &sample.value, "") {
        let target = found["allOf"][0]["$ref"].as_str().unwrap_or("#/none");
        let target = schema.pointer(&target[1..]).unwrap_or(&Value::Null);
        for (bound, beyond) in [
            ("minimum", -1.0),
            ("exclusiveMinimum", 0.0),
            ("maximum", 1.0),
            ("exclusiveMaximum", 0.0),
        ] {
            for limit in [&found[bound], &target[bound]] {
                let Some(limit) = limit.as_f64() else {
                    continue;
                };
                count += 1;
                let value = limit + beyond;
                let value = match found["type"].as_str() {
                    // Whole numbers of the schema are exact in a float.
                    Some("integer") => format!("{value}").parse().expect("a whole number"),
                    _ => json!(value),
                };
                if sample.read_with(&table, &field, &value).is_ok() {
                    read.push(format!("{table}/{field} = {value}"));
                }
            }
        }
    }
    assert!(read.is_empty(), "{read:#?}");
    assert!(count > 60, "only {count} were found");
}

/// All fields that the tables of a value may have: the table, the field and its schema.
fn fields<'a>(
    root: &'a Value,
    schema: &'a Value,
    value: &Value,
    place: &str,
) -> Vec<(String, String, &'a Value)> {
    let mut found = Vec::new();
    for key in ["allOf", "anyOf", "oneOf"] {
        for choice in schema[key].as_array().into_iter().flatten() {
            found.extend(fields(root, choice, value, place));
        }
    }
    if let Some(name) = schema["$ref"].as_str() {
        let definition = root.pointer(name.trim_start_matches('#'));
        let definition = definition.expect("references lead somewhere");
        found.extend(fields(root, definition, value, place));
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        let place = format!("{place}/{index}");
        found.extend(fields(root, &schema["items"], element, &place));
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(table) = value.as_object() {
            found.push((place.to_owned(), field.clone(), schema));
            if let Some(value) = table.get(field) {
                found.extend(fields(root, schema, value, &format!("{place}/{field}")));
            }
        }
    }
    found
}
