//! The stages of Doorman and what they share, without RocksDB, Rhai or a configuration file.
//!
//! In the order in which an event meets them:
//!
//! - [`receive`]: HTTP in; checks a request and turns it into a [`store::NewEvent`]
//! - [`accept`]: the committer; dedup, journal, group commit, one fsync for all that waits
//! - [`map`]: runs the script in force over each accepted event and plans its deliveries
//! - [`dispatch`]: one dispatcher a destination; attempts, retries, dead letters
//! - [`retain`]: finished events go once they are old enough
//!
//! What they stand on:
//!
//! - [`wire`]: parsers of what comes from outside (JSON, events, timestamps) and the errors that go back
//! - [`queues`]: what lies between the stages
//! - [`store`]: the store's interface and an in-memory model of it
//! - [`mapping`]: the interface of a generation of scripts
//! - [`identity`]: dedup identities, body hashes and idempotency keys
//! - [`id`]: event ids that carry their position
//! - [`clock`]: time that never runs backwards
//! - [`supervise`]: what happens when an actor ends that should not
//! - [`faults`]: places where the tests' build breaks on purpose
//!
//! Stages never import each other: the daemon's `pipeline.rs` wires them.

pub mod accept;
pub mod clock;
pub mod dispatch;
pub mod faults;
pub mod id;
pub mod identity;
pub mod map;
pub mod mapping;
pub mod queues;
pub mod receive;
pub mod retain;
#[cfg(test)]
mod sample;
pub mod store;
pub mod supervise;
pub mod wire;
