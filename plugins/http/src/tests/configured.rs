//! What a configuration may say.

use doorman_plugin_testing::Authority;

use super::*;
use crate::url::UrlError;

#[test]
fn urls_are_taken_with_and_without_tls() {
    let https = Url::read("https://api.knock.app").unwrap();
    assert!(https.is_https());
    assert_eq!(https.authority().as_str(), "api.knock.app");
    assert_eq!(https.with_path("/v1/a%2Fb").unwrap(), "https://api.knock.app/v1/a%2Fb");
    assert!(!Url::read("http://[::1]:9000/hook?a=1").unwrap().is_https());
}

#[test]
fn other_urls_are_refused_and_never_repeated() {
    let wrong = [
        "",
        "canary",
        "/canary",
        "h:80",
        "ftp://h/canary",
        "http://",
        "http:///canary",
        "http://:80/canary",
        "http://h:/canary",
        "https://h:99999/canary",
        "http://h:0/canary",
        "http://h/can ary",
    ];
    for url in wrong {
        assert_eq!(Url::read(url), Err(UrlError::Form), "{url}");
    }
    assert_eq!(Url::read("http://h/#canary"), Err(UrlError::Fragment));
    for url in ["http://canary@h/", "https://u:canary@h/"] {
        assert_eq!(Url::read(url), Err(UrlError::Credentials), "{url}");
    }
}

/// What is wrong with a file as a `ca_file`; the file is named.
fn refused_file(text: &str) -> String {
    let file = file(text);
    let (key, message) = refused("https://h", connecting(Some(file.path().into())));
    assert!(key == "ca_file" && message.contains(&*file.path().to_string_lossy()), "{key}: {message}");
    message
}

#[test]
fn a_ca_file_must_hold_certificates() {
    assert!(refused_file("").contains("BEGIN CERTIFICATE"));
    assert!(refused_file("just words").contains("BEGIN CERTIFICATE"));
    let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(refused_file(odd).contains("certificate 1"));
    assert!(refused_file(&format!("{}{odd}", Authority::new("ours").pem())).contains("certificate 2"));
    assert!(refused_file("-----BEGIN CERTIFICATE-----\nAAAA\n").contains("is not PEM"));
}

#[test]
fn a_ca_file_must_be_there_and_be_named_in_full_and_be_of_use() {
    let (key, message) = refused("https://h", connecting(Some("/no/such/file".into())));
    assert!(key == "ca_file" && message.contains("/no/such/file"), "{message}");
    assert!(refused("https://h", connecting(Some("ca.pem".into()))).1.contains("full path"));
    assert!(refused("http://h", connecting(Some("/etc/ca.pem".into()))).1.contains("http://"));
}

#[test]
fn several_certificates_in_one_file_are_taken() {
    let file = file(&format!("{}\n{}", Authority::new("ours").pem(), Authority::new("ours").pem()));
    assert!(client("https://h", connecting(Some(file.path().into()))).is_ok());
}

#[test]
fn no_connection_opens_in_no_time() {
    let connecting = Connecting { connect_timeout: Duration::ZERO, ..connecting(None) };
    assert_eq!(refused("http://h", connecting).0, "connect_timeout");
}

#[test]
fn addresses_that_nobody_can_want_are_refused_as_hosts() {
    for (url, what) in [
        ("http://169.254.169.254/latest", "a cloud's metadata service"),
        ("http://[fd00:ec2::254]/", "a cloud's metadata service"),
        ("http://[::ffff:169.254.169.254]/", "a cloud's metadata service"),
        ("https://169.254.1.1", "a link-local address"),
        ("http://[fe80::1]:80/", "a link-local address"),
        ("http://0.0.0.0:9000/", "the unspecified address"),
        ("http://224.0.0.1/", "a multicast address"),
        ("http://255.255.255.255/", "the broadcast address"),
    ] {
        assert_eq!(Url::read(url), Err(UrlError::Never(what)), "{url}");
    }
    for url in
        ["http://127.0.0.1/", "http://[::1]/", "http://10.0.0.1/", "http://[fd12::1]/", "http://1.1.1.1/"]
    {
        assert!(Url::read(url).is_ok(), "{url}: the operator's word");
    }
}
