//! The keys, and what they must look like.

use std::time::Duration;

use doorman_plugin::{ConfigError, Secret, duration, typed_config};
use doorman_plugin_http::{Connecting, Secrets, Url, headers, with_connection_keys};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::rates::Rates;

/// What Knock's public keys begin with, which are in everybody's browser and may change nothing.
const PUBLIC_KEY: &str = "pk_";

/// The least rate: one call in a thousand seconds, beyond any deadline.
const LEAST_RATE_PER_S: f64 = 0.001;

with_connection_keys! {
    /// The keys as they are written.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Keys {
        /// A reference to the secret key of the environment in Knock.
        #[schemars(with = "String")]
        api_key: Secret,
        /// What the URLs begin with.
        #[serde(default = "default_base_url")]
        base_url: String,
        /// How many triggers a second it is sent at most, and how many cancels.
        #[serde(default = "default_triggers_per_s")]
        triggers_per_s: f64,
        /// How many identifies a second it is sent at most, and how many of each other action that is no trigger, no cancel, no
        /// delete_user and no delete_tenant.
        #[serde(default = "default_upserts_per_s")]
        upserts_per_s: f64,
        /// How many deletes of users a second it is sent at most, and how many of tenants.
        #[serde(default = "default_deletes_per_s")]
        deletes_per_s: f64,
        /// An identify that equals the last one delivered for its user within this time is not sent; "0s" sends all.
        #[serde(default = "default_skip_same_identify_within", with = "duration")]
        #[schemars(with = "String")]
        skip_same_identify_within: Duration,
        /// For how many users the last identify is remembered, in about 150 bytes each.
        #[serde(default = "default_remembered_users")]
        remembered_users: usize,
        /// For how many deliveries that are sent in several calls it is remembered, between attempts, which calls were
        /// answered; with 0 each attempt begins with the first call.
        #[serde(default = "default_remembered_splits")]
        remembered_splits: usize,
    }
}

fn default_base_url() -> String {
    "https://api.knock.app".to_owned()
}

fn default_triggers_per_s() -> f64 {
    1_000.0
}

fn default_upserts_per_s() -> f64 {
    60.0
}

fn default_deletes_per_s() -> f64 {
    5.0
}

fn default_skip_same_identify_within() -> Duration {
    Duration::from_secs(3_600)
}

fn default_remembered_users() -> usize {
    100_000
}

fn default_remembered_splits() -> usize {
    1_000
}

/// The keys, checked and ready for use.
pub struct Settings {
    /// What the URLs of Knock's API begin with.
    pub base_url: Url,
    /// Every header of every request; the idempotency key is an empty one that is overwritten.
    pub headers: HeaderMap,
    /// The key of the API.
    pub secrets: Secrets,
    /// How to connect.
    pub connecting: Connecting,
    /// How often it may be called.
    pub rates: Rates,
    /// For how long an identify need not be repeated; zero: it is always sent.
    pub skip_same_identify_within: Duration,
    /// For how many users that is remembered.
    pub remembered_users: usize,
    /// For how many deliveries it is remembered which of their calls were answered.
    pub remembered_splits: usize,
}

impl Settings {
    /// Reads and checks the keys, and resolves the reference to the API key.
    pub fn read(config: serde_json::Value) -> Result<Self, ConfigError> {
        let mut keys: Keys = typed_config(config)?;
        let rates = keys.rates()?;
        check_remembered_users(keys.remembered_users)?;
        let at_url = |message: String| ConfigError::at("base_url", message);
        let base_url = Url::read(&keys.base_url).map_err(|error| at_url(error.to_string()))?;
        if base_url.uri().query().is_some() {
            return Err(at_url("nothing is asked of it: leave out the `?` and what is behind it".to_owned()));
        }
        let key = keys.api_key.expose();
        check_key(key).map_err(|message| ConfigError::at("api_key", message))?;
        let mut secrets = Secrets::default();
        secrets.add(key);
        let mut all = HeaderMap::new();
        let authorization = headers::value(&format!("Bearer {key}"));
        all.insert(AUTHORIZATION, authorization.map_err(|message| ConfigError::at("api_key", message))?);
        headers::add_standard(&mut all, &base_url).map_err(at_url)?;
        let connecting = keys.connecting();
        let Keys { skip_same_identify_within, remembered_users, remembered_splits, .. } = keys;
        Ok(Self {
            base_url,
            headers: all,
            secrets,
            connecting,
            rates,
            skip_same_identify_within,
            remembered_users,
            remembered_splits,
        })
    }
}

impl Keys {
    fn rates(&self) -> Result<Rates, ConfigError> {
        Ok(Rates {
            triggers_per_s: rate("triggers_per_s", self.triggers_per_s)?,
            upserts_per_s: rate("upserts_per_s", self.upserts_per_s)?,
            deletes_per_s: rate("deletes_per_s", self.deletes_per_s)?,
        })
    }
}

/// A rate at which something is sent.
fn rate(key: &str, per_s: f64) -> Result<f64, ConfigError> {
    if per_s.is_finite() && per_s >= LEAST_RATE_PER_S {
        return Ok(per_s);
    }
    let message = format!(
        "at {per_s} a second nothing would be sent: write {LEAST_RATE_PER_S} or more (`doorman destinations pause` stops it)"
    );
    Err(ConfigError::at(key, message))
}

fn check_remembered_users(users: usize) -> Result<(), ConfigError> {
    if users > 0 {
        return Ok(());
    }
    let message = "at least 1: to send every identify, write `skip_same_identify_within = \"0s\"` instead";
    Err(ConfigError::at("remembered_users", message))
}

/// The messages do not repeat the key.
fn check_key(key: &str) -> Result<(), &'static str> {
    if key.is_empty() {
        return Err("what it refers to is empty: put the secret key (sk_...) of the Knock environment there");
    }
    if key.contains(char::is_whitespace) {
        return Err("what it refers to has blanks or several lines: give the key alone, without `Bearer`");
    }
    if key.starts_with(PUBLIC_KEY) {
        return Err("what it refers to is a public key (pk_...): the API is used with a secret one (sk_...)");
    }
    Ok(())
}
