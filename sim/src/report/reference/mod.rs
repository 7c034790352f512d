//! The reference of the file format: its JSON Schema, and the same in Markdown.

mod kind;

use std::fmt::Write;

use serde_json::{Map, Value};

use kind::{kind, leads_to, literal, target};

const INTRODUCTION: &str = "\
Every field and value that a scenario may have. Where a default is not stated, the meaning says what holds. Defaults of a
provider or a strategy are those without `preset`.

A table with the column *value* lists choices. A value in quotes is given as it is, as in `queue = \"fifo\"`; the name of
another takes its content, as in `arrivals.poisson = { rate_per_min = 80 }`.

";

/// A JSON value as a file: indented, with a line break at its end.
pub fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// The reference of a file format in Markdown: a section for each table or choice, with all its fields.
///
/// Everything in it comes from the schema, and so from the types that read the file.
pub fn reference(schema: &Value) -> String {
    let mut sections = Sections {
        definitions: &schema["definitions"],
        found: Vec::new(),
    };
    sections.visit(schema, "");
    let mut text = INTRODUCTION.to_owned();
    section(&mut text, "The file", &[], schema, &sections);
    for (name, paths) in &sections.found {
        let definition = &sections.definitions[name];
        if !is_scalar(definition) {
            section(&mut text, name, paths, definition, &sections);
        }
    }
    text.push_str("### Numbers and dates\n\n| type | means |\n| --- | --- |\n");
    for (name, _) in &sections.found {
        let definition = &sections.definitions[name];
        if let (true, Some(title)) = (is_scalar(definition), definition["title"].as_str()) {
            let _ = writeln!(text, "| {title} | {} |", cell(&description(definition)));
        }
    }
    text
}

/// The definitions in the order in which a reader meets them, with the paths that lead there.
struct Sections<'a> {
    definitions: &'a Value,
    found: Vec<(&'a str, Vec<String>)>,
}

impl<'a> Sections<'a> {
    fn visit(&mut self, schema: &'a Value, path: &str) {
        for (name, field) in entries(schema) {
            let path = match path {
                "" => name.to_owned(),
                _ => format!("{path}.{name}"),
            };
            if let Some(name) = leads_to(field) {
                self.meet(name, &path);
            }
            self.visit(field, &path);
        }
    }

    fn meet(&mut self, name: &'a str, path: &str) {
        let known = self.found.iter_mut().find(|(known, _)| *known == name);
        if let Some((_, paths)) = known {
            paths.push(path.to_owned());
        } else {
            self.found.push((name, vec![path.to_owned()]));
        }
        self.visit(&self.definitions[name], path);
    }
}

/// The fields of a table, or those of all tables that may be chosen.
fn entries(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let tables = [schema].into_iter().chain(choices);
    let fields = tables.filter_map(|table| table["properties"].as_object());
    fields
        .flat_map(Map::iter)
        .map(|(name, field)| (name.as_str(), field))
}

/// Whether a definition is no more than a number or a text, and has a title that says so.
fn is_scalar(definition: &Value) -> bool {
    definition["title"].is_string()
}

fn section(text: &mut String, name: &str, paths: &[String], schema: &Value, all: &Sections<'_>) {
    let _ = writeln!(text, "### {name}\n");
    let _ = writeln!(text, "{}\n", description(schema));
    if !paths.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
        let _ = writeln!(text, "Where: {}.\n", paths.join(", "));
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        choose(text, choices, all);
    } else if let Some(fields) = schema["properties"].as_object() {
        text.push_str("| field | type | default | meaning |\n| --- | --- | --- | --- |\n");
        rows(text, "", fields, schema, all);
    } else if let Some(allowed) = allowed(schema) {
        let _ = writeln!(text, "Allowed: {allowed}.");
    }
    text.push('\n');
}

/// A row for each field of a table.
fn rows(
    text: &mut String,
    prefix: &str,
    fields: &Map<String, Value>,
    table: &Value,
    all: &Sections<'_>,
) {
    let required = table["required"].as_array();
    for (name, field) in fields {
        let is_required = required.is_some_and(|it| it.iter().any(|it| it == name));
        let default = match &field["default"] {
            _ if is_required => "required".to_owned(),
            Value::Null => String::new(),
            default => format!("`{}`", literal(default)),
        };
        let mut meaning = description(field);
        if let Some(allowed) = allowed(field) {
            let _ = write!(meaning, " Allowed: {allowed}.");
        }
        let kind = kind(field, all.definitions);
        let meaning = cell(&meaning);
        let _ = writeln!(
            text,
            "| `{prefix}{name}` | {kind} | {default} | {meaning} |"
        );
    }
}

/// A row for each choice, and for each field of those that are tables.
fn choose(text: &mut String, choices: &[Value], all: &Sections<'_>) {
    let words = |choice: &Value| choice["const"].is_string();
    if choices.iter().all(words) {
        text.push_str("| value | meaning |\n| --- | --- |\n");
        for choice in choices {
            let (word, meaning) = (literal(&choice["const"]), cell(&description(choice)));
            let _ = writeln!(text, "| `{word}` | {meaning} |");
        }
        return;
    }
    text.push_str("| value | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for choice in choices {
        let meaning = cell(&description(choice));
        if words(choice) {
            let word = literal(&choice["const"]);
            let _ = writeln!(text, "| `{word}` | | | {meaning} |");
        }
        for (name, inner) in choice["properties"].as_object().into_iter().flatten() {
            let kind = kind(inner, all.definitions);
            let _ = writeln!(text, "| `{name}` | {kind} | | {meaning} |");
            if let (None, Some(fields)) = (target(inner), inner["properties"].as_object()) {
                rows(text, &format!("{name}."), fields, inner, all);
            }
        }
    }
}

/// The values that a text may have, if they are listed.
fn allowed(schema: &Value) -> Option<String> {
    let values = schema["enum"].as_array()?;
    let values: Vec<_> = values
        .iter()
        .map(|it| format!("`{}`", literal(it)))
        .collect();
    Some(values.join(", "))
}

fn description(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace("\n\n", " ").replace('|', "\\|")
}
