//! The plugin against real sockets, on a current-thread runtime as in a dispatcher.

mod answers;
mod configured;
mod conforming;
mod contract;
mod failures;
mod identifies;
mod openapi;
mod probe;
mod requests;
mod splits;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use doorman_plugin::{ActionKind, Delivery, Outcome, Plugin, Report};
use doorman_plugin_testing::{Answer, Authority, Server, answer, delivery};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::*;

/// The API key of all tests.
const KEY: &str = "sk_test_canary";

/// The least that triggers a workflow.
const WELCOME: &str = r#"{"recipients":["u1"],"workflow":"welcome"}"#;

/// A file with a secret in it.
fn file(secret: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(secret.as_bytes()).unwrap();
    file
}

/// The plugin with these keys, and the API key of all tests.
fn built(mut keys: Value) -> Arc<dyn Plugin> {
    let file = file(KEY);
    keys["api_key"] = format!("file:{}", file.path().display()).into();
    (PLUGIN.build)(keys).unwrap()
}

fn plugin(address: SocketAddr) -> Arc<dyn Plugin> {
    built(json!({"base_url": format!("http://{address}")}))
}

/// What becomes of an action with this content.
async fn act(address: SocketAddr, kind: ActionKind, content: &str) -> Report {
    plugin(address).deliver(&delivery(kind, content)).await
}

/// What becomes of a trigger with this content.
async fn trigger(address: SocketAddr, content: &str) -> Report {
    act(address, ActionKind::Trigger, content).await
}

/// Drops an attempt that the server does not answer once it has so many of its requests, and gives their keys.
async fn dropped_behind(
    requests: usize,
    plugin: &dyn Plugin,
    delivery: &Delivery,
    server: &Server,
) -> Vec<String> {
    let arrived = async {
        let mut all = Vec::new();
        while all.len() < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
            all.extend(keys(server));
        }
        all
    };
    tokio::select! {
        report = plugin.deliver(delivery) => panic!("it was answered: {report:?}"),
        all = arrived => all,
    }
}

/// The keys of what the server was sent since the last call, in order.
fn keys(server: &Server) -> Vec<String> {
    let requests = server.take_requests();
    requests.iter().map(|request| request.headers["idempotency-key"].to_str().unwrap().to_owned()).collect()
}

/// The reason why it will never work.
fn rejected(report: &Report) -> &str {
    let Outcome::Rejected { reason } = &report.outcome else { panic!("{report:?}") };
    reason
}

#[tokio::test]
async fn knock_is_reached_behind_tls() {
    let authority = Authority::new("ours");
    let (server, address) = Server::start_tls([], authority.identity("localhost")).await;
    let file = authority.file();
    let keys = json!({"base_url": format!("https://localhost:{}", address.port()), "ca_file": file.path()});
    let report = built(keys).deliver(&delivery(ActionKind::Trigger, WELCOME)).await;
    assert_eq!(report.outcome, Outcome::Delivered);
    contract::check(&server.take_requests()[0]).unwrap();
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_broken_and_says_so() {
    let (server, address) = Server::start_tls([], Authority::new("theirs").identity("127.0.0.1")).await;
    let file = Authority::new("ours").file();
    let keys = json!({"base_url": format!("https://{address}"), "ca_file": file.path()});
    let report = built(keys).deliver(&delivery(ActionKind::Trigger, WELCOME)).await;
    let Outcome::Broken { reason } = report.outcome else { panic!("{report:?}") };
    assert!(reason.contains("UnknownIssuer") && !reason.contains("canary"), "{reason}");
    assert!(server.take_requests().is_empty(), "the key was given to a stranger");
}
