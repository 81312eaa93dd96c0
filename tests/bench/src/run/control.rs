//! The questions that the bench asks over HTTP, while nothing is measured or seldom enough not to count.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::failure::Failure;

const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 16 * 1_024 * 1_024;

/// Asks servers on this machine.
pub struct Control(Client<HttpConnector, Empty<Bytes>>);

impl Control {
    /// One that has not asked anybody yet.
    pub fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// The status and the body of a GET.
    pub async fn get(&self, address: SocketAddr, path: &str) -> Result<(StatusCode, Bytes), Failure> {
        let url = format!("http://{address}{path}");
        let uri: Uri = url.parse().map_err(|error| Failure::unexpected(&url, error))?;
        let asked = async {
            let answer = self.0.get(uri).await.map_err(|error| Failure::unexpected(&url, error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
            let body = body.map_err(|error| Failure::unexpected(&url, error))?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, asked)
            .await
            .unwrap_or(Err(Failure::TooLong { step: "an answer over HTTP", limit: PATIENCE }))
    }
}
