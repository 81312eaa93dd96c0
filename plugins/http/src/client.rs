//! Requests to one destination.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::mask::Secrets;
use doorman_plugin::{ConfigError, Report};
use http_body_util::Full;
use hyper::header::{HeaderValue, PROXY_AUTHORIZATION};
use hyper::http::uri::Scheme;
use hyper::{Request, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::allow::Allow;
use crate::answer::{self, Answer};
use crate::connector::Connector;
use crate::failure;
use crate::guard::Guard;
use crate::keys::Connecting;
use crate::proxy::Proxy;
use crate::statuses::Statuses;
use crate::tls;
use crate::url::Url;

/// How long an unused connection stays open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the head of an answer may be, and how much of its body is held at once.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A destination's connections. It makes none before the first request, and needs no runtime until then.
pub struct Client {
    connections: legacy::Client<Connector, Full<Bytes>>,
    proxy: Option<Proxy>,
    secrets: Secrets,
    statuses: Statuses,
    kept_bytes: usize,
}

impl Client {
    /// A client for requests to the configured `url`. It keeps the first `kept_bytes` of an answer, with `secrets` masked in
    /// it. The error names the key that is wrong.
    pub fn new(
        url: &Url,
        connecting: Connecting,
        mut secrets: Secrets,
        kept_bytes: usize,
    ) -> Result<Self, ConfigError> {
        let timeout = checked_timeout(&connecting)?;
        let proxy = Proxy::read(url, &connecting, &mut secrets)?;
        let tls = tls::client_config(url.is_https(), &connecting)?;
        let connector = match proxy.clone() {
            Some(proxy) => Connector::through(proxy, url.is_https().then_some(tls), timeout),
            None => Connector::direct(tls, Guard::Configured, timeout),
        };
        Self::with(connector, proxy, &connecting, secrets, kept_bytes)
    }

    /// A client for requests to URLs that scripts and events give, as far as `allow` does. It shows no client certificate:
    /// that is for the configured URL. There is no proxy either, which would look names up where nobody checks it.
    pub fn to_given(
        allow: Arc<Allow>,
        connecting: &Connecting,
        secrets: Secrets,
        kept_bytes: usize,
    ) -> Result<Self, ConfigError> {
        if connecting.proxy.is_some() {
            let message = "a proxy looks names up itself, so that what scripts give could not be checked: leave out `allow`, or `proxy`";
            return Err(ConfigError::at("allow", message));
        }
        let timeout = checked_timeout(connecting)?;
        let anonymous = Connecting { client_certificate: None, client_key: None, ..connecting.clone() };
        let connector =
            Connector::direct(tls::client_config(true, &anonymous)?, Guard::Given(allow), timeout);
        Self::with(connector, None, connecting, secrets, kept_bytes)
    }

    fn with(
        connector: Connector,
        proxy: Option<Proxy>,
        connecting: &Connecting,
        secrets: Secrets,
        kept_bytes: usize,
    ) -> Result<Self, ConfigError> {
        let statuses = Statuses::read(&connecting.statuses)?;
        let connections = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(connecting.max_idle_connections)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            // The host is among the destination's own headers, made once.
            .set_host(false)
            .build(connector);
        Ok(Self { connections, proxy, secrets, statuses, kept_bytes })
    }

    /// Sends one request, and takes its answer. The error is the report of an attempt that got none.
    pub async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, Report> {
        let way = self.way(request.uri());
        if let Some(authorization) = self.forwarded_as(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let response = self.connections.request(request).await;
        let response = response.map_err(|error| failure::report(&error, &way, &self.secrets))?;
        let (head, body) = response.into_parts();
        let mut body = answer::read(body, self.kept_bytes + self.secrets.longest_bytes()).await;
        self.secrets.mask(&mut body);
        let meaning = self.statuses.meaning(head.status);
        Ok(Answer { status: head.status, meaning, headers: head.headers, body })
    }

    /// The host that a request goes to, and through whom. Nothing else of the URI, whose path and query may hold a token.
    fn way(&self, uri: &Uri) -> String {
        let host = uri.authority().map_or("", |authority| authority.as_str());
        match &self.proxy {
            Some(proxy) => format!("{host} through the proxy {}", proxy.name()),
            None => host.to_owned(),
        }
    }

    /// What a proxy that hands requests on knows us by. One that opens a tunnel has it when it does.
    fn forwarded_as(&self, uri: &Uri) -> Option<&HeaderValue> {
        let proxy = self.proxy.as_ref().filter(|_| uri.scheme() == Some(&Scheme::HTTP))?;
        proxy.authorization.as_ref()
    }

    /// What must not be seen in a report.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

fn checked_timeout(connecting: &Connecting) -> Result<Duration, ConfigError> {
    if connecting.connect_timeout.is_zero() {
        let message = "no connection opens in no time: write \"5s\", say";
        return Err(ConfigError::at("connect_timeout", message));
    }
    Ok(connecting.connect_timeout)
}
