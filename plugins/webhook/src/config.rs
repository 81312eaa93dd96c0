//! A webhook's keys, and what they must look like.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorman_plugin::{ActionKind, ConfigError, Secret, typed_config};
use doorman_plugin_http::url::UrlError;
use doorman_plugin_http::{Allow, Connecting, Secrets, Url, headers, with_connection_keys};
use hyper::header::{HeaderMap, HeaderName, PROXY_AUTHORIZATION};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::signature::{self, Signer};

/// Headers that the protocol or Doorman itself sets.
const RESERVED: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "idempotency-key",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    signature::ID,
    signature::TIMESTAMP,
    signature::SIGNATURE,
];

/// Headers that say which way a request goes, or are between its sender and a proxy.
const OF_THE_CONNECTION: [&str; 4] =
    ["host", "proxy-authenticate", "proxy-authorization", "proxy-connection"];

/// Headers whose values are credentials: they come by reference only.
const CREDENTIALS: [&str; 2] = ["authorization", "cookie"];

/// What is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// The action with its id and its event: see [`doorman_plugin::envelope`].
    Envelope,
    /// The action's content itself.
    Payload,
}

impl Body {
    /// What is posted where the configuration does not say.
    pub fn default_for(kind: ActionKind) -> Self {
        if kind.is_workflow() { Body::Envelope } else { Body::Payload }
    }
}

with_connection_keys! {
    /// The keys as they are written.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Keys {
        /// Where to post.
        url: String,
        /// Headers of each request; a value that starts with `env:`, `file:` or `credential:` is a reference to a secret.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// What is posted; by default by the kind of the action.
        #[serde(default)]
        body: Option<Body>,
        /// The hosts of URLs that scripts may give (`*.example.com`, `hooks.example.com:8443`, `10.0.0.0/8`).
        #[serde(default)]
        allow: Vec<String>,
        /// References to the secrets that sign each request as Standard Webhooks has it (`whsec_...`): several while they
        /// change.
        #[serde(default, deserialize_with = "signature::read_secrets")]
        #[schemars(with = "Vec<String>")]
        signing_secrets: Vec<Secret>,
    }
}

/// The keys, checked and ready for use.
pub struct Settings {
    /// Where to post.
    pub url: Url,
    /// Every header of every request; the idempotency key is an empty one that is overwritten.
    pub headers: HeaderMap,
    /// Those of them that the configuration sets, which no script can replace.
    pub configured: Vec<HeaderName>,
    /// Those of them whose values were given by reference, which go to the configured URL alone.
    pub referenced: Vec<HeaderName>,
    /// Which URLs scripts may give, if any.
    pub allow: Option<Arc<Allow>>,
    /// The header values that were given by reference, and the secrets that sign.
    pub secrets: Secrets,
    /// What signs each request.
    pub signer: Signer,
    /// What to post, if the configuration says so.
    pub body: Option<Body>,
    /// How to connect.
    pub connecting: Connecting,
}

impl Settings {
    /// Reads and checks the keys, and resolves the references in them.
    pub fn read(config: serde_json::Value) -> Result<Self, ConfigError> {
        let mut keys: Keys = typed_config(config)?;
        let url = read_url(&keys.url).map_err(|message| ConfigError::at("url", message))?;
        let mut read = Headers::default();
        for (name, value) in &keys.headers {
            read.add(name, value).map_err(|message| ConfigError::at(format!("headers.{name}"), message))?;
        }
        let Headers { all: mut headers, referenced, mut secrets } = read;
        let configured = headers.keys().cloned().collect();
        headers::add_standard(&mut headers, &url).map_err(|message| ConfigError::at("url", message))?;
        let signer = Signer::read(&keys.signing_secrets)?;
        for secret in &keys.signing_secrets {
            signature::both_forms(secret).for_each(|form| secrets.add(form));
        }
        let allow = Allow::read(&keys.allow)?.map(Arc::new);
        let connecting = keys.connecting();
        Ok(Self { url, headers, configured, referenced, allow, secrets, signer, body: keys.body, connecting })
    }
}

/// The configured headers as they are read.
#[derive(Default)]
struct Headers {
    all: HeaderMap,
    referenced: Vec<HeaderName>,
    secrets: Secrets,
}

impl Headers {
    /// Adds one, resolving its value if it is a reference. The messages do not repeat the value.
    fn add(&mut self, name: &str, value: &str) -> Result<(), String> {
        let header = read_header_name(name)?;
        if header == PROXY_AUTHORIZATION {
            return Err("no destination is to see it: write `proxy_authorization`".to_owned());
        }
        let is_reference = ["env:", "file:", "credential:"].iter().any(|scheme| value.starts_with(scheme));
        if !is_reference && CREDENTIALS.contains(&header.as_str()) {
            let message =
                "a credential is given by reference: write `env:NAME`, `file:/path` or `credential:name`";
            return Err(message.to_owned());
        }
        let value = if is_reference {
            let secret = Secret::resolve(value).map_err(|error| error.to_string())?;
            self.secrets.add(secret.expose());
            self.referenced.push(header.clone());
            headers::value(secret.expose())?
        } else {
            headers::value(value)?
        };
        if self.all.insert(header, value).is_some() {
            return Err("this header is there twice (upper and lower case are the same)".to_owned());
        }
        Ok(())
    }
}

fn read_url(text: &str) -> Result<Url, String> {
    Url::read(text).map_err(|error| match error {
        UrlError::Credentials => format!("{error}, as in headers = {{ Authorization = \"file:/path\" }}"),
        UrlError::Form | UrlError::Fragment | UrlError::Never(_) => error.to_string(),
    })
}

/// Whether it is for the operator alone to say.
pub fn is_of_the_connection(header: &HeaderName) -> bool {
    OF_THE_CONNECTION.contains(&header.as_str())
}

/// A header that may be set beside those that Doorman sets itself.
pub fn read_header_name(name: &str) -> Result<HeaderName, String> {
    let header: HeaderName =
        name.parse().map_err(|_| "not a header name: write one as in `X-Team`".to_owned())?;
    if RESERVED.contains(&header.as_str()) {
        return Err("this header is set by Doorman itself: leave it out".to_owned());
    }
    Ok(header)
}

#[cfg(test)]
mod tests;
