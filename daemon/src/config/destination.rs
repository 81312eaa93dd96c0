//! `[destinations.<name>]`: the engine's keys, and the plugin's own, which only it can judge.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::breaker::Breaker;
use super::masking::sounds_secret;
use super::nearest::nearest;
use super::order::Order;
use super::problem::{Place, Problem};
use super::retry::Retry;
use super::routing::RECORDED;
use super::secrets;
use super::section::Section;
use super::tree::{self, Node};
use crate::plugins;

/// The keys that every destination has; all others are its plugin's.
const ENGINE_KEYS: [&str; 11] = [
    "plugin",
    "concurrency",
    "rate_per_s",
    "timeout",
    "queue_deliveries",
    "order",
    "chain_wait",
    "probe_interval",
    "retry",
    "breaker",
    "secrets",
];

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// `[destinations.<name>]`.
pub struct Destination {
    /// Its name.
    pub name: String,
    /// The plugin that delivers to it.
    pub plugin: String,
    /// How many attempts may be under way at a time.
    pub concurrency: usize,
    /// How many attempts may begin in a second; 0: as many as there are.
    pub rate_per_s: u32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How many deliveries may wait in memory; more wait on disk.
    pub queue_deliveries: usize,
    /// Which of its deliveries are made one after the other.
    pub order: Order,
    /// How long a kind of action waits for those that come before it, of one event.
    pub chain_wait: Duration,
    /// How often it is looked whether it works again while it is held.
    pub probe_interval: Duration,
    /// When failed deliveries are tried again.
    pub retry: Retry,
    /// When none is attempted for a while.
    pub breaker: Breaker,
    /// References to the secrets that it fills in where a script wrote `secret("name")`, by that name.
    pub secrets: BTreeMap<String, String>,
    /// The plugin's own keys, an object; secrets are still references.
    pub plugin_config: Value,
    /// Where the plugin's keys and the secrets were written, by their dotted paths; the destination itself under "".
    places: BTreeMap<String, Place>,
}

impl Destination {
    pub(super) fn read(name: &str, mut section: Section<'_>) -> Option<Self> {
        if name == RECORDED {
            let message = format!(
                "the name `{RECORDED}` is reserved for what routes that are false only record: choose another"
            );
            section.problems().add(section.place(), message);
        }
        let plugin = section
            .required_text("plugin", "name the plugin that delivers to it, as in plugin = \"webhook\"");
        let mut places = BTreeMap::from([(String::new(), section.place())]);
        let mut own_keys = Map::new();
        for (key, entry) in section.others(&ENGINE_KEYS) {
            note_places(key.to_owned(), &entry.key_place, &entry.node, &mut places);
            own_keys.insert(key.to_owned(), entry.node.to_json(section.problems()));
        }
        let concurrency = section.whole("concurrency", 64, 1..=10_000);
        let timeout = section.duration("timeout", 15 * SECOND, MILLISECOND..=HOUR);
        let queue_deliveries = section.whole("queue_deliveries", 1_024, 1..=1_000_000);
        let rate_per_s = section.whole("rate_per_s", 0, 0..=1_000_000);
        let order = section.parsed("order", Order::parse);
        let chain_wait = section.duration("chain_wait", 60 * SECOND, Duration::ZERO..=24 * HOUR);
        let probe_interval = section.duration("probe_interval", 15 * SECOND, SECOND..=HOUR);
        let retry = Retry::read(section.section("retry"));
        let breaker = Breaker::read(section.section("breaker"));
        let secrets = secrets::read(&section.section("secrets"), &mut places);
        let plugin = plugin?;
        places.insert("plugin".to_owned(), plugin.place.clone());
        Some(Self {
            name: name.to_owned(),
            order: order.unwrap_or_else(|| default_order(&plugin.value)),
            plugin: plugin.value,
            concurrency,
            rate_per_s,
            timeout,
            queue_deliveries,
            chain_wait,
            probe_interval,
            retry,
            breaker,
            secrets,
            plugin_config: Value::Object(own_keys),
            places,
        })
    }

    /// The problem that no plugin has the configured name; `known` are those that are compiled in.
    pub fn unknown_plugin(&self, known: &[&str]) -> Problem {
        let advice = match nearest(&self.plugin, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        let message = format!("unknown plugin `{}`: {advice}", self.plugin.escape_debug());
        Problem::new(self.place_of("plugin"), message)
    }

    /// A problem that the plugin found: `key` is the path of the key at fault within the destination's table,
    /// dotted, or empty; `message` what is wrong with it (see [`doorman_plugin::ConfigError`]).
    pub fn plugin_problem(&self, key: &str, message: &str) -> Problem {
        if let Some(problem) = self.unknown_key(key, message) {
            return problem;
        }
        let path = ["destinations", self.name.as_str(), key].join(".");
        let path = path.trim_end_matches('.');
        let masked = sounds_secret(key) || message.contains("secret");
        let message = match message.split_once(", expected ") {
            // What comes before repeats the value.
            Some((_, expected)) if masked => format!("wrong value, expected {expected}"),
            _ => message.to_owned(),
        };
        Problem { masked, ..Problem::new(self.place_of(key), format!("`{path}`: {message}")) }
    }

    /// serde places an unknown key at the table around it, and knows nothing of the engine's keys.
    fn unknown_key(&self, table: &str, message: &str) -> Option<Problem> {
        let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
        let key = quoted.next()?;
        let mut known: Vec<&str> = quoted.collect();
        let path = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
        let full = format!("destinations.{}.{path}", self.name);
        if table.is_empty() {
            known.extend(ENGINE_KEYS);
        }
        let advice = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the plugin `{}` has {}", self.plugin, known.join(", ")),
        };
        Some(Problem::new(self.place_of(&path), format!("unknown key `{full}`: {advice}")))
    }

    /// Where a key was written, or else the nearest table around it.
    fn place_of(&self, key: &str) -> Place {
        let mut key = key;
        loop {
            if let Some(place) = self.places.get(key) {
                return place.clone();
            }
            let parent = key.rfind(['.', '[']).unwrap_or(0);
            if key.is_empty() {
                return Place::Whole;
            }
            key = &key[..parent];
        }
    }
}

/// The order where none is written: the plugin's own.
fn default_order(plugin: &str) -> Order {
    let of_plugin = plugins::find(plugin).and_then(|plugin| Order::parse(plugin.default_order).ok());
    of_plugin.unwrap_or(Order::None)
}

/// Notes where a plugin's key was written, and those within it, under the paths that serde_path_to_error
/// gives them.
fn note_places(path: String, key_place: &Place, node: &Node, places: &mut BTreeMap<String, Place>) {
    match &node.value {
        tree::Value::Table(table) => {
            for (key, entry) in table {
                note_places(format!("{path}.{key}"), &entry.key_place, &entry.node, places);
            }
        }
        tree::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                note_places(format!("{path}[{index}]"), &item.place, item, places);
            }
        }
        _ => {}
    }
    places.insert(path, key_place.clone());
}
