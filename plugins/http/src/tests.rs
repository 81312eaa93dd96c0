//! Requests to real sockets, on a current-thread runtime as in a dispatcher.

mod client_certificates;
mod configured;
mod guarded;
mod proxied;
mod tls;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::{ConfigError, Outcome, Report};
use doorman_plugin_testing::raw;
use http_body_util::Full;
use hyper::Request;
use tempfile::NamedTempFile;

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

/// What is wrong with a configuration for this URL: the key and what is said.
fn refused(url: &str, connecting: Connecting) -> (String, String) {
    let error = client(url, connecting).err().expect("refused");
    (error.key, error.message)
}

/// A secret as if it came by reference.
fn secret(text: &str) -> Option<Secret> {
    let file = file(text);
    Some(Secret::resolve(&format!("file:{}", file.path().display())).unwrap())
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn a_host_that_does_not_answer_at_all_is_told_with_the_key_that_was_exceeded() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Nobody accepts: once its few places are taken, the system answers no more.
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let connect = tokio::net::TcpStream::connect(address);
        waiting.push(tokio::time::timeout(Duration::from_millis(20), connect).await);
    }
    let url = format!("http://{address}/");
    let connecting = Connecting { connect_timeout: Duration::from_millis(50), ..connecting(None) };
    let reason = retried(get(&client(&url, connecting).unwrap(), &url).await);
    assert!(reason.contains("it was not open within `connect_timeout`"), "{reason}");
}

#[tokio::test]
async fn a_connection_that_never_gets_through_its_handshake_is_given_up() {
    let url = format!("https://{}/", raw(b"", false).await);
    let file = doorman_plugin_testing::Authority::new("ours").file();
    let connecting =
        Connecting { connect_timeout: Duration::from_millis(50), ..connecting(Some(file.path().into())) };
    let reason = retried(get(&client(&url, connecting).unwrap(), &url).await);
    assert!(
        reason.contains("cannot connect") && reason.contains("within `connect_timeout` (50ms)"),
        "{reason}"
    );
}
