//! A webhook's keys, and what they must look like.

use std::collections::BTreeMap;
use std::time::Duration;

use doorman_plugin::{ActionKind, ConfigError, Secret, duration, typed_config};
use hyper::Uri;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::uri::{Authority, Scheme};
use serde::Deserialize;

use crate::mask::Secrets;

/// The header that stays the same over all attempts of a delivery.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Headers that the protocol or Doorman itself sets.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "idempotency-key",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers whose values are credentials: they come by reference only.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// What is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// The action with its id and its event: see [`crate::envelope`].
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

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<Body>,
    #[serde(default = "default_connect_timeout", deserialize_with = "duration::deserialize")]
    connect_timeout: Duration,
    #[serde(default = "default_max_idle_connections")]
    max_idle_connections: usize,
}

fn default_connect_timeout() -> Duration {
    Duration::from_secs(5)
}

fn default_max_idle_connections() -> usize {
    64
}

/// The keys, checked and ready for use.
pub struct Settings {
    /// Where to post.
    pub url: Uri,
    /// Every header of every request; the idempotency key is an empty one that is overwritten.
    pub headers: HeaderMap,
    /// The header values that were given by reference.
    pub secrets: Secrets,
    /// What to post, if the configuration says so.
    pub body: Option<Body>,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How many connections stay open when nothing is to be sent.
    pub max_idle_connections: usize,
}

impl Settings {
    /// Reads and checks the keys, and resolves the references in them.
    pub fn read(config: serde_json::Value) -> Result<Self, ConfigError> {
        let keys: Keys = typed_config(config)?;
        let (url, authority) = read_url(&keys.url).map_err(|message| ConfigError::at("url", message))?;
        if keys.connect_timeout.is_zero() {
            return Err(ConfigError::at(
                "connect_timeout",
                "no connection opens in no time: write \"5s\", say",
            ));
        }
        let mut secrets = Secrets::default();
        let mut headers = HeaderMap::new();
        for (name, value) in &keys.headers {
            let at_key = |message| ConfigError::at(format!("headers.{name}"), message);
            let header = read_header_name(name).map_err(at_key)?;
            let value = read_header_value(&header, value, &mut secrets).map_err(at_key)?;
            if headers.insert(header, value).is_some() {
                return Err(at_key(
                    "this header is there twice (upper and lower case are the same)".to_owned(),
                ));
            }
        }
        add_standard_headers(&mut headers, &authority)?;
        let Keys { body, connect_timeout, max_idle_connections, .. } = keys;
        Ok(Self { url, headers, secrets, body, connect_timeout, max_idle_connections })
    }
}

/// The messages do not repeat the URL: it may hold a token.
fn read_url(text: &str) -> Result<(Uri, Authority), String> {
    let not_a_url = || "not a URL: write \"http://host:port/path\"".to_owned();
    if text.contains('#') {
        return Err("a URL's fragment (`#...`) is never sent: leave it out".to_owned());
    }
    let url: Uri = text.parse().map_err(|_| not_a_url())?;
    if url.scheme() == Some(&Scheme::HTTPS) {
        return Err("TLS comes with a later version: use http:// or a proxy".to_owned());
    }
    if url.scheme() != Some(&Scheme::HTTP) {
        return Err(not_a_url());
    }
    let authority = url.authority().cloned().ok_or_else(not_a_url)?;
    if authority.as_str().contains('@') {
        let hint = "give them by reference, as in headers = { Authorization = \"file:/path\" }";
        return Err(format!("no user or password in a URL: {hint}"));
    }
    let has_port = authority.as_str() != authority.host();
    if authority.host().is_empty() || (has_port && matches!(authority.port_u16(), None | Some(0))) {
        return Err(not_a_url());
    }
    Ok((url, authority))
}

fn read_header_name(name: &str) -> Result<HeaderName, String> {
    let header: HeaderName =
        name.parse().map_err(|_| "not a header name: write one as in `X-Team`".to_owned())?;
    if RESERVED.contains(&header.as_str()) {
        return Err("this header is set by Doorman itself: leave it out".to_owned());
    }
    Ok(header)
}

/// The messages do not repeat the value.
fn read_header_value(header: &HeaderName, value: &str, secrets: &mut Secrets) -> Result<HeaderValue, String> {
    let is_reference = ["env:", "file:", "credential:"].iter().any(|scheme| value.starts_with(scheme));
    if !is_reference && CREDENTIALS.contains(&header.as_str()) {
        return Err(
            "a credential is given by reference: write `env:NAME`, `file:/path` or `credential:name`"
                .to_owned(),
        );
    }
    let sendable = |value: &str| {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| "its value holds characters that no header can: use printable ASCII".to_owned())?;
        value.set_sensitive(true);
        Ok(value)
    };
    if !is_reference {
        return sendable(value);
    }
    let secret = Secret::resolve(value).map_err(|error| error.to_string())?;
    secrets.add(secret.expose());
    sendable(secret.expose())
}

/// What every request has, unless the configuration says otherwise.
fn add_standard_headers(headers: &mut HeaderMap, authority: &Authority) -> Result<(), ConfigError> {
    let host = HeaderValue::from_str(authority.as_str())
        .map_err(|_| ConfigError::at("url", "its host holds characters that no header can"))?;
    headers.entry(HOST).or_insert(host);
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    let agent = HeaderValue::from_static(concat!("doorman/", env!("CARGO_PKG_VERSION")));
    headers.entry(USER_AGENT).or_insert(agent);
    headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static(""));
    Ok(())
}

#[cfg(test)]
mod tests;
