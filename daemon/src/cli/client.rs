//! The admin API's client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use doorman_plugin::Secret;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::{CliError, Refusal};
use super::http::{self, Reply};
use crate::admin::view::{IdsRequest, RefusedReload, ReloadAnswer, ReloadRequest, VerificationView};

/// Asks a running daemon.
#[derive(Clone, Debug)]
pub struct AdminClient {
    address: String,
    token: Option<Secret>,
}

impl AdminClient {
    /// A client of the daemon whose admin listener has this address; one that listens on every address is asked on
    /// the loopback. It connects with each request.
    pub fn new(listen: SocketAddr, token: Option<Secret>) -> Self {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self { address: SocketAddr::new(ip, listen.port()).to_string(), token }
    }

    /// The JSON at this path.
    pub async fn get<T: DeserializeOwned>(&self, path_and_query: &str) -> Result<T, CliError> {
        self.ask(Method::GET, path_and_query, Bytes::new()).await
    }

    /// Sends delivery ids to this path: the daemon takes at most 500 at a time.
    pub async fn post_ids<T: DeserializeOwned>(&self, path: &str, ids: Vec<String>) -> Result<T, CliError> {
        self.post(path, &IdsRequest { ids }).await
    }

    /// Sends JSON to this path.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CliError> {
        let body = serde_json::to_vec(body).map_err(|error| CliError::Data(error.to_string()))?;
        self.ask(Method::POST, path, body.into()).await
    }

    /// Begins a verification of the store, unless one is running, and says how it stands.
    pub async fn begin_verification(&self) -> Result<VerificationView, CliError> {
        self.ask(Method::POST, "/api/store/verify", Bytes::new()).await
    }

    /// Has the scripts on disk taken; the inner error says why they were refused.
    pub async fn reload(&self, force: bool) -> Result<Result<ReloadAnswer, RefusedReload>, CliError> {
        let body = serde_json::to_vec(&ReloadRequest { force })
            .map_err(|error| CliError::Data(error.to_string()))?;
        let reply = self.exchange(Method::POST, "/api/scripts/reload", body.into()).await?;
        match serde_json::from_slice(&reply.body) {
            Ok(refused) if reply.status == StatusCode::UNPROCESSABLE_ENTITY => Ok(Err(refused)),
            _ => self.read(&reply).map(Ok),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, CliError> {
        let reply = self.exchange(method, path, body).await?;
        self.read(&reply)
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Reply, CliError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| CliError::Usage(error.to_string()))?;
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, bearer(token)?);
        }
        http::exchange(&self.address, request).await
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, CliError> {
        if !matches!(reply.status, StatusCode::OK | StatusCode::ACCEPTED) {
            return Err(refused(&self.address, reply));
        }
        serde_json::from_slice(&reply.body).map_err(|error| not_doorman(&self.address, error.to_string()))
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, CliError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        CliError::Usage("the token of `[admin] token` has characters that a header cannot hold".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// An answer that is not the one that was hoped for.
pub fn refused(address: &str, reply: &Reply) -> CliError {
    let status = reply.status.as_u16();
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(refusal) if refusal.status == status => CliError::Refused(refusal),
        _ => not_doorman(address, format!("HTTP status {status} without a problem document")),
    }
}

/// An answer that Doorman does not give.
fn not_doorman(address: &str, message: String) -> CliError {
    CliError::NotDoorman { address: address.to_owned(), message }
}

/// A part of an answer as its type.
pub fn parse<T: DeserializeOwned>(raw: &RawValue) -> Result<T, CliError> {
    serde_json::from_str(raw.get()).map_err(|error| not_doorman("the admin listener", error.to_string()))
}

/// A path with these parameters, those that are `None` left out.
pub fn with_parameters(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
