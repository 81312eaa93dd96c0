//! As whom a client comes.

use doorman_plugin_testing::{Authority, ClientIdentity, Server};
use tempfile::NamedTempFile;

use super::*;

/// What is in a file, as a secret.
fn read(file: &NamedTempFile) -> Option<Secret> {
    secret(&std::fs::read_to_string(file.path()).unwrap())
}

fn coming_as(client: &ClientIdentity, ca_file: &NamedTempFile) -> Connecting {
    Connecting {
        client_certificate: Some(client.certificate.path().into()),
        client_key: read(&client.key),
        ..connecting(Some(ca_file.path().into()))
    }
}

/// What becomes of a request to a server that demands a certificate of an authority.
async fn sent(
    clients: &Authority,
    connecting: impl Fn(&NamedTempFile) -> Connecting,
) -> Result<Answer, Report> {
    let servers = Authority::new("servers");
    let (_server, address) = Server::start_tls([], servers.demanding("127.0.0.1", clients)).await;
    let url = format!("https://{address}/");
    get(&client(&url, connecting(&servers.file())).unwrap(), &url).await
}

#[tokio::test]
async fn a_server_that_demands_a_certificate_gets_it() {
    let clients = Authority::new("clients");
    let doorman = clients.client("doorman");
    let answer = sent(&clients, |ca_file| coming_as(&doorman, ca_file)).await;
    assert_eq!(answer.unwrap_or_else(|report| panic!("{report:?}")).status, 204);
}

#[tokio::test]
async fn one_of_somebody_else_is_broken() {
    let stranger = Authority::new("strangers").client("doorman");
    let reason = broken(sent(&Authority::new("clients"), |ca_file| coming_as(&stranger, ca_file)).await);
    assert!(reason.contains("TLS failed") && reason.contains("`client_certificate`"), "{reason}");
}

#[tokio::test]
async fn none_is_broken_and_asked_for() {
    let clients = Authority::new("clients");
    let reason = broken(sent(&clients, |ca_file| connecting(Some(ca_file.path().into()))).await);
    assert!(reason.contains("CertificateRequired") && reason.contains("`client_certificate`"), "{reason}");
}

#[test]
fn a_certificate_and_its_key_come_together_and_fit() {
    let authority = Authority::new("clients");
    let (one, other, ca_file) = (authority.client("one"), authority.client("other"), authority.file());
    let (key, message) = refused("https://h", Connecting { client_key: None, ..coming_as(&one, &ca_file) });
    assert!(key == "client_certificate" && message.contains("name it in `client_key`"), "{message}");
    let (key, message) =
        refused("https://h", Connecting { client_certificate: None, ..coming_as(&one, &ca_file) });
    assert!(key == "client_key" && message.contains("name it in `client_certificate`"), "{message}");
    let (key, message) =
        refused("https://h", Connecting { client_key: read(&other.key), ..coming_as(&one, &ca_file) });
    assert!(key == "client_key" && message.contains("not the key of"), "{message}");
    assert!(client("https://h", coming_as(&one, &ca_file)).is_ok());
}

#[test]
fn files_that_hold_something_else_are_refused_with_what_they_must_hold() {
    let authority = Authority::new("clients");
    let (one, ca_file) = (authority.client("one"), authority.file());
    let (key, message) =
        refused("https://h", Connecting { client_key: read(&ca_file), ..coming_as(&one, &ca_file) });
    assert!(key == "client_key" && message.contains("BEGIN PRIVATE KEY"), "{message}");
    for (path, says) in [
        (one.key.path(), "BEGIN CERTIFICATE"),
        ("/no/such/file".as_ref(), "cannot read /no/such/file"),
        ("client.pem".as_ref(), "full path"),
    ] {
        let (key, message) = refused(
            "https://h",
            Connecting { client_certificate: Some(path.into()), ..coming_as(&one, &ca_file) },
        );
        assert!(key == "client_certificate" && message.contains(says), "{message}");
    }
}

#[test]
fn a_url_in_the_clear_needs_no_certificate() {
    let one = Authority::new("clients").client("one");
    let connecting = Connecting { ca_file: None, ..coming_as(&one, &one.key) };
    let (key, message) = refused("http://h", connecting);
    assert!(key == "client_certificate" && message.contains("http://"), "{message}");
}
