//! From the configuration to what the parts are set up with.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use doorman_core::accept;
use doorman_core::dispatch::{BreakerPolicy, ListedSecrets, Pace, RetryPolicy};
use doorman_core::map::{Budgets, Lanes, Order, Route};
use doorman_core::retain::Ages;
use doorman_core::supervise::RestartPolicy;
use doorman_plugin::{Plugin, Secret};

use crate::config::{self, Config, ConfigProblems, Problem};
use crate::{pipeline, plugins, recorded};

/// A checked configuration, and the destinations' plugins made of it.
pub struct Built {
    /// The configuration.
    pub config: Config,
    /// The plugin of each destination, by name.
    pub plugins: HashMap<String, Arc<dyn Plugin>>,
    /// The secrets that each destination fills in, by its name.
    pub secrets: HashMap<String, ListedSecrets>,
}

/// Reads the configuration, makes the plugins and resolves the secrets. All problems are reported at once.
pub fn build(path: &Path) -> Result<Built, ConfigProblems> {
    let (mut plugins, mut secrets) = (HashMap::new(), HashMap::new());
    let config = Config::load_with(path, environment_variables(), |destination| {
        let mut problems = Vec::new();
        match make(destination) {
            Ok(made) => drop(plugins.insert(destination.name.clone(), made)),
            Err(problem) => problems.push(problem),
        }
        let resolved = resolve(destination, &mut problems);
        secrets.insert(destination.name.clone(), ListedSecrets::new(resolved));
        problems
    })?;
    Ok(Built { config, plugins, secrets })
}

fn make(destination: &config::Destination) -> Result<Arc<dyn Plugin>, Problem> {
    let Some(plugin) = plugins::find(&destination.plugin) else {
        return Err(destination.unknown_plugin(&plugins::names()));
    };
    let made = (plugin.build)(destination.plugin_config.clone());
    made.map_err(|error| destination.plugin_problem(&error.key, &error.message))
}

fn resolve(destination: &config::Destination, problems: &mut Vec<Problem>) -> BTreeMap<String, Secret> {
    let mut secrets = BTreeMap::new();
    for (name, reference) in &destination.secrets {
        match Secret::resolve(reference) {
            Ok(secret) => drop(secrets.insert(name.clone(), secret)),
            Err(error) => {
                problems.push(destination.plugin_problem(&format!("secrets.{name}"), &error.to_string()));
            }
        }
    }
    secrets
}

/// Reads the configuration and tries to make the plugins: as far as it can be read, with all problems of both.
pub fn check(path: &Path) -> Result<(Config, Option<ConfigProblems>), ConfigProblems> {
    Config::read_with(path, environment_variables(), |destination| {
        let mut problems: Vec<Problem> = make(destination).err().into_iter().collect();
        resolve(destination, &mut problems);
        problems
    })
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
    mut secrets: HashMap<String, ListedSecrets>,
) -> pipeline::Settings {
    let route = |environment: &config::Environment| Route {
        workflows: environment.workflows.as_str().into(),
        routes: environment
            .routes
            .iter()
            .map(|(name, to)| (name.as_str().into(), to.as_str().into()))
            .collect(),
    };
    let destinations = config.destinations.values().filter_map(|destination| {
        // `build` made one for each destination, or reported a problem.
        let plugin = plugins.remove(&destination.name)?;
        let secrets = secrets.remove(&destination.name).unwrap_or_default();
        Some(self::destination(destination, plugin, secrets))
    });
    let recorded = config.records_only().then(recorded::destination);
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
        budgets: budgets(config),
        destinations: destinations.chain(recorded).collect(),
    }
}

fn destination(
    destination: &config::Destination,
    plugin: Arc<dyn Plugin>,
    secrets: ListedSecrets,
) -> pipeline::Destination {
    pipeline::Destination {
        name: destination.name.as_str().into(),
        pace: pace(destination, plugin.concurrency_max()),
        plugin,
        timeout: destination.timeout,
        queue_deliveries: destination.queue_deliveries,
        order: order(destination),
        secrets,
    }
}

fn order(destination: &config::Destination) -> Order {
    let lanes = match &destination.order {
        config::Order::None => Lanes::None,
        config::Order::Source => Lanes::Source,
        config::Order::Key(path) => Lanes::Key(path.split('.').map(str::to_owned).collect()),
    };
    Order { lanes, chain_wait: destination.chain_wait }
}

/// The budgets of each source; those that are 0 are none.
fn budgets(config: &Config) -> HashMap<Arc<str>, Budgets> {
    let of_source = |(name, source): (&String, &config::Source)| {
        let budgets = config.flood.budgets(&source.flood).filter(|(_, budget)| *budget > 0);
        (name.as_str().into(), budgets.collect())
    };
    config.sources.iter().map(of_source).collect()
}

fn pace(destination: &config::Destination, concurrency_max: usize) -> Pace {
    let config::Retry { base, cap, max_attempts, max_age, .. } = destination.retry;
    let config::Breaker { enabled, window, min_attempts, failure_percent, pause, max_pause } =
        destination.breaker;
    Pace {
        retry: RetryPolicy { base, cap, max_attempts, max_age },
        concurrency: destination.concurrency.min(concurrency_max),
        per_s: (destination.rate_per_s > 0).then_some(f64::from(destination.rate_per_s)),
        breaker: BreakerPolicy { enabled, window, min_attempts, failure_percent, pause, max_pause },
        probe_interval: destination.probe_interval,
    }
}
