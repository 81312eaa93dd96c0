//! Requests to one destination.

use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::mask::Secrets;
use doorman_plugin::{ConfigError, Report};
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::answer::{self, Answer};
use crate::connector::Connector;
use crate::failure;
use crate::keys::Connecting;
use crate::statuses::Statuses;
use crate::url::Url;

/// How long an unused connection stays open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A destination's connections. It makes none before the first request, and needs no runtime until then.
pub struct Client {
    connections: legacy::Client<Connector, Full<Bytes>>,
    secrets: Secrets,
    statuses: Statuses,
    kept_bytes: usize,
}

impl Client {
    /// A client for requests to `url`. It keeps the first `kept_bytes` of an answer, with `secrets` masked in it.
    /// The error names the key that is wrong.
    pub fn new(
        url: &Url,
        connecting: Connecting,
        secrets: Secrets,
        kept_bytes: usize,
    ) -> Result<Self, ConfigError> {
        let Connecting { ca_file, connect_timeout, max_idle_connections, statuses } = connecting;
        if connect_timeout.is_zero() {
            let message = "no connection opens in no time: write \"5s\", say";
            return Err(ConfigError::at("connect_timeout", message));
        }
        let statuses = Statuses::read(&statuses)?;
        let connector = Connector::new(url, ca_file.as_deref(), connect_timeout)?;
        let connections = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(max_idle_connections)
            // The host is among the destination's own headers, made once.
            .set_host(false)
            .build(connector);
        Ok(Self { connections, secrets, statuses, kept_bytes })
    }

    /// Sends one request, and takes its answer. The error is the report of an attempt that got none.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Report> {
        // Only the host: a URL's path and query may hold a token.
        let host = request.uri().authority().cloned();
        let response = self.connections.request(request).await.map_err(|error| {
            let host = host.as_ref().map_or("", |authority| authority.as_str());
            failure::report(&error, host, &self.secrets)
        })?;
        let (head, body) = response.into_parts();
        let mut body = answer::read(body, self.kept_bytes + self.secrets.longest_bytes()).await;
        self.secrets.mask(&mut body);
        let meaning = self.statuses.meaning(head.status);
        Ok(Answer { status: head.status, meaning, headers: head.headers, body })
    }

    /// What must not be seen in a report.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}
