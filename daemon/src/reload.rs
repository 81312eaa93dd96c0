//! The scripts in force: compiled at the start, taken anew when they change, and never replaced by worse ones.
//!
//! A reload is a transaction: a scan that has come to rest, all of it compiled, its samples run, the generation stored, and
//! then one swap. Whatever goes wrong on the way leaves the old generation in force, and is told.
//!
//! - [`transaction`]: from files to the generation in force, or to why not
//! - [`refused`]: why not
//! - [`standing`]: what is in force, and what was refused last
//! - [`archives`]: generations that were in force before
//! - [`reloader`]: who watches, who asks, and who is told
//! - [`shown`], [`metrics`]: the same for the admin API and for Prometheus

mod archives;
mod metrics;
mod refused;
pub mod reloader;
mod shown;
mod standing;
mod transaction;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use doorman_mapping::{Environment, Files, Limits, RhaiGeneration, World, compile, samples};

use crate::config::{self, Config};

pub use metrics::ScriptMetrics;
pub use refused::ScriptsRefused;
pub use reloader::Reloader;
pub use transaction::{Parts, ScriptKeeper};

/// What a configuration lets scripts see and do.
pub fn world(config: &Config) -> World {
    let environment = |environment: &config::Environment| Environment { vars: environment.vars.clone() };
    World {
        sources: config.sources.keys().cloned().collect(),
        source_environments: config
            .sources
            .iter()
            .map(|(name, source)| (name.clone(), source.environments.clone()))
            .collect(),
        environments: config
            .environments
            .iter()
            .map(|(name, one)| (name.clone(), environment(one)))
            .collect::<BTreeMap<_, _>>(),
        destinations: config.names_to_send_to(),
        secrets: config.secrets_by_name(),
        limits: Limits {
            deadline: config.scripts.deadline,
            max_operations: config.scripts.max_operations,
            max_memory_bytes: config.scripts.max_memory_bytes,
            max_actions_per_event: config.scripts.max_actions_per_event,
            max_body_bytes: config.server.max_body_bytes,
            ..Limits::default()
        },
    }
}

/// Compiles the scripts of a folder that were read, and runs their samples.
fn made_of(root: &Path, files: &Files, world: &World) -> Result<RhaiGeneration, ScriptsRefused> {
    if files.is_empty() {
        return Err(ScriptsRefused::Empty(root.to_owned()));
    }
    proven(files, world)
}

/// A generation that compiles and does what its samples say.
fn proven(files: &Files, world: &World) -> Result<RhaiGeneration, ScriptsRefused> {
    let compiled = || {
        let generation = compile(files, world)?;
        let wrong = samples::verify(&generation, files, world);
        if wrong.is_empty() { Ok(generation) } else { Err(wrong) }
    };
    // Nothing outlives it but its result: a panic leaves nothing half done.
    match catch_unwind(AssertUnwindSafe(compiled)) {
        Ok(result) => result.map_err(ScriptsRefused::Broken),
        Err(_) => Err(ScriptsRefused::CompilerFailed),
    }
}
