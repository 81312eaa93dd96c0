//! A table whose keys begin with a position, read along with others.

use std::iter::Peekable;

use doorman_core::store::StoreError;

use super::report::{FlawKind, Report};
use crate::database::{Row, View};
use crate::keys;
use crate::table::Table;

/// A table that is read along with others. A row that makes no sense is noted and left out; a table that cannot be read
/// on ends there.
pub struct Column<'v> {
    table: Table,
    rows: Peekable<Box<dyn Iterator<Item = Result<Row, StoreError>> + 'v>>,
    key_bytes: usize,
    count: u64,
}

impl<'v> Column<'v> {
    /// All rows of a table whose keys have so many bytes.
    pub fn new(view: &'v View<'_>, table: Table, key_bytes: usize) -> Self {
        let all = vec![]..vec![u8::MAX; 13];
        let rows: Box<dyn Iterator<Item = _> + 'v> = Box::new(view.rows_once(table, all));
        Self { table, rows: rows.peekable(), key_bytes, count: 0 }
    }

    /// The position of the next row.
    pub fn next_seq(&mut self, report: &mut Report) -> Option<u64> {
        loop {
            match self.rows.peek()? {
                Ok((key, _)) if key.len() == self.key_bytes => {
                    return key.split_at_checked(8).and_then(|(seq, _)| keys::parse_event(seq));
                }
                Ok((key, _)) => {
                    report.flaw(FlawKind::Unreadable, self.table, key, "its key is none of this table");
                    self.count += 1;
                    self.rows.next();
                }
                Err(error) => {
                    report.failed(self.table, error);
                    self.rows = (Box::new(std::iter::empty()) as Box<dyn Iterator<Item = _> + 'v>).peekable();
                }
            }
        }
    }

    /// The rows of a position, if the next ones are.
    pub fn take(&mut self, seq: u64, report: &mut Report) -> Vec<Row> {
        let mut rows = Vec::new();
        while self.next_seq(report) == Some(seq) {
            rows.extend(self.rows.next().and_then(Result::ok));
            self.count += 1;
        }
        rows
    }

    /// Says how many rows there were.
    pub fn end(self, report: &mut Report) {
        report.counted_rows(self.table, self.count);
    }
}
