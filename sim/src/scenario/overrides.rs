use std::str::FromStr;

use toml_edit::{DocumentMut, Item, Value};

/// A `key=value` from the command line that changes one value of a scenario.
///
/// The key is a dotted path; an element of a list is named by its `name`, or by its place, counted
/// from 0: `duration_s=600`, `strategy.gcra.concurrency=4`, `provider.limit.0.limit=50`. The value is
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
        let path = toml_edit::Key::parse(key.trim()).map_err(|err| format!("key: {err}"))?;
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
        let (last, parents) = self.path.split_last().ok_or("expected a key before `=`")?;
        let mut item = document.as_item_mut();
        for key in parents {
            item = descend(item, key)?;
        }
        let slot = match item {
            Item::Table(table) => table.entry(last).or_insert(Item::None),
            other => descend(other, last)?,
        };
        *slot = Item::Value(self.value.clone());
        Ok(())
    }
}

/// The child of a table or list; a table that is missing is made.
fn descend<'item>(item: &'item mut Item, key: &str) -> Result<&'item mut Item, String> {
    match item {
        Item::ArrayOfTables(tables) => {
            let named = |table: &toml_edit::Table| {
                table
                    .get("name")
                    .and_then(Item::as_str)
                    .is_some_and(|name| name == key)
            };
            let index = tables.iter().position(named).or_else(|| key.parse().ok());
            let table = index.filter(|&index| index < tables.len());
            let table = table.ok_or_else(|| format!("no element is named or numbered `{key}`"))?;
            // Indexing turns the element into an item; `get_mut` would give a bare table.
            Ok(&mut item[table])
        }
        Item::Table(table) => {
            let entry = table.entry(key);
            Ok(entry.or_insert_with(|| Item::Table(toml_edit::Table::new())))
        }
        Item::Value(Value::InlineTable(_)) => Ok(&mut item[key]),
        Item::Value(Value::Array(array)) => match key.parse::<usize>() {
            Ok(index) if index < array.len() => Ok(&mut item[index]),
            _ => Err(format!(
                "`{key}` is not a place in a list of {}",
                array.len()
            )),
        },
        _ => Err(format!("`{key}` is below something that is not a table")),
    }
}
