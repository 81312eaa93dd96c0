//! The effective configuration as TOML. Every struct is taken apart field by field, so that no key can be
//! forgotten.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use doorman_plugin::duration;
use serde_json::{Map as JsonMap, Value};

use super::masking::{MASK, is_reference, sounds_secret};
use super::retry::PRESETS;
use super::routing::FORMATS;
use super::section::grouped;
use super::stages::{LOG_FORMATS, RELOADS};
use super::store::DEDUP_SCOPES;
use super::{
    Accept, Admin, AdminAuth, Breaker, Config, Destination, Environment, Flood, Log, Map, RECORDED, Retry,
    Scripts, Server, Source, Store, Supervise,
};

/// The whole of it, in the order of `config/doorman.toml`.
pub(super) fn show(config: &Config) -> String {
    let Config {
        server,
        admin,
        store,
        accept,
        map,
        scripts,
        supervise,
        log,
        flood,
        environments,
        sources,
        destinations,
    } = config;
    let mut page = Page::default();
    page.server(server);
    page.admin(admin);
    page.store(store);
    page.stages(accept, map);
    page.scripts(scripts);
    page.supervise(supervise);
    page.log(log);
    page.heading("flood");
    page.flood(flood);
    for (name, environment) in environments {
        page.environment(name, environment);
    }
    for (name, source) in sources {
        page.source(name, source);
    }
    for destination in destinations.values() {
        page.destination(destination);
    }
    page.text
}

/// TOML being written.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn server(&mut self, server: &Server) {
        let Server {
            listen,
            public_url: _,
            max_body_bytes,
            max_in_flight_bytes,
            max_connections,
            header_timeout,
            body_timeout,
            drain_timeout,
        } = server;
        self.heading("server");
        self.quoted("listen", listen);
        self.quoted("public_url", server.public_url());
        self.number("max_body_bytes", *max_body_bytes as u64);
        self.number("max_in_flight_bytes", *max_in_flight_bytes as u64);
        self.number("max_connections", *max_connections as u64);
        self.duration("header_timeout", *header_timeout);
        self.duration("body_timeout", *body_timeout);
        self.duration("drain_timeout", *drain_timeout);
    }

    fn admin(&mut self, admin: &Admin) {
        let Admin { listen, auth } = admin;
        self.heading("admin");
        self.quoted("listen", listen);
        match auth {
            AdminAuth::Token(reference) => {
                self.quoted("auth", "token");
                self.quoted("token", reference);
            }
            AdminAuth::None => self.quoted("auth", "none"),
        }
    }

    fn store(&mut self, store: &Store) {
        let Store {
            path,
            dedup_window,
            dedup_scope,
            retention,
            dead_retention,
            trim_every,
            min_free_bytes,
            ballast_bytes,
            write_buffer_bytes,
            cache_bytes,
        } = store;
        self.heading("store");
        self.path("path", path);
        self.duration("dedup_window", *dedup_window);
        self.quoted("dedup_scope", word(&DEDUP_SCOPES, dedup_scope));
        self.duration("retention", *retention);
        self.duration("dead_retention", *dead_retention);
        self.duration("trim_every", *trim_every);
        self.number("min_free_bytes", *min_free_bytes);
        self.number("ballast_bytes", *ballast_bytes);
        self.number("write_buffer_bytes", *write_buffer_bytes);
        self.number("cache_bytes", *cache_bytes);
    }

    fn stages(&mut self, accept: &Accept, map: &Map) {
        let Accept { max_batch_events, max_batch_bytes, queue_events, sync_idle } = accept;
        self.heading("accept");
        self.number("max_batch_events", *max_batch_events as u64);
        self.number("max_batch_bytes", *max_batch_bytes as u64);
        self.number("queue_events", *queue_events as u64);
        self.duration("sync_idle", *sync_idle);
        let Map { queue_events, queue_bytes, batch_events } = map;
        self.heading("map");
        self.number("queue_events", *queue_events as u64);
        self.number("queue_bytes", *queue_bytes as u64);
        self.number("batch_events", *batch_events as u64);
    }

    fn scripts(&mut self, scripts: &Scripts) {
        let Scripts {
            path,
            reload,
            settle,
            poll,
            deadline,
            max_operations,
            max_memory_bytes,
            max_actions_per_event,
        } = scripts;
        self.heading("scripts");
        self.path("path", path);
        self.quoted("reload", word(&RELOADS, reload));
        self.duration("settle", *settle);
        self.duration("poll", *poll);
        self.duration("deadline", *deadline);
        self.number("max_operations", *max_operations);
        self.number("max_memory_bytes", *max_memory_bytes as u64);
        self.number("max_actions_per_event", *max_actions_per_event as u64);
    }

    fn supervise(&mut self, supervise: &Supervise) {
        let Supervise { max_restarts, window, backoff } = supervise;
        self.heading("supervise");
        self.number("max_restarts", *max_restarts as u64);
        self.duration("window", *window);
        self.duration("backoff", *backoff);
    }

    fn log(&mut self, log: &Log) {
        let Log { format, level } = log;
        self.heading("log");
        self.quoted("format", word(&LOG_FORMATS, format));
        self.quoted("level", level);
    }

    fn flood(&mut self, flood: &Flood) {
        flood.keys().for_each(|(key, budget)| self.number(key, u64::from(budget)));
    }

    fn environment(&mut self, name: &str, environment: &Environment) {
        let Environment { workflows, routes, vars } = environment;
        self.heading(&format!("environments.{name}"));
        self.quoted("workflows", workflows);
        if !routes.is_empty() {
            self.heading(&format!("environments.{name}.routes"));
        }
        for (name, to) in routes {
            match to.as_str() {
                RECORDED => self.line(name, "false"),
                to => self.quoted(name, to),
            }
        }
        self.heading(&format!("environments.{name}.vars"));
        self.values(vars);
    }

    fn source(&mut self, name: &str, source: &Source) {
        let Source { description, format, environments, max_events_per_s, flood } = source;
        self.heading(&format!("sources.{name}"));
        self.quoted("description", description);
        self.quoted("format", word(&FORMATS, format));
        let environments: Vec<String> = environments.iter().map(|name| quote(name)).collect();
        self.line("environments", &format!("[{}]", environments.join(", ")));
        self.number("max_events_per_s", u64::from(*max_events_per_s));
        if flood.keys().next().is_some() {
            self.heading(&format!("sources.{name}.flood"));
            self.flood(flood);
        }
    }

    fn destination(&mut self, destination: &Destination) {
        let Destination {
            name,
            plugin,
            concurrency,
            rate_per_s,
            timeout,
            queue_deliveries,
            order,
            chain_wait,
            probe_interval,
            retry,
            breaker,
            secrets,
            plugin_config,
            ..
        } = destination;
        self.heading(&format!("destinations.{name}"));
        self.quoted("plugin", plugin);
        self.number("concurrency", *concurrency as u64);
        self.number("rate_per_s", u64::from(*rate_per_s));
        self.duration("timeout", *timeout);
        self.number("queue_deliveries", *queue_deliveries as u64);
        self.quoted("order", order);
        self.duration("chain_wait", *chain_wait);
        self.duration("probe_interval", *probe_interval);
        if let Value::Object(own_keys) = plugin_config {
            self.values(own_keys);
        }
        if !secrets.is_empty() {
            self.heading(&format!("destinations.{name}.secrets"));
            secrets.iter().for_each(|(name, reference)| self.quoted(name, reference));
        }
        self.retry(name, retry);
        self.breaker(name, breaker);
    }

    fn retry(&mut self, name: &str, retry: &Retry) {
        let Retry { preset, base, cap, max_attempts, max_age } = retry;
        self.heading(&format!("destinations.{name}.retry"));
        self.quoted("preset", word(&PRESETS, preset));
        self.duration("base", *base);
        self.duration("cap", *cap);
        self.number("max_attempts", u64::from(*max_attempts));
        self.duration("max_age", *max_age);
    }

    fn breaker(&mut self, name: &str, breaker: &Breaker) {
        let Breaker { enabled, window, min_attempts, failure_percent, pause, max_pause } = breaker;
        self.heading(&format!("destinations.{name}.breaker"));
        self.line("enabled", &enabled.to_string());
        self.duration("window", *window);
        self.number("min_attempts", u64::from(*min_attempts));
        self.number("failure_percent", u64::from(*failure_percent));
        self.duration("pause", *pause);
        self.duration("max_pause", *max_pause);
    }

    fn heading(&mut self, path: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(&format!("{gap}[{path}]\n"));
    }

    fn line(&mut self, key: &str, value: &str) {
        self.text.push_str(&format!("{} = {value}\n", bare_or_quoted(key)));
    }

    fn quoted(&mut self, key: &str, value: impl Display) {
        self.line(key, &quote(&value.to_string()));
    }

    fn path(&mut self, key: &str, path: &Path) {
        self.quoted(key, path.display());
    }

    fn duration(&mut self, key: &str, value: Duration) {
        self.quoted(key, duration::format(value));
    }

    fn number(&mut self, key: &str, value: u64) {
        self.line(key, &grouped(value));
    }

    fn values(&mut self, values: &JsonMap<String, Value>) {
        for (key, value) in values {
            self.line(key, &inline(value, sounds_secret(key)));
        }
    }
}

/// A value in one line. What may be a secret is masked unless it is a reference to one.
fn inline(value: &Value, secret: bool) -> String {
    match value {
        Value::String(text) if secret && !is_reference(text) => quote(MASK),
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(item, secret)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(table) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{} = {}", bare_or_quoted(key), inline(value, secret || sounds_secret(key)))
            };
            let entries: Vec<String> = table.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) if secret => quote(MASK),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn quote(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn bare_or_quoted(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !key.is_empty() && key.bytes().all(is_bare) { key.to_owned() } else { quote(key) }
}

/// The word that stands for a value in the file.
fn word<'w, T: PartialEq>(words: &[(&'w str, T)], value: &T) -> &'w str {
    words.iter().find(|(_, meant)| meant == value).map_or("", |(word, _)| *word)
}
