//! Requests to real sockets, on a current-thread runtime as in a dispatcher.

mod configured;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::{ConfigError, Outcome, Report};
use doorman_plugin_testing::raw;
use http_body_util::Full;
use hyper::Request;

use super::*;

fn connecting(ca_file: Option<PathBuf>) -> Connecting {
    Connecting { ca_file, max_idle_connections: 4, ..Connecting::default() }
}

fn client(url: &str, connecting: Connecting) -> Result<Client, ConfigError> {
    Client::new(&Url::read(url).unwrap(), connecting, Secrets::default(), 100)
}

/// What becomes of a request.
async fn get(client: &Client, url: &str) -> Result<Answer, Report> {
    client.send(Request::get(url).header("host", "h").body(Full::<Bytes>::default()).unwrap()).await
}

/// The reason of a report that is a retry.
fn retried(result: Result<Answer, Report>) -> String {
    match result.map(|answer| answer.status).unwrap_err().outcome {
        Outcome::Retry { reason, after: None } => reason,
        other => panic!("{other:?}"),
    }
}

/// The reason of a report of what is broken.
fn broken(result: Result<Answer, Report>) -> String {
    match result.map(|answer| answer.status).unwrap_err().outcome {
        Outcome::Broken { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_connection_that_never_gets_through_its_handshake_is_given_up() {
    let url = format!("https://{}/", raw(b"", false).await);
    let file = doorman_plugin_testing::Authority::new("ours").file();
    let connecting =
        Connecting { connect_timeout: Duration::from_millis(50), ..connecting(Some(file.path().into())) };
    let reason = retried(get(&client(&url, connecting).unwrap(), &url).await);
    assert!(reason.contains("cannot connect") && reason.contains("not open within 50ms"), "{reason}");
}
