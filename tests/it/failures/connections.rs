//! What happens to the connection.

use std::net::{SocketAddr, TcpListener};

use doorman_plugin_testing::{Authority, Server};
use doorman_tests::{Reply, Sink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{attempted, state};

fn webhook(url: &str, keys: &str) -> String {
    format!("plugin = \"webhook\"\nurl = \"{url}\"\n{keys}")
}

/// A server that reads a request's head, says this, and closes.
async fn saying(text: &'static str) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4_096];
            // Whoever goes away early is not waited for.
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn a_port_that_nobody_listens_at_is_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    attempted(&webhook(&format!("http://127.0.0.1:{port}"), "")).await.assert("retry", "cannot connect");
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_tried_again() {
    // Longer than a name's part can be: it is known to lead nowhere without asking anybody.
    let nowhere = "n".repeat(70);
    attempted(&webhook(&format!("http://{nowhere}"), "")).await.assert("retry", &nowhere);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_tried_again() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::BreakOff);
    attempted(&sink.destination()).await.assert("retry", "broke before an answer came");
}

#[tokio::test]
async fn a_connection_that_is_closed_without_an_answer_is_tried_again() {
    let address = saying("").await;
    attempted(&webhook(&format!("http://{address}"), "")).await.assert("retry", "");
}

#[tokio::test]
async fn what_is_not_http_is_tried_again() {
    let address = saying("220 mail.example.com ESMTP\r\n").await;
    attempted(&webhook(&format!("http://{address}"), "")).await.assert("retry", "");
}

#[tokio::test]
async fn no_answer_within_the_timeout_is_tried_again() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Hang);
    let keys = sink.destination_with("timeout = \"300ms\"");
    attempted(&keys).await.assert("retry", "no answer within 300ms");
}

#[tokio::test]
async fn tls_that_does_not_hold_holds_the_destination() {
    let [trusted, other] = ["Trusted", "Other"].map(Authority::new);
    let ca = trusted.file();
    let keys = format!("ca_file = {:?}", ca.path());
    for (identity, reason) in [
        (other.identity("localhost"), "ca_file"),
        (trusted.expired("localhost"), "expired"),
        (trusted.identity("elsewhere.example"), "localhost"),
    ] {
        let (_server, address) = Server::start_tls([], identity).await;
        let port = address.port();
        let attempted = attempted(&webhook(&format!("https://localhost:{port}"), &keys)).await;
        attempted.assert("held", reason);
        assert_eq!(state(&attempted.doorman, "sick").await, "held_auth");
    }
}

#[tokio::test]
async fn a_port_without_tls_holds_the_destination() {
    let address = saying("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let attempted = attempted(&webhook(&format!("https://{address}"), "")).await;
    attempted.assert("held", "does it speak TLS on this port?");
}
