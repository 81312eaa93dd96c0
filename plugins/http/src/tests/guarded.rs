//! Where connections go, and where not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorman_plugin_testing::{Authority, Server};
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::*;
use crate::guard::{Guard, Guarded};

fn allow(entries: &[&str]) -> Arc<Allow> {
    let entries: Vec<_> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    Arc::new(Allow::read(&entries).unwrap().unwrap())
}

/// A client for what scripts give.
fn to_given(entries: &[&str]) -> Client {
    let file = Authority::new("ours").file();
    Client::to_given(allow(entries), &connecting(Some(file.path().into())), Secrets::default(), 100).unwrap()
}

#[tokio::test]
async fn a_configured_name_may_lead_to_the_machine_itself() {
    let (_server, address) = Server::start([]).await;
    let url = format!("http://localhost:{}/", address.port());
    assert!(get(&client(&url, connecting(None)).unwrap(), &url).await.is_ok());
}

#[tokio::test]
async fn a_configured_name_that_leads_to_a_metadata_service_is_broken() {
    // What the system's resolver takes for 169.254.169.254.
    for name in ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.16689662"] {
        let url = format!("http://{name}/");
        let reason = broken(get(&client(&url, connecting(None)).unwrap(), &url).await);
        assert!(reason.contains("169.254.169.254 is a cloud's metadata service"), "{name}: {reason}");
    }
}

#[tokio::test]
async fn a_given_name_that_leads_to_the_machine_itself_is_rejected_unless_a_network_on_the_list_has_it() {
    let (server, address) = Server::start([]).await;
    let url = format!("http://localhost:{}/", address.port());
    let report = get(&to_given(&["http://localhost:*"]), &url).await.err().unwrap();
    let Outcome::Rejected { reason } = &report.outcome else { panic!("{report:?}") };
    assert!(reason.contains("is not public"), "{reason}");
    assert_eq!(server.connections(), 0);
    let client = to_given(&["http://localhost:*", "127.0.0.0/8", "::1"]);
    assert!(get(&client, &url).await.is_ok());
}

#[tokio::test]
async fn a_given_address_is_checked_where_it_is_connected_to_as_well() {
    let (server, address) = Server::start([]).await;
    for url in [format!("http://{address}/"), format!("http://[::ffff:127.0.0.1]:{}/", address.port())] {
        let report = get(&to_given(&["hooks.example.com"]), &url).await.err().unwrap();
        assert!(matches!(report.outcome, Outcome::Rejected { .. }), "{report:?}");
    }
    assert_eq!(server.connections(), 0);
}

/// A name server whose answers change: each name leads to the next of these addresses.
#[derive(Clone)]
struct Rebinding {
    answers: &'static [&'static [&'static str]],
    asked: Arc<AtomicUsize>,
}

impl Service<Name> for Rebinding {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        let answer = self.answers[self.asked.fetch_add(1, Ordering::Relaxed)];
        let addresses = answer.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        std::future::ready(Ok(addresses.collect::<Vec<_>>().into_iter()))
    }
}

#[tokio::test]
async fn each_answer_of_a_name_server_is_checked_and_it_is_asked_once_a_connection() {
    let asked = Arc::new(AtomicUsize::new(0));
    let answers: &[&[&str]] =
        &[&["1.1.1.1"], &["127.0.0.1"], &["127.0.0.1", "1.1.1.1", "::ffff:10.0.0.1"], &["169.254.169.254"]];
    let rebinding = Rebinding { answers, asked: Arc::clone(&asked) };
    let mut guarded = Guarded::new(Guard::Given(allow(&["*.example.com"])), rebinding);
    let mut found = async || {
        let found = guarded.call("a.example.com".parse().unwrap()).await;
        found.map(|found| found.map(|address| address.ip().to_string()).collect::<Vec<_>>())
    };
    assert_eq!(found().await.unwrap(), ["1.1.1.1"]);
    assert!(found().await.unwrap_err().to_string().contains("127.0.0.1 is not public"));
    assert_eq!(found().await.unwrap(), ["1.1.1.1"], "the others are not connected to");
    assert!(found().await.unwrap_err().to_string().contains("never connected to"));
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[test]
fn there_is_no_proxy_where_scripts_give_urls() {
    let proxied = Connecting { proxy: Some("http://proxy:3128".to_owned()), ..connecting(None) };
    let error = Client::to_given(allow(&["a.example"]), &proxied, Secrets::default(), 100).err().unwrap();
    assert!(error.key == "allow" && error.message.contains("looks names up itself"), "{error}");
}
