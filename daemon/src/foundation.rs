//! From the configuration to what the parts are set up with.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use doorman_core::accept;
use doorman_core::dispatch::RetryPolicy;
use doorman_core::map::Route;
use doorman_core::retain::Ages;
use doorman_core::supervise::RestartPolicy;
use doorman_plugin::Plugin;

use crate::config::{self, Config, ConfigProblems};
use crate::{pipeline, plugins};

/// A checked configuration, and the destinations' plugins made of it.
pub struct Built {
    /// The configuration.
    pub config: Config,
    /// The plugin of each destination, by name.
    pub plugins: HashMap<String, Arc<dyn Plugin>>,
}

/// Reads the configuration and makes the plugins. All problems of both are reported at once.
pub fn build(path: &Path) -> Result<Built, ConfigProblems> {
    let mut plugins = HashMap::new();
    let config = Config::load_with(path, environment_variables(), |destination| {
        plugins.insert(destination.name.clone(), plugin(destination)?);
        Ok(())
    })?;
    Ok(Built { config, plugins })
}

/// Reads the configuration and tries to make the plugins: as far as it can be read, with all problems of both.
pub fn check(path: &Path) -> Result<(Config, Option<ConfigProblems>), ConfigProblems> {
    Config::read_with(path, environment_variables(), |destination| plugin(destination).map(drop))
}

fn plugin(destination: &config::Destination) -> Result<Arc<dyn Plugin>, config::Problem> {
    let Some(plugin) = plugins::find(&destination.plugin) else {
        return Err(destination.unknown_plugin(&plugins::names()));
    };
    let made = (plugin.build)(destination.plugin_config.clone());
    made.map_err(|error| destination.plugin_problem(&error.key, &error.message))
}

/// The environment's variables, without those that are not UTF-8: none of ours can be.
pub fn environment_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// What the store is opened with.
pub fn store_settings(config: &Config) -> doorman_store::Settings {
    doorman_store::Settings {
        write_buffers_bytes: config.store.write_buffer_bytes as usize,
        block_cache_bytes: config.store.cache_bytes as usize,
        ..doorman_store::Settings::new(config.store.dedup_window)
    }
}

/// How often an actor may be made anew.
pub fn restart_policy(config: &Config) -> RestartPolicy {
    let config::Supervise { max_restarts, window, backoff } = config.supervise;
    RestartPolicy { backoff, max_restarts, window }
}

/// What the stages are set up with.
pub fn pipeline_settings(
    config: &Config,
    mut plugins: HashMap<String, Arc<dyn Plugin>>,
) -> pipeline::Settings {
    let route =
        |environment: &config::Environment| Route { workflows: environment.workflows.as_str().into() };
    let destinations = config.destinations.values().filter_map(|destination| {
        // `build` made one for each destination, or reported a problem.
        let plugin = plugins.remove(&destination.name)?;
        Some(self::destination(destination, plugin))
    });
    pipeline::Settings {
        commit_queue_events: config.accept.queue_events,
        batch: accept::Limits {
            max_batch_events: config.accept.max_batch_events,
            max_batch_bytes: config.accept.max_batch_bytes,
        },
        sync_idle: config.accept.sync_idle,
        mapping_queue_events: config.map.queue_events,
        mapping_queue_bytes: config.map.queue_bytes,
        mapping_batch_events: config.map.batch_events,
        retention: pipeline::Retain {
            ages: Ages { finished: config.store.retention, dead: config.store.dead_retention },
            every: config.store.trim_every,
        },
        routes: config.environments.iter().map(|(name, one)| (name.as_str().into(), route(one))).collect(),
        destinations: destinations.collect(),
    }
}

fn destination(destination: &config::Destination, plugin: Arc<dyn Plugin>) -> pipeline::Destination {
    let retry = &destination.retry;
    pipeline::Destination {
        name: destination.name.as_str().into(),
        plugin,
        concurrency: destination.concurrency,
        timeout: destination.timeout,
        queue_deliveries: destination.queue_deliveries,
        retry: RetryPolicy {
            base: retry.base,
            cap: retry.cap,
            max_attempts: retry.max_attempts,
            max_age: retry.max_age,
        },
    }
}
