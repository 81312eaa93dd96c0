//! Destinations behind a proxy.

use doorman_plugin_testing::{Authority, Proxy, Server, nobody};

use super::*;

/// What the proxy of all tests knows its clients by.
const PASS: &str = "Basic dXNlcjpjYW5hcnk=";

fn through(
    proxy: impl std::fmt::Display,
    authorization: Option<&str>,
    ca_file: Option<PathBuf>,
) -> Connecting {
    Connecting {
        proxy: Some(format!("http://{proxy}")),
        proxy_authorization: authorization.and_then(secret),
        ..connecting(ca_file)
    }
}

#[tokio::test]
async fn a_destination_behind_tls_is_reached_through_a_tunnel() {
    let authority = Authority::new("ours");
    let (server, address) = Server::start_tls([], authority.identity("127.0.0.1")).await;
    let (proxy, proxy_address) = Proxy::start(Some(PASS)).await;
    let (url, file) = (format!("https://{address}/hook"), authority.file());
    let connecting = through(proxy_address, Some(PASS), Some(file.path().into()));
    let client = client(&url, connecting).unwrap();
    for _ in 0..2 {
        assert!(get(&client, &url).await.is_ok());
    }
    assert_eq!(proxy.asked(), [format!("CONNECT {address} HTTP/1.1")], "the tunnel is used again");
    let request = &server.take_requests()[0];
    assert_eq!((&*request.target, request.headers.get("proxy-authorization")), ("/hook", None));
}

#[tokio::test]
async fn a_destination_in_the_clear_is_reached_by_requests_that_name_the_whole_url() {
    let (server, address) = Server::start([]).await;
    let (proxy, proxy_address) = Proxy::start(Some(PASS)).await;
    let url = format!("http://{address}/hook?a=1");
    let client = client(&url, through(proxy_address, Some(PASS), None)).unwrap();
    assert!(get(&client, &url).await.is_ok());
    assert_eq!(proxy.asked(), [format!("GET {url} HTTP/1.1")]);
    assert_eq!(server.take_requests()[0].target, url);
}

#[tokio::test]
async fn a_proxy_that_wants_other_credentials_is_broken_and_they_are_not_shown() {
    let (_proxy, proxy_address) = Proxy::start(Some("Basic other")).await;
    let file = Authority::new("ours").file();
    let url = "https://127.0.0.1:1/";
    let client_of_tls = client(url, through(proxy_address, Some(PASS), Some(file.path().into()))).unwrap();
    let reason = broken(get(&client_of_tls, url).await);
    assert!(reason.contains("407") && reason.contains("`proxy_authorization`"), "{reason}");
    assert!(
        reason.contains(&format!("through the proxy {proxy_address}")) && !reason.contains("Basic"),
        "{reason}"
    );
    let url = "http://127.0.0.1:1/";
    let answer = get(&client(url, through(proxy_address, None, None)).unwrap(), url).await;
    let report = answer.unwrap_or_else(|report| panic!("{report:?}")).report("it answered 407");
    assert!(matches!(report.outcome, Outcome::Broken { .. }), "{report:?}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_closes_is_a_retry_that_names_it() {
    let file = Authority::new("ours").file();
    let refusing = raw(b"HTTP/1.1 503 Service Unavailable\r\n\r\n", false).await;
    for (proxy, says) in [
        (nobody().await, "Connection refused"),
        (raw(b"", true).await, "unexpected end of file"),
        (refusing, "did not open a connection"),
    ] {
        let url = "https://127.0.0.1:1/";
        let client = client(url, through(proxy, None, Some(file.path().into()))).unwrap();
        let reason = retried(get(&client, url).await);
        assert!(
            reason.contains(&format!("through the proxy {proxy}: ")) && reason.contains(says),
            "{reason}"
        );
    }
}

#[test]
fn other_proxies_are_refused_with_what_to_write() {
    for (proxy, says) in [
        ("", "\"http://proxy:3128\""),
        ("proxy:3128", "\"http://proxy:3128\""),
        ("socks5://proxy", "\"http://proxy:3128\""),
        ("https://proxy:3129", "in the clear"),
        ("http://proxy/path", "no path"),
        ("http://user:canary@proxy", "proxy_authorization = "),
        ("http://169.254.169.254:80", "never connected to"),
    ] {
        let connecting = Connecting { proxy: Some(proxy.to_owned()), ..connecting(None) };
        let (key, message) = refused("http://h", connecting);
        assert!(key == "proxy" && message.contains(says) && !message.contains("canary"), "{message}");
    }
}

#[test]
fn what_a_proxy_knows_us_by_is_a_whole_header_and_needs_a_proxy() {
    let (key, message) = refused("http://h", through("proxy:3128", Some("user:canary"), None));
    assert!(key == "proxy_authorization" && message.contains("Basic"), "{message}");
    assert!(!message.contains("canary"), "{message}");
    let connecting = Connecting { proxy: None, ..through("proxy:3128", Some(PASS), None) };
    assert!(refused("http://h", connecting).1.contains("no proxy"));
}
