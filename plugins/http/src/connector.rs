//! How a connection opens: to the destination itself, or to the proxy on the way to it.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use doorman_plugin::duration;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use rustls::ClientConfig;
use tower_service::Service;

use crate::guard::{Guard, Guarded};
use crate::proxy::Proxy;
use crate::stream::Stream;

type Tcp = HttpConnector<Guarded<GaiResolver>>;

/// Any error on the way to a connection.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Opens connections within a time, which their TLS handshake is part of.
#[derive(Clone)]
pub struct Connector {
    route: Route,
    guard: Guard,
    timeout: Duration,
}

#[derive(Clone)]
enum Route {
    Direct(HttpsConnector<Tcp>),
    /// For destinations behind TLS, which the proxy sees nothing of.
    Tunnel(Proxy, Box<HttpsConnector<Tunnel<Tcp>>>),
    /// For destinations in the clear: the proxy takes the requests and hands them on.
    Forward(Proxy, Tcp),
}

/// The time is over.
#[derive(Debug, thiserror::Error)]
#[error("it was not open within `connect_timeout` ({}); see whether a firewall drops what goes there", duration::format(*.0))]
struct TooSlow(Duration);

impl Connector {
    /// Connections that open within `timeout`.
    pub fn direct(tls: ClientConfig, guard: Guard, timeout: Duration) -> Self {
        Self { route: Route::Direct(behind_tls(tls, tcp(&guard, timeout))), guard, timeout }
    }

    /// Connections through a proxy, to a destination that is behind TLS or not.
    pub fn through(proxy: Proxy, tls: Option<ClientConfig>, timeout: Duration) -> Self {
        let guard = Guard::Configured;
        let tcp = tcp(&guard, timeout);
        let Some(tls) = tls else { return Self { route: Route::Forward(proxy, tcp), guard, timeout } };
        let tunnel = Tunnel::new(proxy.uri.clone(), tcp);
        let tunnel = match &proxy.authorization {
            Some(authorization) => tunnel.with_auth(authorization.clone()),
            None => tunnel,
        };
        Self { route: Route::Tunnel(proxy, Box::new(behind_tls(tls, tunnel))), guard, timeout }
    }
}

fn tcp(guard: &Guard, timeout: Duration) -> Tcp {
    let mut tcp = HttpConnector::new_with_resolver(Guarded::new(guard.clone(), GaiResolver::new()));
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(timeout));
    tcp.enforce_http(false);
    tcp
}

fn behind_tls<C>(tls: ClientConfig, connector: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector)
}

impl Route {
    /// The host that is connected to on the way to `uri`.
    fn next<'a>(&'a self, uri: &'a Uri) -> &'a Uri {
        match self {
            Route::Direct(_) => uri,
            Route::Tunnel(proxy, _) | Route::Forward(proxy, _) => &proxy.uri,
        }
    }

    fn open(&mut self, uri: Uri) -> Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>> {
        match self {
            Route::Direct(connector) => {
                let opening = connector.call(uri);
                Box::pin(async move { Ok(Stream::direct(opening.await?)) })
            }
            Route::Tunnel(_, connector) => {
                let opening = connector.call(uri);
                Box::pin(async move { Ok(Stream::direct(opening.await?)) })
            }
            Route::Forward(proxy, tcp) => {
                let opening = tcp.call(proxy.uri.clone());
                Box::pin(async move { Ok(Stream::to_proxy(opening.await?.into())) })
            }
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match &mut self.route {
            Route::Direct(connector) => connector.poll_ready(context),
            Route::Tunnel(_, connector) => connector.poll_ready(context),
            Route::Forward(_, tcp) => tcp.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if let Err(refused) = self.guard.check_literal(self.route.next(&uri)) {
            return Box::pin(std::future::ready(Err(refused.into())));
        }
        let (timeout, opening) = (self.timeout, self.route.open(uri));
        Box::pin(async move {
            let opened = tokio::time::timeout(timeout, opening).await;
            opened.unwrap_or_else(|_| Err(TooSlow(timeout).into()))
        })
    }
}
