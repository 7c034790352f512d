use std::str::FromStr;

use toml_edit::{DocumentMut, Item, Value};

/// A `key=value` from the command line that changes one value of a scenario.
///
/// The key is a dotted path; an element of a list is named by its `name`, or by its place, counted
/// from 0, and `*` names all of them: `duration_s=600`, `strategy.gcra.concurrency=4`, `provider.limit.0.limit=50`. The value is
/// TOML; a bare word is a string.
#[derive(Clone, Debug)]
pub struct Override {
    path: Vec<String>,
    value: Value,
    text: String,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .ok_or("expected key=value, such as duration_s=600")?;
        // TOML wants it quoted, and nobody would think of that.
        let key = key.trim().replace(".*.", ".\"*\".");
        let path = toml_edit::Key::parse(&key).map_err(|err| format!("key: {err}"))?;
        let value = value.trim();
        let value = value.parse().unwrap_or_else(|_| Value::from(value));
        Ok(Self {
            path: path.iter().map(|key| key.get().to_owned()).collect(),
            value,
            text: text.to_owned(),
        })
    }
}

impl Override {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Sets the value in a document.
    ///
    /// # Errors
    ///
    /// Fails if the path leads nowhere.
    pub(super) fn apply(&self, document: &mut DocumentMut) -> Result<(), String> {
        set(document.as_item_mut(), &self.path, &self.value)
    }
}

/// Sets what a path leads to.
fn set(item: &mut Item, path: &[String], value: &Value) -> Result<(), String> {
    let Some((key, rest)) = path.split_first() else {
        *item = Item::Value(value.clone());
        return Ok(());
    };
    match item {
        Item::ArrayOfTables(tables) if key == "*" => {
            (0..tables.len()).try_for_each(|index| set(&mut item[index], rest, value))
        }
        Item::ArrayOfTables(tables) => {
            let index = element(tables, key)?;
            // Indexing turns the element into an item; `get_mut` would give a bare table.
            set(&mut item[index], rest, value)
        }
        Item::Table(table) => {
            let missing = || match rest {
                [] => Item::None,
                _ => Item::Table(toml_edit::Table::new()),
            };
            set(table.entry(key).or_insert_with(missing), rest, value)
        }
        Item::Value(Value::InlineTable(_)) => set(&mut item[key.as_str()], rest, value),
        Item::Value(Value::Array(array)) => match key.parse::<usize>() {
            Ok(index) if index < array.len() => set(&mut item[index], rest, value),
            _ => Err(format!(
                "`{key}` is not a place in a list of {}",
                array.len()
            )),
        },
        _ => Err(format!("`{key}` is below something that is not a table")),
    }
}

/// The place of the element with this name or number.
fn element(tables: &toml_edit::ArrayOfTables, key: &str) -> Result<usize, String> {
    let named = |table: &toml_edit::Table| {
        let name = table.get("name").and_then(Item::as_str);
        name.is_some_and(|name| name == key)
    };
    let index = tables.iter().position(named).or_else(|| key.parse().ok());
    let index = index.filter(|&index| index < tables.len());
    index.ok_or_else(|| format!("no element is named or numbered `{key}`, and `*` is all of them"))
}
