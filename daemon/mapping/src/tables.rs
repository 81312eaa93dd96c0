//! `scripts/tables/*.csv` and `*.json`: what `table(name)` gives to scripts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use doorman_core::wire::json;
use rhai::{Array, Dynamic, Map};

use crate::error::ScriptError;
use crate::files::Files;
use crate::json::event::Values;

/// More rows in all tables together are for a database.
const MAX_ROWS: usize = 200_000;

/// All tables of a generation by name.
pub(crate) type Tables = BTreeMap<String, Table>;

/// A table. Cheap to clone, and never changed.
#[derive(Clone, Debug)]
pub(crate) struct Table(Arc<Rows>);

#[derive(Debug)]
struct Rows {
    /// The rows of a list, or the members of an object.
    values: Vec<Dynamic>,
    /// Where a key is: of a CSV file its first column, of an object the member's name.
    keys: HashMap<String, usize>,
}

impl Table {
    /// The row with this key.
    pub fn get(&self, key: &str) -> Option<&Dynamic> {
        self.0.values.get(*self.0.keys.get(key)?)
    }

    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[Dynamic] {
        &self.0.values
    }
}

/// Reads all tables.
pub(crate) fn read(files: &Files) -> Result<Tables, Vec<ScriptError>> {
    let mut tables = Tables::new();
    let mut errors = Vec::new();
    let mut rows = 0;
    for (name, path, content) in files.tables() {
        let found = if tables.contains_key(name) {
            let message = format!("there are two tables `{name}`: keep the .csv or the .json");
            Err(Fault { line: 0, column: 0, message })
        } else if path.ends_with(".csv") {
            of_csv(content)
        } else {
            of_json(content)
        };
        match found {
            Ok(table) => {
                rows += table.rows().len();
                tables.insert(name.to_owned(), table);
            }
            Err(fault) => errors.push(fault.in_file(files, path, content)),
        }
    }
    if rows > MAX_ROWS {
        let message = format!("the tables have {rows} rows, and {MAX_ROWS} is the limit for all together");
        errors.push(ScriptError::about_file(files.shown("tables"), message, None));
    }
    if errors.is_empty() { Ok(tables) } else { Err(errors) }
}

/// What is wrong with a table, and where: line and column from 1, 0 for nowhere.
struct Fault {
    line: usize,
    column: usize,
    message: String,
}

impl Fault {
    fn in_file(self, files: &Files, path: &str, content: &[u8]) -> ScriptError {
        let text = String::from_utf8_lossy(content);
        let source_line = self.line.checked_sub(1).and_then(|index| text.lines().nth(index)).unwrap_or("");
        ScriptError {
            file: files.shown(path),
            // A file is far shorter than what a `u32` counts.
            line: self.line as u32,
            column: self.column as u32,
            message: self.message,
            help: None,
            source_line: source_line.to_owned(),
        }
    }
}

/// The first line names the columns; all values are texts. The first column is the key.
fn of_csv(content: &[u8]) -> Result<Table, Fault> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let columns = reader.headers().map_err(|error| of_csv_error(&error))?.clone();
    let mut rows = Rows { values: Vec::new(), keys: HashMap::new() };
    for record in reader.records() {
        let record = record.map_err(|error| of_csv_error(&error))?;
        let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        let key = record.get(0).unwrap_or_default();
        if rows.keys.insert(key.to_owned(), rows.values.len()).is_some() {
            let column = columns.get(0).unwrap_or_default();
            let message = format!("there is a row with the {column} `{key}` already");
            return Err(Fault { line, column: 1, message });
        }
        let cells = columns.iter().zip(record.iter());
        let row: Map = cells.map(|(column, cell)| (column.into(), cell.into())).collect();
        rows.values.push(row.into());
    }
    Ok(Table(Arc::new(rows)))
}

fn of_csv_error(error: &csv::Error) -> Fault {
    let line = error.position().map_or(1, |at| usize::try_from(at.line()).unwrap_or(0));
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("this row has {len} columns, and the first line names {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "this row is not UTF-8: save the table as UTF-8".to_owned(),
        _ => error.to_string(),
    };
    Fault { line, column: 1, message }
}

/// A list of rows, or an object with a member for each key.
fn of_json(content: &[u8]) -> Result<Table, Fault> {
    let value = json::parse(content, &mut Values).map_err(|error| Fault {
        line: error.line,
        column: error.column,
        message: error.message,
    })?;
    let value = match value.try_cast_result::<Array>() {
        Ok(values) => return Ok(Table(Arc::new(Rows { values, keys: HashMap::new() }))),
        Err(other) => other,
    };
    let Some(members) = value.try_cast::<Map>() else {
        return Err(Fault { line: 1, column: 1, message: "a table is a list or an object".to_owned() });
    };
    let mut rows = Rows { values: Vec::new(), keys: HashMap::new() };
    for (name, value) in members {
        rows.keys.insert(name.to_string(), rows.values.len());
        rows.values.push(value);
    }
    Ok(Table(Arc::new(rows)))
}
