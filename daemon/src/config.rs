//! The daemon's configuration: one TOML file with overrides from the environment, checked whole before
//! anything starts.
//!
//! In the order in which a file goes through them:
//!
//! - [`tree`]: the file's values, each with the place where it was written
//! - [`overrides`]: `DOORMAN__SECTION__KEY` variables laid over that tree
//! - [`section`]: reads one table key by key, and collects every problem on the way
//! - [`listeners`], [`store`], [`stages`], [`routing`], [`destination`], [`secrets`]: the sections with their
//!   defaults and limits
//! - [`problem`], [`excerpt`], [`masking`], [`nearest`]: how problems are shown, and what of a file is
//!   never shown
//! - [`show`]: the effective configuration, written back as TOML

mod address;
mod breaker;
mod destination;
mod excerpt;
mod flood;
mod listeners;
mod masking;
mod nearest;
mod order;
mod overrides;
mod problem;
mod retry;
mod routing;
mod secrets;
mod section;
mod show;
mod stages;
mod store;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use address::AdminListen;
pub use breaker::Breaker;
pub use destination::Destination;
pub use flood::Flood;
pub use listeners::{Admin, AdminAuth, Server};
pub use order::Order;
pub use problem::{ConfigProblems, Problem};
pub use retry::Retry;
pub use routing::{Environment, RECORDED, Source};
pub use stages::{Accept, Log, Map, Reload, Scripts, Supervise};
pub use store::Store;

use excerpt::Document;
use problem::{Place, ProblemList};
use section::Section;
use tree::Table;

const NO_ENVIRONMENT: &str = "no environment is configured: add one, as in [environments.production] with \
    workflows = \"<destination>\"";
const NO_SOURCE: &str = "no source is configured: add one, as in [sources.storefront] with \
    environments = [\"production\"]";

/// The whole configuration, valid in itself: every name that it uses is configured, every number is in its
/// range.
pub struct Config {
    /// `[server]`: where events come in.
    pub server: Server,
    /// `[admin]`: where operators and their tools come in.
    pub admin: Admin,
    /// `[store]`: where everything is kept, and for how long.
    pub store: Store,
    /// `[accept]`: how events are made durable.
    pub accept: Accept,
    /// `[map]`: how accepted events wait for their scripts.
    pub map: Map,
    /// `[scripts]`: the mapping scripts and what a run of one may use.
    pub scripts: Scripts,
    /// `[supervise]`: what follows when a part of the daemon fails that should not.
    pub supervise: Supervise,
    /// `[log]`: the daemon's own log.
    pub log: Log,
    /// `[flood]`: how many actions a source's events may make in a minute.
    pub flood: Flood,
    /// `[environments.<name>]`, at least one.
    pub environments: BTreeMap<String, Environment>,
    /// `[sources.<name>]`, at least one.
    pub sources: BTreeMap<String, Source>,
    /// `[destinations.<name>]`.
    pub destinations: BTreeMap<String, Destination>,
}

impl Config {
    /// Reads and checks a file with the overrides among `vars` (all other variables are ignored). What
    /// belongs to plugins is not looked into, and no secret is resolved: for commands that deliver nothing.
    pub fn load(path: &Path, vars: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigProblems> {
        Self::load_with(path, vars, |_| Vec::new())
    }

    /// As [`Config::load`], with `build` called for each destination, also when other problems were found, so
    /// that all are reported at once. It makes the destination's plugin, resolves its secrets, and answers with
    /// [`Destination::unknown_plugin`] and [`Destination::plugin_problem`] where it cannot.
    pub fn load_with(
        path: &Path,
        vars: impl Iterator<Item = (String, String)>,
        build: impl FnMut(&Destination) -> Vec<Problem>,
    ) -> Result<Self, ConfigProblems> {
        match Self::read_with(path, vars, build)? {
            (config, None) => Ok(config),
            (_, Some(problems)) => Err(problems),
        }
    }

    /// As [`Config::load_with`], but a file that can be read at all gives a configuration, with defaults for what is
    /// wrong, so that the scripts can be checked in the same run.
    pub fn read_with(
        path: &Path,
        vars: impl Iterator<Item = (String, String)>,
        build: impl FnMut(&Destination) -> Vec<Problem>,
    ) -> Result<(Self, Option<ConfigProblems>), ConfigProblems> {
        let document = Document::read(path)?;
        let mut table = tree::parse(&document)?;
        let problems = ProblemList::default();
        overrides::lay_over(&mut table, vars, &problems);
        let config = Self::of_tree(&table, document.folder(), &problems);
        problems.extend(config.destinations.values().flat_map(build));
        let problems = (!problems.is_empty()).then(|| ConfigProblems::new(&document, problems));
        Ok((config, problems))
    }

    /// The endpoints that the sources ask for, as (source, environment).
    pub fn endpoints(&self) -> Vec<(&str, &str)> {
        self.sources
            .iter()
            .flat_map(|(name, source)| {
                source.environments.iter().map(move |env| (name.as_str(), env.as_str()))
            })
            .collect()
    }

    /// The effective configuration as TOML: every default filled in, paths absolute, secrets only as
    /// references.
    pub fn show(&self) -> String {
        show::show(self)
    }

    /// Reads all sections. What is wrong is in `problems` and has its default in the result.
    fn of_tree(table: &Table, folder: PathBuf, problems: &ProblemList) -> Self {
        let mut root = Section::root(table, folder, problems);
        let server = Server::read(root.section("server"));
        let admin = Admin::read(root.section("admin"), &server);
        let destinations = root.named("destinations");
        let environments = root.named("environments");
        let sources = root.named("sources");
        let destination_names: Vec<String> = destinations.iter().map(|(name, _)| name.clone()).collect();
        let environment_names: Vec<String> = environments.iter().map(|(name, _)| name.clone()).collect();
        if environments.is_empty() {
            problems.add(Place::Whole, NO_ENVIRONMENT);
        }
        if sources.is_empty() {
            problems.add(Place::Whole, NO_SOURCE);
        }
        let config = Self {
            server,
            admin,
            store: Store::read(root.section("store")),
            accept: Accept::read(root.section("accept")),
            map: Map::read(root.section("map")),
            scripts: Scripts::read(root.section("scripts")),
            supervise: Supervise::read(root.section("supervise")),
            log: Log::read(root.section("log")),
            flood: Flood::read(root.section("flood")),
            environments: read_named(environments, |_, section| {
                Environment::read(section, &destination_names)
            }),
            sources: read_named(sources, |_, section| Source::read(section, &environment_names)),
            destinations: read_named(destinations, Destination::read),
        };
        root.finish();
        config
    }
}

/// Reads tables that have names, leaving out those that lack what they cannot be without.
fn read_named<'t, T>(
    tables: Vec<(String, Section<'t>)>,
    read: impl Fn(&str, Section<'t>) -> Option<T>,
) -> BTreeMap<String, T> {
    let read = |(name, section): (String, Section<'t>)| read(&name, section).map(|value| (name, value));
    tables.into_iter().filter_map(read).collect()
}
