use super::*;

fn allow(entries: &[&str]) -> Allow {
    let entries: Vec<_> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    Allow::read(&entries).unwrap().unwrap()
}

/// What is said of a URL: `None` if it is no URL at all.
fn said(entries: &[&str], url: &str) -> Option<Result<(), NotAllowed>> {
    Url::read(url).ok().map(|url| allow(entries).check(&url))
}

#[test]
fn names_are_allowed_by_themselves_or_by_what_they_end_with() {
    let entries = ["hooks.example.com", "*.Example.ORG"];
    for url in [
        "https://hooks.example.com",
        "https://HOOKS.example.COM/x?y=1",
        "https://hooks.example.com:443/",
        "https://a.example.org",
        "https://a.b.example.org",
        "https://xn--bcher-kva.example.org",
        "https://a_b.example.org",
    ] {
        assert_eq!(said(&entries, url), Some(Ok(())), "{url}");
    }
    for url in [
        "https://example.com",
        "https://xhooks.example.com",
        "https://a.hooks.example.com",
        "https://example.org",
        "https://badexample.org",
        "https://example.org.evil.com",
        "https://evil.com/hooks.example.com",
        "https://evil.com?x.example.org",
        "https://10.0.0.1",
        "https://[::1]",
    ] {
        assert_eq!(said(&entries, url), Some(Err(NotAllowed::NotListed)), "{url}");
    }
}

#[test]
fn hosts_in_tricky_forms_are_no_hosts() {
    // With everything allowed that can be.
    let entries = ["*.example.com", "0.0.0.0/0", "::/0", "localhost"];
    for url in [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://127.0.0.01/",
        "https://1.example.com.127/",
        "https://a.example.com./",
        "https://a..example.com/",
        "https://.example.com/",
        "https://%61.example.com/",
        "https://a.example.com%2eevil.com/",
        "https://a.example.com;evil.com/",
        "https://a!.example.com/",
        "https://[::1%25lo]/",
        "https://[v1.x]/",
        "https://[127.0.0.1.]/",
    ] {
        assert!(
            matches!(said(&entries, url), None | Some(Err(NotAllowed::Host))),
            "{url}: {:?}",
            said(&entries, url)
        );
    }
    for url in [
        "",
        "https://",
        "https:///x",
        "https://:443/",
        "https://a.example.com:0/",
        "https://a.example.com:/",
        "https://a.example.com:99999/",
        "https://a.example.com:+443/",
        "https://user@a.example.com/",
        "https://a.example.com@evil.com/",
        "https://a.example.com:443@evil.com/",
        "https://evil.com\\@a.example.com/",
        "https://evil.com\\.example.com/",
        "https://a.example.com\t/",
        "https://a.example.com\n.evil.com/",
        "https://b\u{fc}cher.example.com/",
        "https://a\u{3002}example.com/",
        "https://\u{2488}example.com/",
        "//a.example.com/",
        "a.example.com",
        "ftp://a.example.com/",
        "file:///etc/passwd",
        "gopher://a.example.com/",
        "javascript:alert(1)",
        "https:a.example.com",
        "https:/a.example.com",
        " https://a.example.com",
        "https://a.example.com/#x",
    ] {
        assert_eq!(said(&entries, url), None, "{url:?}");
    }
}

#[test]
fn addresses_are_allowed_by_networks_in_every_form() {
    let entries = ["10.0.0.0/8", "192.168.7.1", "[fd00::/8]:9000"];
    for (url, expected) in [
        ("https://10.1.2.3/", Ok(())),
        ("https://[::ffff:10.1.2.3]/", Ok(())),
        ("https://[::ffff:a01:203]/", Ok(())),
        ("https://[64:ff9b::a01:203]/", Ok(())),
        ("https://192.168.7.1/", Ok(())),
        ("https://[fd00::1]:9000/", Ok(())),
        ("https://[fd00::1]/", Err(NotAllowed::Port)),
        ("https://192.168.7.2/", Err(NotAllowed::NotListed)),
        ("https://127.0.0.1/", Err(NotAllowed::NotListed)),
        ("https://[::ffff:127.0.0.1]/", Err(NotAllowed::NotListed)),
        ("https://[::1]/", Err(NotAllowed::NotListed)),
    ] {
        assert_eq!(said(&entries, url), Some(expected), "{url}");
    }
}

#[test]
fn an_entry_is_for_one_scheme_and_its_usual_port_unless_it_says_more() {
    let entries = ["a.example", "b.example:8443", "c.example:*", "http://d.example", "http://e.example:8080"];
    for (url, expected) in [
        ("https://a.example:443", Ok(())),
        ("https://a.example:8443", Err(NotAllowed::Port)),
        ("http://a.example", Err(NotAllowed::Scheme)),
        ("http://a.example:443", Err(NotAllowed::Scheme)),
        ("https://b.example:8443", Ok(())),
        ("https://b.example", Err(NotAllowed::Port)),
        ("https://c.example:1", Ok(())),
        ("http://d.example", Ok(())),
        ("http://d.example:80", Ok(())),
        ("http://d.example:443", Err(NotAllowed::Port)),
        ("https://d.example", Err(NotAllowed::Scheme)),
        ("http://e.example:8080", Ok(())),
    ] {
        assert_eq!(said(&entries, url), Some(expected), "{url}");
    }
}

#[test]
fn names_lead_to_public_addresses_and_to_networks_on_the_list() {
    let allow = allow(&["*.example.com", "10.0.0.0/8:9000"]);
    let has = |address: &str| allow.has_address(address.parse().unwrap());
    assert!(has("1.1.1.1") && has("2606:4700::1"));
    assert!(has("10.1.2.3") && has("::ffff:10.1.2.3"), "whatever the port: the name's entry has said it");
    for address in ["127.0.0.1", "::1", "192.168.0.1", "::ffff:192.168.0.1", "fd00::1", "169.254.169.254"] {
        assert!(!has(address), "{address}");
    }
}

#[test]
fn entries_that_are_no_hosts_are_refused_with_what_to_write() {
    for entry in [
        "",
        "*",
        "*.",
        "a.*.com",
        "*a.com",
        "https://",
        "ftp://a.com",
        "a.com/path",
        "a.com:",
        "a.com:0",
        "a.com:99999",
        "a.com.",
        "user@a.com",
        "2130706433",
        "0x7f000001",
        "127.1",
        "10.0.0.0/33",
        "b\u{fc}cher.de",
        "fd00::/8:9000",
        "[a.com]",
    ] {
        let error = Allow::read(&["ok.example".to_owned(), entry.to_owned()]).unwrap_err();
        assert_eq!(error.key, "allow[1]", "{entry}");
        assert!(error.message.contains("\"*.example.com\""), "{entry}: {error}");
    }
}

#[test]
fn networks_that_are_never_connected_to_are_refused() {
    for entry in
        ["169.254.0.0/16", "169.254.169.254", "fe80::/10", "[fd00:ec2::254]:80", "224.0.0.0/4", "0.0.0.0"]
    {
        let error = Allow::read(&[entry.to_owned()]).unwrap_err();
        assert!(error.key == "allow[0]" && error.message.contains("never connected to"), "{entry}: {error}");
    }
    assert!(Allow::read(&[]).unwrap().is_none());
}
