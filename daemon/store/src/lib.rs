//! Doorman's store on RocksDB, and the only crate that knows it.
//!
//! [`Store::open`] gives the two sides that `doorman_core::store` asks for: the [`Writer`] (its `Journal`), of which there
//! is one, and the [`Store`] itself (its `Log`), shared by all readers.
//!
//! - [`table`]: every table with its key, value, writer, reader and lifetime; start here
//! - `keys`, `record`: how keys and values are encoded
//! - `options`: how RocksDB is set up, one profile for each kind of table
//! - `database`: reading and writing tables, and the only code that calls RocksDB
//! - `open`, `recover`: from a folder to a running store
//! - `writer`, `turn`: one commit, one atomic batch; `turn` has a file for each transition
//! - `ledger`: the counts and cursors that each batch carries with it
//! - `log`: what the readers ask; `walk` reads the tables of events side by side
//! - `release`: gives the disk back what was trimmed
//! - [`verify`]: recounts everything
//!
//! What holds at any instant, kill -9 included, because each commit is one batch:
//!
//! - An open row that waits for a time has exactly one due row, at that time; a leased one has none.
//! - The ledger's counts are those of the events, plans and deliveries beside it.
//! - Positions are contiguous from 1 to the ledger's last; those without an event were trimmed, and lie at or before the
//!   higher one of the positions in `meta`'s row `trimmed`.

mod database;
mod generations;
mod keys;
mod ledger;
mod log;
mod open;
mod options;
mod record;
mod recover;
mod release;
mod settings;
mod store;
pub mod table;
#[cfg(test)]
mod tests;
mod turn;
pub mod verify;
mod walk;
mod writer;

pub use open::{OpenError, Opened};
pub use recover::Recovered;
pub use settings::Settings;
pub use store::Store;
pub use writer::Writer;
