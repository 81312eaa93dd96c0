//! `[server]` and `[admin]`: the two listeners.

use std::time::Duration;

use super::address::{AdminListen, HostPort};
use super::masking::is_reference;
use super::problem::Problem;
use super::section::Section;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// `[server]`: where events come in.
pub struct Server {
    /// Where it listens.
    pub listen: HostPort,
    /// What printed URLs begin with, without a slash at the end; `None`: `http://` and the address that it
    /// listens on.
    pub public_url: Option<String>,
    /// The largest body of one request.
    pub max_body_bytes: usize,
    /// The largest sum of all bodies that are being read.
    pub max_in_flight_bytes: usize,
    /// How many connections may be open.
    pub max_connections: usize,
    /// How long a request's head may take.
    pub header_timeout: Duration,
    /// How long its body may take.
    pub body_timeout: Duration,
    /// How long requests under way may take once the daemon is told to stop.
    pub drain_timeout: Duration,
}

impl Server {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let server = Self {
            listen: section.parsed("listen", HostPort::parse).unwrap_or_else(|| HostPort::loopback(8_480)),
            public_url: section.parsed("public_url", parse_public_url),
            max_body_bytes: section.whole("max_body_bytes", 4_194_304, 1..=268_435_456),
            max_in_flight_bytes: section.whole("max_in_flight_bytes", 134_217_728, 1..=1 << 40),
            max_connections: section.whole("max_connections", 10_000, 1..=1_000_000),
            header_timeout: section.duration("header_timeout", Duration::from_secs(10), MILLISECOND..=HOUR),
            body_timeout: section.duration("body_timeout", Duration::from_secs(15), MILLISECOND..=HOUR),
            drain_timeout: section.duration("drain_timeout", Duration::from_secs(20), Duration::ZERO..=HOUR),
        };
        if server.max_in_flight_bytes < server.max_body_bytes {
            let message = "`server.max_in_flight_bytes` must be at least `server.max_body_bytes`: \
                           the largest body could never be read";
            section.problems().add(section.place_of("max_in_flight_bytes"), message);
        }
        section.finish();
        server
    }

    /// What printed URLs begin with when the daemon listens on the configured address.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}

fn parse_public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['?', '#', '@']);
    if host.is_empty() || host.starts_with('/') || !is_plain {
        let example = "as in \"https://doorman.example.com\"";
        return Err(format!("must be an http or https URL without user, query and fragment, {example}"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// `[admin]`: where operators and their tools come in.
pub struct Admin {
    /// Where it listens.
    pub listen: AdminListen,
    /// Who may use it.
    pub auth: AdminAuth,
}

/// Who may use the admin listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAuth {
    /// Those who know the token behind this reference (see [`doorman_plugin::Secret::resolve`]).
    Token(String),
    /// All who can reach it.
    None,
}

const AUTH: [(&str, bool); 2] = [("token", true), ("none", false)];

impl Admin {
    pub(super) fn read(mut section: Section<'_>, server: &Server) -> Self {
        let listen = match section.parsed("listen", AdminListen::parse) {
            Some(AdminListen::Unix(path)) => AdminListen::Unix(section.resolve(&path)),
            Some(tcp) => tcp,
            None => AdminListen::Tcp(HostPort::loopback(8_481)),
        };
        let with_token = section.choice("auth", &AUTH, matches!(listen, AdminListen::Tcp(_)));
        let token = read_token(&mut section);
        if with_token && !section.has("token") {
            let what = "name where the token is, as in token = \"file:/etc/doorman/admin-token\" \
                        (or \"env:NAME\", or \"credential:name\")";
            section.lacks("token", what);
        }
        if let AdminListen::Tcp(address) = &listen {
            if !with_token && !address.is_loopback() {
                let message = "`admin.auth` may be \"none\" only on a loopback address or a unix socket: \
                               anybody who reaches it could read every event";
                section.problems().add(section.place_of("auth"), message);
            }
            if address == &server.listen && address.port != 0 {
                let message =
                    format!("`admin.listen` and `server.listen` are both {address}: give each its own port");
                section.problems().add(section.place_of("listen"), message);
            }
        }
        section.finish();
        let auth = if with_token { AdminAuth::Token(token.unwrap_or_default()) } else { AdminAuth::None };
        Self { listen, auth }
    }
}

fn read_token(section: &mut Section<'_>) -> Option<String> {
    let text = section.text("token")?;
    if is_reference(&text.value) {
        return Some(text.value);
    }
    let message =
        "`admin.token` is given by reference: write \"env:NAME\", \"file:/path\" or \"credential:name\"";
    section.problems().extend([Problem { masked: true, ..Problem::new(text.place, message) }]);
    None
}
