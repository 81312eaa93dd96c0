//! The proxy that all requests of a destination go through.

use doorman_plugin::ConfigError;
use doorman_plugin::mask::Secrets;
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;

use crate::headers;
use crate::keys::Connecting;
use crate::url::{Url, UrlError};

/// The key that names it.
const PROXY: &str = "proxy";

/// The key by which it knows us.
const AUTHORIZATION: &str = "proxy_authorization";

/// What says that the environment names it.
const ENVIRONMENT: &str = "environment";

/// A proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Where it is.
    pub uri: Uri,
    /// What says that we may use it.
    pub authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy for requests to `url`, if there is one. What it knows us by is added to `secrets`.
    pub fn read(
        url: &Url,
        connecting: &Connecting,
        secrets: &mut Secrets,
    ) -> Result<Option<Self>, ConfigError> {
        let proxy = match connecting.proxy.as_deref() {
            None => None,
            Some(ENVIRONMENT) => Self::of(&Matcher::from_env(), url)?,
            Some(text) => Some(Self { uri: uri(text)?, authorization: None }),
        };
        let Some(secret) = &connecting.proxy_authorization else {
            let basic = proxy.as_ref().and_then(|proxy| proxy.authorization.as_ref());
            basic.and_then(|basic| basic.to_str().ok()).into_iter().for_each(|basic| secrets.add(basic));
            return Ok(proxy);
        };
        let at_key = |message: &str| ConfigError::at(AUTHORIZATION, message);
        if connecting.proxy.is_none() {
            return Err(at_key("there is no proxy to give it to: leave it out, or name the proxy"));
        }
        if !secret.expose().contains(' ') {
            return Err(at_key(
                "what it refers to is the whole header value: write `Basic <user:password in base64>` there",
            ));
        }
        secrets.add(secret.expose());
        let authorization = headers::value(secret.expose()).map_err(|message| at_key(&message))?;
        Ok(proxy.map(|proxy| Self { authorization: Some(authorization), ..proxy }))
    }

    /// The proxy that the environment names for a URL.
    fn of(environment: &Matcher, url: &Url) -> Result<Option<Self>, ConfigError> {
        let Some(found) = environment.intercept(url.uri()) else { return Ok(None) };
        if found.uri().scheme_str() != Some("http") {
            let message = "the environment names a proxy that is not `http://host:port`: set HTTPS_PROXY and HTTP_PROXY to one that is";
            return Err(ConfigError::at(PROXY, message));
        }
        Ok(Some(Self { uri: found.uri().clone(), authorization: found.basic_auth().cloned() }))
    }

    /// Its host and port.
    pub fn name(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

fn uri(text: &str) -> Result<Uri, ConfigError> {
    let example = "write \"http://proxy:3128\", or \"environment\"";
    let url = Url::read(text).map_err(|error| match error {
        UrlError::Credentials => {
            ConfigError::at(PROXY, format!("{error}, as in {AUTHORIZATION} = \"file:/path\""))
        }
        UrlError::Never(_) => ConfigError::at(PROXY, error.to_string()),
        UrlError::Form | UrlError::Fragment => ConfigError::at(PROXY, format!("not a proxy: {example}")),
    })?;
    if url.is_https() {
        return Err(ConfigError::at(PROXY, format!("proxies are spoken to in the clear: {example}")));
    }
    if url.uri().path() != "/" || url.uri().query().is_some() {
        return Err(ConfigError::at(PROXY, format!("a proxy has no path and no query: {example}")));
    }
    Ok(url.uri().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy that an environment names for a URL, and what it knows us by.
    fn named(url: &str) -> Option<(String, Option<HeaderValue>)> {
        let environment = Matcher::builder()
            .https("http://user:pass@secure:3128")
            .http("plain:3129")
            .no("internal.example, 10.0.0.0/8")
            .build();
        let proxy = Proxy::of(&environment, &Url::read(url).unwrap()).unwrap()?;
        Some((proxy.name().to_owned(), proxy.authorization))
    }

    #[test]
    fn the_environment_names_a_proxy_by_scheme_and_exempts_hosts() {
        let basic = HeaderValue::from_static("Basic dXNlcjpwYXNz");
        assert_eq!(named("https://h"), Some(("secure:3128".to_owned(), Some(basic))));
        assert_eq!(named("http://h"), Some(("plain:3129".to_owned(), None)));
        for url in ["https://internal.example", "https://a.internal.example", "http://10.1.2.3:80"] {
            assert_eq!(named(url), None, "{url}");
        }
    }

    #[test]
    fn a_proxy_of_another_kind_is_refused() {
        for proxy in ["socks5://proxy:1080", "https://proxy:3129"] {
            let environment = Matcher::builder().all(proxy).build();
            let error = Proxy::of(&environment, &Url::read("https://h").unwrap()).err().unwrap();
            assert!(error.key == "proxy" && error.message.contains("http://host:port"), "{error}");
        }
    }
}
