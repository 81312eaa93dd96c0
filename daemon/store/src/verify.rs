//! Recounts everything from the rows, and compares: what holds at any instant (see the crate's page), checked on one
//! snapshot. Nothing is changed.
//!
//! - `column`: a table that is read along with others
//! - `events`: all events with what belongs to them, in the order of their positions; `event`: one of them
//! - `others`: the tables that are not ordered by position
//! - `report`: what was found

mod column;
mod event;
mod events;
mod others;
mod report;

use std::path::Path;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use doorman_core::clock::UnixMillis;

pub use report::{Flaw, FlawKind, Report, TableRows};

use crate::database::Database;
use crate::open::{self, OpenError};
use crate::settings::Settings;
use crate::store::Store;

impl Store {
    /// Verifies the running store. Takes its time: it reads every row. `None` when it was told to stop before the end.
    pub fn verify(&self, stop: &AtomicBool) -> Option<Report> {
        // Nothing but the permission to read for long is held under it.
        let _reading = self.long_reads.read().unwrap_or_else(PoisonError::into_inner);
        verify(&self.database, stop)
    }

    /// Verifies the store in a folder that no process has open. Nothing in the folder is changed, and it is not locked:
    /// see to it that nobody opens the store meanwhile.
    ///
    /// # Errors
    ///
    /// The store cannot be opened; damage that keeps it from being opened is an error, too.
    pub fn verify_folder(path: &Path, settings: &Settings) -> Result<Report, OpenError> {
        open::is_readable(path)?;
        let cutoff = Arc::new(AtomicI64::new(UnixMillis::MIN));
        let database = Database::open_read_only(path, settings, &cutoff)
            .map_err(|error| open::refused_for_reading(path, error))?;
        open::check_format(path, &database)?;
        let not_stopped = "nobody tells it to stop";
        Ok(verify(&database, &AtomicBool::new(false)).expect(not_stopped))
    }
}

fn verify(database: &Database, stop: &AtomicBool) -> Option<Report> {
    let view = database.snapshot();
    let mut report = Report::default();
    let cursors = others::cursors(&view, &mut report);
    events::check(&view, cursors, stop, &mut report);
    others::check(&view, cursors, stop, &mut report);
    report.compare();
    (!stop.load(Ordering::Relaxed)).then_some(report)
}
