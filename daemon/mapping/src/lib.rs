//! Mapping: Rhai scripts that say what is to be done with an event. The only crate that knows Rhai and notify.
//!
//! From files to actions:
//!
//! - [`Files`]: one atomic set of scripts, as found on disk or in the store
//! - [`compile`]: all of them at once, checked against the configured [`World`]; every [`ScriptError`] is reported
//! - [`RhaiGeneration`]: compiled scripts with their handlers; maps events
//! - [`LiveScripts`]: the generation in force, swapped at once, and what was wrong with the last that was refused
//! - [`watch::Watcher`]: says when the files have changed and come to rest
//!
//! What scripts can say is in `language`: one file for registering handlers, one for actions, one for what they name.

mod budget;
mod chains;
mod check;
mod compile;
mod engine;
mod error;
mod failure;
mod files;
mod generation;
mod handlers;
mod json;
mod language;
mod live;
mod nearest;
mod number;
mod paths;
mod run;
mod script;
mod shown;
mod stack;
#[cfg(test)]
mod tests;
pub mod watch;
mod world;

pub use compile::compile;
pub use error::ScriptError;
pub use files::{ArchiveError, Files, ScanError};
pub use generation::RhaiGeneration;
pub use live::LiveScripts;
pub use world::{Environment, Limits, World};
