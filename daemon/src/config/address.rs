//! Where the daemon listens.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// A TCP address to listen on. Port 0 lets the system choose one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A host name or an address, IPv6 without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// A port of this machine alone.
    pub(super) fn loopback(port: u16) -> Self {
        Self { host: Ipv4Addr::LOCALHOST.to_string(), port }
    }

    /// Reads `host:port`. The error says what the key must be, without the key.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("must be \"host:port\", as in \"127.0.0.1:8480\", found \"{}\"", text.escape_debug());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bracketed {
            Some(address) if matches!(address.parse(), Ok(IpAddr::V6(_))) => address,
            None if !host.is_empty() && host.bytes().all(is_host_byte) => host,
            _ => return Err(wrong()),
        };
        Ok(Self { host: host.to_owned(), port })
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-' || byte == b'_'
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Where the admin listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminListen {
    /// `"host:port"`.
    Tcp(HostPort),
    /// `"unix:/path"`: a socket, whose file mode says who may use it.
    Unix(PathBuf),
}

impl AdminListen {
    /// Reads either form. The error says what the key must be, without the key.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some("") => Err("names no socket: write \"unix:/run/doorman/admin.sock\"".to_owned()),
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
            None => HostPort::parse(text).map(Self::Tcp),
        }
    }
}

impl fmt::Display for AdminListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_back() {
        for text in ["127.0.0.1:8480", "[::1]:0", "doorman.internal:80", "unix:/run/doorman/admin.sock"] {
            assert_eq!(AdminListen::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_form_that_is_expected() {
        for text in ["", "8480", ":8480", "::1:8480", "host:http", "host:65536", "http://host:80", "[x]:1"] {
            let error = HostPort::parse(text).unwrap_err();
            assert!(error.starts_with("must be \"host:port\""), "{text}: {error}");
        }
        assert!(AdminListen::parse("unix:").is_err());
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let is_loopback = |text| HostPort::parse(text).unwrap().is_loopback();
        assert!(is_loopback("127.0.0.1:1") && is_loopback("[::1]:1") && is_loopback("localhost:1"));
        assert!(!is_loopback("0.0.0.0:1") && !is_loopback("[::]:1") && !is_loopback("10.0.0.1:1"));
    }
}
