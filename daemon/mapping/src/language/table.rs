//! `table(name)`: looking things up in the tables that lie beside the scripts.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FuncRegistration, INT, NativeCallContext};

use super::named::{id_text, shown};
use super::values::{position, same};
use crate::budget;
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::nearest::{did_you_mean, listed};
use crate::tables::{Table, Tables};

/// What a cell costs that is copied.
const CELL_BYTES: usize = 64;

const EXAMPLE: &str = "table(\"plans\")[event.data.plan]";

/// Teaches the engine `table`, once the tables are read.
pub(crate) fn register(engine: &mut Engine, tables: Tables) {
    let tables = Arc::new(tables);
    engine.register_type_with_name::<Table>("table");
    engine.register_fn("table", move |context: NativeCallContext, name: Dynamic| {
        let Ok(name) = name.as_immutable_string_ref() else {
            let what = shown(&context, &name);
            return refuse(&context, format!("`table` needs the name of a table, not {what}"), EXAMPLE);
        };
        match tables.get(name.as_str()) {
            Some(table) => Ok(table.clone()),
            None => {
                let (message, help) = unknown_table(&name, tables.keys().map(String::as_str));
                refuse(&context, message, &help)
            }
        }
    });
    register_reading(engine);
}

/// What is wrong with a table's name, and what to do.
pub(crate) fn unknown_table<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> (String, String) {
    let help = did_you_mean(name, known.clone()).unwrap_or_else(|| {
        let known: Vec<_> = known.collect();
        let there =
            if known.is_empty() { String::new() } else { format!("; there are {}", listed(&known, "and")) };
        format!("put it beside the scripts: tables/{name}.csv or tables/{name}.json{there}")
    });
    (format!("no table is called {}", Quoted(name)), help)
}

/// A table on its way through a `for`.
pub(crate) struct Rows {
    table: Table,
    next: usize,
}

impl Iterator for Rows {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let row = self.table.rows().get(self.next)?.clone();
        self.next += 1;
        Some(row)
    }
}

fn register_reading(engine: &mut Engine) {
    // So that a table may be a constant of the script.
    let reading = |name| FuncRegistration::new(name).with_purity(true);
    engine.register_indexer_get(|context: NativeCallContext, table: &mut Table, key: Dynamic| {
        row(&context, table, &key)
    });
    engine.register_indexer_set(|context: NativeCallContext, _: &mut Table, _: Dynamic, _: Dynamic| {
        let help = "copy what you need of it: let row = table(\"plans\")[key]; row.seats = 5;";
        refuse::<()>(&context, "a table can only be read".to_owned(), help)
    });
    reading("get")
        .register_into_engine(engine, |context: NativeCallContext, table: &mut Table, key: Dynamic| {
            row(&context, table, &key)
        });
    reading("get").register_into_engine(
        engine,
        |context: NativeCallContext, table: &mut Table, key: Dynamic, default: Dynamic| {
            row(&context, table, &key).map(|row| if row.is_unit() { default } else { row })
        },
    );
    // What is behind `key in table`.
    reading("contains").register_into_engine(
        engine,
        |context: NativeCallContext, table: &mut Table, key: Dynamic| {
            row(&context, table, &key).map(|row| !row.is_unit())
        },
    );
    reading("find").register_into_engine(
        engine,
        |context: NativeCallContext, table: &mut Table, column: Dynamic, value: Dynamic| {
            find(&context, table, &column, &value)
        },
    );
    reading("len").register_into_engine(engine, |table: &mut Table| length(table));
    engine.register_get("len", |table: &mut Table| length(table));
    reading("rows").register_into_engine(engine, |context: NativeCallContext, table: &mut Table| {
        budget::charge(&context, table.cells().saturating_mul(CELL_BYTES))?;
        Ok::<Array, Box<rhai::EvalAltResult>>(table.rows().to_vec())
    });
    engine.register_iterator::<Table>();
}

impl IntoIterator for Table {
    type Item = Dynamic;
    type IntoIter = Rows;

    fn into_iter(self) -> Rows {
        Rows { table: self, next: 0 }
    }
}

fn length(table: &Table) -> INT {
    INT::try_from(table.rows().len()).unwrap_or(INT::MAX)
}

/// Nothing where there is no such row, and where the key is missing in the event.
fn row(context: &NativeCallContext, table: &Table, key: &Dynamic) -> Refused<Dynamic> {
    if !table.has_keys() {
        let message = "this table is a list, and its rows have no keys".to_owned();
        return refuse(context, message, "table(\"plans\").find(\"id\", event.data.plan)");
    }
    let is_text = key.as_immutable_string_ref().is_ok();
    match id_text(key) {
        Some(key) => Ok(table.get(&key).cloned().unwrap_or_default()),
        None if key.is_unit() || is_text => Ok(Dynamic::UNIT),
        None => {
            refuse(context, format!("the key of a row is a string, not {}", shown(context, key)), EXAMPLE)
        }
    }
}

fn find(context: &NativeCallContext, table: &Table, column: &Dynamic, value: &Dynamic) -> Refused<Dynamic> {
    let Ok(column) = column.as_immutable_string_ref() else {
        let message = format!("`find` needs the name of a column, not {}", shown(context, column));
        return refuse(context, message, "table(\"plans\").find(\"label\", event.data.label)");
    };
    let columns = table.columns();
    if !columns.is_empty() && !columns.iter().any(|known| *known == *column) {
        let known = columns.iter().map(String::as_str);
        let help =
            did_you_mean(&column, known).unwrap_or_else(|| format!("it has {}", listed(columns, "and")));
        return refuse(context, format!("this table has no column {}", Quoted(&column)), &help);
    }
    let is_wanted = |row: &Dynamic| {
        row.as_map_ref().is_ok_and(|row| row.get(column.as_str()).is_some_and(|cell| same(cell, value)))
    };
    let at = position(context, table.rows(), is_wanted)?;
    Ok(at.and_then(|at| table.rows().get(at)).cloned().unwrap_or_default())
}
