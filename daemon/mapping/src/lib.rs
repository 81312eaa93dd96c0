//! Mapping: Rhai scripts that say what is to be done with an event. The only crate that knows Rhai and notify.
//!
//! From files to actions:
//!
//! - [`Files`]: one atomic set of scripts, as found on disk or in the store
//! - [`compile`]: all of them at once, checked against the configured [`World`]; every [`ScriptError`] is reported
//! - [`RhaiGeneration`]: compiled scripts with their handlers; maps events
//! - [`LiveScripts`]: the generation in force, swapped at once
//! - [`trace::Tracer`]: maps an event on an engine of its own, and tells how
//! - [`samples`], [`compare`]: events with what they must lead to, and what differs
//! - [`definitions`]: every function of the language, in words
//! - [`watch::Watcher`]: says when the files have changed and come to rest
//!
//! What scripts can say is in `language`: one file for registering handlers, one for actions, one for what they name.

mod budget;
mod chains;
mod check;
pub mod compare;
mod compile;
pub mod definitions;
mod engine;
mod error;
mod failure;
mod files;
mod foreign;
mod generation;
mod handlers;
mod json;
mod language;
mod live;
mod nearest;
mod number;
mod paths;
mod run;
pub mod samples;
mod script;
mod shown;
mod stack;
mod tables;
#[cfg(test)]
mod tests;
pub mod trace;
pub mod watch;
mod world;

pub use compile::compile;
pub use error::ScriptError;
pub use files::{ArchiveError, Changes, Files, ScanError, Scanner};
pub use generation::RhaiGeneration;
pub use json::event::Headers;
pub use live::LiveScripts;
pub use world::{Environment, Limits, World};
