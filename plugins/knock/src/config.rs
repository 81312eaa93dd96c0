//! The keys, and what they must look like.

use doorman_plugin::{ConfigError, Secret, typed_config};
use doorman_plugin_http::{Connecting, Secrets, Url, headers, with_connection_keys};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::Deserialize;

/// What Knock's public keys begin with, which are in everybody's browser and may change nothing.
const PUBLIC_KEY: &str = "pk_";

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
    }
}

fn default_base_url() -> String {
    "https://api.knock.app".to_owned()
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
}

impl Settings {
    /// Reads and checks the keys, and resolves the reference to the API key.
    pub fn read(config: serde_json::Value) -> Result<Self, ConfigError> {
        let mut keys: Keys = typed_config(config)?;
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
        Ok(Self { base_url, headers: all, secrets, connecting })
    }
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
