//! URLs of destinations.

use hyper::Uri;
use hyper::http;
use hyper::http::uri::{Authority, Scheme};

use crate::address;

/// An `http://` or `https://` URL without user, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
    authority: Authority,
}

/// A text that is not such a URL. It is not repeated: it may hold a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UrlError {
    /// It has another form.
    #[error("not a URL: write \"https://host/path\" or \"http://host:port/path\"")]
    Form,
    /// It has a fragment.
    #[error("a URL's fragment (`#...`) is never sent: leave it out")]
    Fragment,
    /// It has a user or a password.
    #[error("no user or password in a URL: give them by reference")]
    Credentials,
    /// Its host is an address that nothing connects to.
    #[error("its host is {0}, which is never connected to")]
    Never(&'static str),
}

impl Url {
    /// Reads one.
    pub fn read(text: &str) -> Result<Self, UrlError> {
        if text.contains('#') {
            return Err(UrlError::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| UrlError::Form)?;
        if ![Scheme::HTTP, Scheme::HTTPS].iter().any(|scheme| uri.scheme() == Some(scheme)) {
            return Err(UrlError::Form);
        }
        let authority = uri.authority().cloned().ok_or(UrlError::Form)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Credentials);
        }
        let port = authority.as_str().strip_prefix(authority.host()).and_then(|rest| rest.strip_prefix(':'));
        // No sign before it: that parses, too.
        let is_port = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_digit()) && matches!(text.parse::<u16>(), Ok(1..))
        };
        if authority.host().is_empty() || port.is_some_and(|port| !is_port(port)) {
            return Err(UrlError::Form);
        }
        if let Some(what) = address::literal(authority.host()).and_then(address::never) {
            return Err(UrlError::Never(what));
        }
        Ok(Self { uri, authority })
    }

    /// For requests.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Its host, and its port if it names one.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether connections to it are behind TLS.
    pub fn is_https(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// The same host with another path, which begins with a slash.
    pub fn with_path(&self, path: &str) -> Result<Uri, http::Error> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse()?);
        Ok(Uri::from_parts(parts)?)
    }
}
