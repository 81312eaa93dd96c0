//! `table(name)`: looking things up in the tables that lie beside the scripts.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, INT, ImmutableString, NativeCallContext};

use super::named::{id_text, shown};
use super::values::same;
use crate::budget;
use crate::error::Quoted;
use crate::failure::refuse;
use crate::nearest::{did_you_mean, listed};
use crate::tables::{Table, Tables};

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
    engine.register_indexer_get(|table: &mut Table, key: Dynamic| row(table, &key));
    engine.register_fn("get", |table: &mut Table, key: Dynamic| row(table, &key));
    engine.register_fn("get", |table: &mut Table, key: Dynamic, default: Dynamic| {
        let row = row(table, &key);
        if row.is_unit() { default } else { row }
    });
    engine.register_fn("find", |table: &mut Table, column: ImmutableString, value: Dynamic| {
        let has = |row: &&Dynamic| {
            row.as_map_ref().is_ok_and(|row| row.get(column.as_str()).is_some_and(|cell| same(cell, &value)))
        };
        table.rows().iter().find(has).cloned().unwrap_or_default()
    });
    for name in ["len", "count"] {
        engine.register_fn(name, |table: &mut Table| INT::try_from(table.rows().len()).unwrap_or(INT::MAX));
    }
    engine.register_get("len", |table: &mut Table| INT::try_from(table.rows().len()).unwrap_or(INT::MAX));
    engine.register_fn("rows", |context: NativeCallContext, table: &mut Table| {
        budget::charge(&context, size_of_val(table.rows()))?;
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

fn row(table: &Table, key: &Dynamic) -> Dynamic {
    id_text(key).and_then(|key| table.get(&key).cloned()).unwrap_or_default()
}
