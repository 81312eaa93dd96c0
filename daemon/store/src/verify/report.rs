//! What a verification found.

use doorman_core::store::{Counts, StoreError};

use crate::table::Table;

/// Flaws that are listed one by one; the others are only counted.
const MAX_LISTED: usize = 100;

/// What a verification found.
#[derive(Debug, Default)]
pub struct Report {
    /// The counts of events that the rows come to. Repeats are not recounted: they outlive their events.
    pub counted: Counts,
    /// The counts that the ledger has.
    pub ledger: Counts,
    /// How many rows were read of each table.
    pub rows: Vec<TableRows>,
    /// What is wrong, the first hundred of it.
    pub flaws: Vec<Flaw>,
    /// How much more is wrong.
    pub unlisted: u64,
}

/// How many rows a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// Its name.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Of which kind.
    pub kind: FlawKind,
    /// In which table.
    pub table: &'static str,
    /// At which key, in hex, or in which range of positions.
    pub at: String,
    /// What is wrong there.
    pub what: String,
}

/// The kinds of flaws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlawKind {
    /// A count of the ledger is not what the rows come to.
    Count,
    /// Accepted events are not there, and were not trimmed.
    MissingEvents,
    /// An event that was mapped has no plan, or one that was not has one.
    Plan,
    /// A row without its event.
    Orphan,
    /// An open row that is not what its plan asks for.
    Open,
    /// An open row waits for a time, and no due row brings it up.
    NotDue,
    /// A due row without an open row that waits for its time.
    StrayDue,
    /// A place in a lane that no open delivery has: what is behind it waits for ever.
    StrayPlace,
    /// An open row whose key does not lead to it.
    NoKey,
    /// A dead row, or the lack of one, against the last attempt.
    Dead,
    /// A cancelled row that is not what its delivery's other rows say, or its plan.
    Cancelled,
    /// A delivery of which nobody knows the end.
    EndUnknown,
    /// Attempts that are not numbered without a gap.
    Attempts,
    /// A row outside of what it should refer to.
    Stray,
    /// A row that cannot be read.
    Unreadable,
    /// A table that cannot be read to its end.
    UnreadableTable,
}

impl FlawKind {
    /// What an operator can do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            FlawKind::Count => {
                "status and metrics are off by that much; events and deliveries are not affected: report it"
            }
            FlawKind::MissingEvents => {
                "these events are lost: keep a copy of the folder, and restore a backup or have their senders post them again, under \
                 another messageId"
            }
            FlawKind::Plan | FlawKind::Open | FlawKind::NotDue | FlawKind::EndUnknown => {
                "this event may never be delivered: keep a copy of the folder, and restore a backup or have its sender post it \
                 again, under another messageId"
            }
            FlawKind::NoKey => {
                "`cancel_send` does not find this delivery: `doorman deliveries discard` it by hand if it must not go"
            }
            FlawKind::StrayPlace => {
                "deliveries of this lane may wait for ever: keep a copy of the folder and report it"
            }
            FlawKind::Orphan | FlawKind::StrayDue | FlawKind::Stray => {
                "left over from something that is lost or gone, and harmless by itself: keep a copy of the folder and report it"
            }
            FlawKind::Dead | FlawKind::Cancelled | FlawKind::Attempts => {
                "the log of this delivery is not to be trusted: keep a copy of the folder and report it"
            }
            FlawKind::Unreadable | FlawKind::UnreadableTable => {
                "the disk or the file system has damaged it: keep a copy of the folder, check the disk, restore a backup"
            }
        }
    }
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.flaws.is_empty()
    }

    /// Notes a flaw at a key.
    pub(super) fn flaw(&mut self, kind: FlawKind, table: Table, key: &[u8], what: impl Into<String>) {
        let at = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.note(Flaw { kind, table: table.name(), at, what: what.into() });
    }

    /// Notes that positions have no event.
    pub(super) fn missing(&mut self, first: u64, last: u64) {
        let what = format!("{} accepted events are not there, and were not trimmed", last - first + 1);
        let at = format!("positions {first} to {last}");
        self.note(Flaw { kind: FlawKind::MissingEvents, table: Table::Events.name(), at, what });
    }

    /// Notes what a read ended with.
    pub(super) fn failed(&mut self, table: Table, error: &StoreError) {
        let (kind, at) = match error {
            StoreError::Unreadable { key, .. } => (FlawKind::Unreadable, key.clone()),
            StoreError::Failed { .. } => (FlawKind::UnreadableTable, "from some row on".to_owned()),
        };
        self.note(Flaw { kind, table: table.name(), at, what: error.to_string() });
    }

    /// Notes how many rows a table has.
    pub(super) fn counted_rows(&mut self, table: Table, rows: u64) {
        self.rows.push(TableRows { table: table.name(), rows });
    }

    /// Compares the ledger's counts with the recount.
    pub(super) fn compare(&mut self) {
        let (ledger, counted) = (self.ledger, self.counted);
        for (name, ledger, counted) in [
            ("accepted", ledger.accepted, counted.accepted),
            ("pending", ledger.pending, counted.pending),
            ("delivered", ledger.delivered, counted.delivered),
            ("dead", ledger.dead, counted.dead),
            ("dropped", ledger.dropped, counted.dropped),
            ("trimmed", ledger.trimmed, counted.trimmed),
        ] {
            if ledger != counted {
                let what = format!("it counts {ledger} {name} events, and the rows come to {counted}");
                self.flaw(FlawKind::Count, Table::Meta, crate::table::meta::LEDGER, what);
            }
        }
        if !ledger.are_conserved() {
            let what =
                "its accepted events are not the sum of pending, delivered, dead, dropped and trimmed ones";
            self.flaw(FlawKind::Count, Table::Meta, crate::table::meta::LEDGER, what);
        }
    }

    fn note(&mut self, flaw: Flaw) {
        if self.flaws.len() < MAX_LISTED {
            self.flaws.push(flaw);
        } else {
            self.unlisted += 1;
        }
    }
}
