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

/// What some editors put before the text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// All tables of a generation by name.
pub(crate) type Tables = BTreeMap<String, Table>;

/// A table. Cheap to clone, and never changed.
#[derive(Clone, Debug)]
pub(crate) struct Table(Arc<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// The rows of a list, or the members of an object.
    values: Vec<Dynamic>,
    /// Where a key is: of a CSV file its first column, of an object the member's name. A list has none.
    keys: Option<HashMap<String, usize>>,
    /// Those that the first line of a CSV file names.
    columns: Vec<String>,
}

impl Table {
    /// The row with this key.
    pub fn get(&self, key: &str) -> Option<&Dynamic> {
        self.0.values.get(*self.0.keys.as_ref()?.get(key)?)
    }

    /// Whether rows have keys.
    pub fn has_keys(&self) -> bool {
        self.0.keys.is_some()
    }

    /// All rows, in the order of the file; of an object sorted by key.
    pub fn rows(&self) -> &[Dynamic] {
        &self.0.values
    }

    /// The names of the columns, where a file says them.
    pub fn columns(&self) -> &[String] {
        &self.0.columns
    }

    /// How many values the rows hold, not counting what those hold.
    pub fn cells(&self) -> usize {
        self.0.values.iter().map(|row| row.as_map_ref().map_or(1, |row| row.len())).sum()
    }
}

/// Reads all tables.
pub(crate) fn read(files: &Files) -> Result<Tables, Vec<ScriptError>> {
    let mut tables = Tables::new();
    let mut errors = Vec::new();
    let mut rows = 0;
    for (name, path, content) in files.tables() {
        let found = if tables.contains_key(name) {
            let message = format!("there are two tables `{name}`");
            Err(Fault { line: 0, column: 0, message, help: "keep the .csv or the .json".to_owned() })
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
        let help = "tables are for what scripts look up; send what is larger with the event".to_owned();
        errors.push(ScriptError::about_file(files.shown("tables"), message, Some(help)));
    }
    if errors.is_empty() { Ok(tables) } else { Err(errors) }
}

/// What is wrong with a table, and where: line and column from 1, 0 for nowhere.
struct Fault {
    line: usize,
    column: usize,
    message: String,
    /// What to do; empty for nothing.
    help: String,
}

impl Fault {
    fn at(line: usize, message: String, help: &str) -> Self {
        Self { line, column: 1, message, help: help.to_owned() }
    }

    fn in_file(self, files: &Files, path: &str, content: &[u8]) -> ScriptError {
        let text = String::from_utf8_lossy(content);
        let source_line = self.line.checked_sub(1).and_then(|index| text.lines().nth(index)).unwrap_or("");
        ScriptError {
            file: files.shown(path),
            // A file is far shorter than what a `u32` counts.
            line: self.line as u32,
            column: self.column as u32,
            message: self.message,
            help: Some(self.help).filter(|help| !help.is_empty()),
            source_line: source_line.to_owned(),
        }
    }
}

/// The first line names the columns; all values are texts. The first column is the key.
fn of_csv(content: &[u8]) -> Result<Table, Fault> {
    let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let columns = columns(reader.headers().map_err(|error| of_csv_error(&error))?)?;
    let mut values = Vec::new();
    let mut keys = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| of_csv_error(&error))?;
        let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        let key = record.get(0).unwrap_or_default();
        let first = &columns[0];
        if key.is_empty() {
            return Err(Fault::at(line, format!("this row has no {first}"), "the first column is the key"));
        }
        if keys.insert(key.to_owned(), values.len()).is_some() {
            let message = format!("there is a row with the {first} `{key}` already");
            return Err(Fault::at(line, message, "the first column is the key, and each is there once"));
        }
        let cells = columns.iter().zip(record.iter());
        let row: Map = cells.map(|(column, cell)| (column.into(), cell.into())).collect();
        values.push(row.into());
    }
    Ok(Table(Arc::new(Rows { values, keys: Some(keys), columns })))
}

/// The names that the first line gives: at least one, and none twice.
fn columns(header: &csv::StringRecord) -> Result<Vec<String>, Fault> {
    let example = "the first line names the columns: plan,label,seats";
    let mut columns: Vec<String> = Vec::new();
    for name in header {
        if name.is_empty() {
            let message = format!("column {} has no name", columns.len() + 1);
            return Err(Fault::at(1, message, example));
        }
        if columns.iter().any(|known| known == name) {
            return Err(Fault::at(1, format!("there are two columns `{name}`"), example));
        }
        columns.push(name.to_owned());
    }
    match columns.as_slice() {
        [] => Err(Fault::at(1, "this table is empty".to_owned(), example)),
        [only] if only.contains([';', '\t']) => {
            let message = "the columns of a table are separated by commas".to_owned();
            Err(Fault::at(1, message, "save it as comma-separated values"))
        }
        _ => Ok(columns),
    }
}

fn of_csv_error(error: &csv::Error) -> Fault {
    let line = error.position().map_or(1, |at| usize::try_from(at.line()).unwrap_or(0));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let plural = if *len == 1 { "" } else { "s" };
            let message =
                format!("this row has {len} column{plural}, and the first line names {expected_len}");
            Fault::at(
                line,
                message,
                "a value with a comma in it stands in double quotes, right behind the comma before it",
            )
        }
        csv::ErrorKind::Utf8 { .. } => {
            Fault::at(line, "this row is not UTF-8".to_owned(), "save the table as UTF-8")
        }
        _ => Fault::at(line, error.to_string(), ""),
    }
}

/// A list of rows, or an object with a member for each key.
fn of_json(content: &[u8]) -> Result<Table, Fault> {
    let value = json::parse(content, &mut Values::of_file()).map_err(|error| Fault {
        line: error.line,
        column: error.column,
        message: error.message,
        help: String::new(),
    })?;
    let value = match value.try_cast_result::<Array>() {
        Ok(values) => return Ok(Table(Arc::new(Rows { values, ..Rows::default() }))),
        Err(other) => other,
    };
    let Some(members) = value.try_cast::<Map>() else {
        let message = "a table is an object, or a list".to_owned();
        return Err(Fault::at(
            1,
            message,
            "{\"gold\": {\"seats\": 50}} or [{\"plan\": \"gold\", \"seats\": 50}]",
        ));
    };
    let mut values = Vec::new();
    let mut keys = HashMap::new();
    for (name, value) in members {
        keys.insert(name.to_string(), values.len());
        values.push(value);
    }
    Ok(Table(Arc::new(Rows { values, keys: Some(keys), columns: Vec::new() })))
}
