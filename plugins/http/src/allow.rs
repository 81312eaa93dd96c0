//! The hosts that scripts and events may name: a destination's list `allow`.
//!
//! ```toml
//! allow = ["*.example.com", "hooks.example.org:8443", "10.0.0.0/8:*", "http://printer.internal"]
//! ```

use std::net::IpAddr;

use ipnet::IpNet;

use crate::address;
use crate::url::Url;

/// The key.
const ALLOW: &str = "allow";

/// The longest name that DNS has.
const LONGEST_NAME: usize = 253;

/// The list.
#[derive(Debug)]
pub struct Allow {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// It is for connections in the clear, not for those behind TLS.
    in_the_clear: bool,
    hosts: Hosts,
    ports: Ports,
}

#[derive(Debug, PartialEq, Eq)]
enum Hosts {
    /// This one, in lower case.
    Name(String),
    /// All whose names end like this, which begins with a full stop.
    Under(String),
    /// All addresses in it, and all that allowed names may lead to.
    Network(IpNet),
}

#[derive(Debug)]
enum Ports {
    /// The scheme's own.
    Usual,
    One(u16),
    Any,
}

/// A URL that the list does not allow. It is not repeated: it may hold a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAllowed {
    /// Its host is neither a name nor an address as the list has them.
    #[error(
        "its host is neither a name (\"hooks.example.com\", ASCII, no full stop behind it) nor an address (\"10.0.0.1\", \"[fd00::1]\")"
    )]
    Host,
    /// No entry has its host.
    #[error("the destination's `allow` has no entry for its host")]
    NotListed,
    /// An entry has its host, but for another port.
    #[error(
        "the destination's `allow` has its host with other ports: an entry with \":8443\" or \":*\" behind it allows more"
    )]
    Port,
    /// An entry has its host, but only for the other scheme.
    #[error(
        "the destination's `allow` has its host for the other scheme: entries are for https, those that begin with \"http://\" for http"
    )]
    Scheme,
}

impl Allow {
    /// Reads the list; `None` if it is empty. The error names the entry that is wrong.
    pub fn read(entries: &[String]) -> Result<Option<Self>, doorman_plugin::ConfigError> {
        let read = entries.iter().enumerate().map(|(index, text)| {
            Entry::read(text)
                .map_err(|message| doorman_plugin::ConfigError::at(format!("{ALLOW}[{index}]"), message))
        });
        let entries = read.collect::<Result<Vec<_>, _>>()?;
        Ok((!entries.is_empty()).then_some(Self { entries }))
    }

    /// Whether the host, the port and the scheme are on the list. What a name leads to is checked when it is connected to:
    /// see [`Allow::has_address`].
    pub fn check(&self, url: &Url) -> Result<(), NotAllowed> {
        let host = Host::read(url.authority().host()).ok_or(NotAllowed::Host)?;
        let of_host: Vec<_> = self.entries.iter().filter(|entry| entry.hosts.have(&host)).collect();
        if of_host.is_empty() {
            return Err(NotAllowed::NotListed);
        }
        let of_scheme: Vec<_> =
            of_host.into_iter().filter(|entry| entry.in_the_clear != url.is_https()).collect();
        if of_scheme.is_empty() {
            return Err(NotAllowed::Scheme);
        }
        let port = url.authority().port_u16();
        let has_port = of_scheme.into_iter().any(|entry| entry.ports.have(port, url.is_https()));
        if has_port { Ok(()) } else { Err(NotAllowed::Port) }
    }

    /// Whether an allowed name may lead to this address, or an allowed URL name it: it is public, or in a network on the
    /// list.
    pub fn has_address(&self, address: IpAddr) -> bool {
        let host = Host::Address(address);
        address::is_public(address) || self.entries.iter().any(|entry| entry.hosts.have(&host))
    }
}

/// A URL's host.
enum Host {
    /// In lower case.
    Name(String),
    Address(IpAddr),
}

impl Host {
    /// `None` for what is neither, also for what a resolver would take for an address: `2130706433`, `0x7f.1`.
    fn read(text: &str) -> Option<Self> {
        if let Some(address) = address::literal(text) {
            return Some(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        is_name(&name).then_some(Self::Name(name))
    }
}

/// Whether it is a name of letters, digits, `-` and `_`, whose last part no resolver takes for a number.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    text.len() <= LONGEST_NAME && text.split('.').all(is_label) && !is_number
}

impl Hosts {
    fn read(text: &str) -> Option<Self> {
        if let Some(network) = network(text) {
            return Some(Self::Network(network));
        }
        let name = text.to_ascii_lowercase();
        if let Some(parent) = name.strip_prefix("*.") {
            return is_name(parent).then(|| Self::Under(format!(".{parent}")));
        }
        is_name(&name).then_some(Self::Name(name))
    }

    fn have(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Name(name), Host::Name(host)) => name == host,
            (Self::Under(end), Host::Name(host)) => host.len() > end.len() && host.ends_with(end),
            (Self::Network(network), Host::Address(address)) => {
                network.contains(address) || network.contains(&address::meant(*address))
            }
            _ => false,
        }
    }
}

/// `10.0.0.0/8`, `10.0.0.1`, `fd00::/8` or `[fd00::/8]`.
fn network(text: &str) -> Option<IpNet> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| bare.parse().ok().map(|address: IpAddr| address.into()))
}

impl Ports {
    fn have(&self, port: Option<u16>, https: bool) -> bool {
        let usual = if https { 443 } else { 80 };
        match self {
            Self::Usual => port.unwrap_or(usual) == usual,
            Self::One(one) => port.unwrap_or(usual) == *one,
            Self::Any => true,
        }
    }
}

impl Entry {
    fn read(text: &str) -> Result<Self, String> {
        let (in_the_clear, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            (None, None) => (false, text),
        };
        let (hosts, ports) = match Hosts::read(rest) {
            Some(hosts) => (hosts, Ports::Usual),
            None => with_port(rest).ok_or_else(|| {
                "not a host: write a name (\"hooks.example.com\", \"*.example.com\"), an address or a network \
                 (\"10.0.0.0/8\"), with a port (\":8443\", \":*\") behind it if it is not the usual one"
                    .to_owned()
            })?,
        };
        if let Hosts::Network(network) = &hosts
            && network.prefix_len() > 0
            && let Some(never) = address::never(network.network())
        {
            return Err(format!("{never} is never connected to: leave it out"));
        }
        Ok(Self { in_the_clear, hosts, ports })
    }
}

fn with_port(text: &str) -> Option<(Hosts, Ports)> {
    let (hosts, port) = text.rsplit_once(':')?;
    let ports = match port {
        "*" => Ports::Any,
        _ => Ports::One(port.parse().ok().filter(|port| *port > 0)?),
    };
    // Without brackets the port of an IPv6 network could be a part of it.
    let hosts = Hosts::read(hosts).filter(|_| hosts.starts_with('[') || !hosts.contains(':'))?;
    Some((hosts, ports))
}

#[cfg(test)]
mod tests;
