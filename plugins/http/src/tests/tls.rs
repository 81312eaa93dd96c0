//! Whom TLS trusts.

use doorman_plugin_testing::{Authority, Identity, Server, nobody};

use super::*;

/// What becomes of a request to a server with a certificate, from a client that trusts an authority.
async fn sent(identity: Identity, trusted: &Authority) -> Result<Answer, Report> {
    let (_server, address) = Server::start_tls([], identity).await;
    let (url, file) = (format!("https://{address}/"), trusted.file());
    get(&client(&url, connecting(Some(file.path().into()))).unwrap(), &url).await
}

#[tokio::test]
async fn a_certificate_of_the_named_authority_is_trusted() {
    let authority = Authority::new("ours");
    let answer = sent(authority.identity("127.0.0.1"), &authority).await;
    assert_eq!(answer.unwrap_or_else(|report| panic!("{report:?}")).status, 204);
}

#[tokio::test]
async fn connections_behind_tls_are_used_again() {
    let authority = Authority::new("ours");
    let (server, address) = Server::start_tls([], authority.identity("127.0.0.1")).await;
    let (url, file) = (format!("https://{address}/"), authority.file());
    let client = client(&url, connecting(Some(file.path().into()))).unwrap();
    for _ in 0..10 {
        assert!(get(&client, &url).await.is_ok());
    }
    assert_eq!((server.take_requests().len(), server.connections()), (10, 1));
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_broken_and_says_so() {
    let reason = broken(sent(Authority::new("theirs").identity("127.0.0.1"), &Authority::new("ours")).await);
    assert!(reason.contains("TLS failed") && reason.contains("UnknownIssuer"), "{reason}");
    assert!(reason.contains("cannot connect to 127.0.0.1:") && reason.contains("`ca_file`"), "{reason}");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_broken_and_both_are_named() {
    let authority = Authority::new("ours");
    let reason = broken(sent(authority.identity("other.example"), &authority).await);
    assert!(reason.contains("127.0.0.1") && reason.contains("other.example"), "{reason}");
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_is_broken_and_says_so() {
    let authority = Authority::new("ours");
    let reason = broken(sent(authority.expired("127.0.0.1"), &authority).await);
    assert!(reason.contains("expired"), "{reason}");
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_broken_and_asked_for() {
    let (_server, address) = Server::start([]).await;
    let (url, file) = (format!("https://{address}/"), Authority::new("ours").file());
    let client = client(&url, connecting(Some(file.path().into()))).unwrap();
    let reason = broken(get(&client, &url).await);
    assert!(reason.contains("does it speak TLS"), "{reason}");
}

#[tokio::test]
async fn nobody_listening_is_no_matter_of_tls() {
    let (url, file) = (format!("https://{}/", nobody().await), Authority::new("ours").file());
    let client = client(&url, connecting(Some(file.path().into()))).unwrap();
    let reason = retried(get(&client, &url).await);
    assert!(reason.contains("Connection refused") && !reason.contains("TLS"), "{reason}");
}

#[tokio::test]
async fn a_connection_that_closes_within_its_handshake_is_worth_another_attempt() {
    let (url, file) = (format!("https://{}/", raw(b"", true).await), Authority::new("ours").file());
    let client = client(&url, connecting(Some(file.path().into()))).unwrap();
    let reason = retried(get(&client, &url).await);
    assert!(reason.contains("cannot connect"), "{reason}");
}
