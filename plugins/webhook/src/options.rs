//! The options of a `send`: how this one request differs from what is configured.
//!
//! ```json
//! {"method": "PUT", "path": "/orders/A-1", "query": {"notify": true}, "headers": {"X-Team": "a"}}
//! ```
//!
//! Their values may hold secrets: no message repeats one.

use std::collections::BTreeMap;

use doorman_plugin_http::{Url, headers, percent};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName};
use serde_json::value::RawValue;

use crate::config;

/// The methods that may be asked for.
const METHODS: [Method; 5] = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::GET];

/// How much of a name is shown.
const NAME_CHARS: usize = 64;

/// How a request is to be made.
#[derive(Debug)]
pub struct Options {
    /// Its method.
    pub method: Method,
    /// Where it goes instead of to the configured URL.
    pub url: Option<Url>,
    /// What comes behind the configured path, as it is written.
    pub path: Option<String>,
    /// What comes behind the configured query, in the order of the names.
    pub query: Vec<(String, String)>,
    /// Headers beside the configured ones.
    pub headers: HeaderMap,
}

impl Default for Options {
    fn default() -> Self {
        Self { method: Method::POST, url: None, path: None, query: Vec::new(), headers: HeaderMap::new() }
    }
}

/// Options that no request can be made of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadOptions {
    /// They are not a map.
    #[error("the options are not a map: write #{{ path: \"/orders\" }}, say")]
    Shape,
    /// There is no such option.
    #[error("a webhook has no option `{0}`: it takes `headers`, `method`, `path`, `query` and `url`")]
    Unknown(String),
    /// It cannot be what it is.
    #[error("the option `{at}`: {message}")]
    Value {
        /// Its name, with the header's or the parameter's behind it.
        at: String,
        /// What is wrong, and what would be right.
        message: String,
    },
}

impl BadOptions {
    /// An error at an option.
    pub fn at(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Value { at: at.into(), message: message.into() }
    }
}

impl Options {
    /// Reads and checks what a script gave. It cannot replace the headers that are `configured`.
    pub fn read(options: &RawValue, configured: &[HeaderName]) -> Result<Self, BadOptions> {
        let mut read = Self::default();
        for (name, value) in map(options).ok_or(BadOptions::Shape)? {
            match name.as_str() {
                "url" => read.url = Some(url(value)?),
                "method" => read.method = method(value)?,
                "path" => read.path = Some(path(value)?),
                "query" => read.query = query(value)?,
                "headers" => read.headers = headers(value, configured)?,
                unknown => return Err(BadOptions::Unknown(shown(unknown))),
            }
        }
        Ok(read)
    }
}

fn method(value: &RawValue) -> Result<Method, BadOptions> {
    let name = text(value).unwrap_or_default();
    METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
        let message = "it is \"POST\", \"PUT\", \"PATCH\", \"DELETE\" or \"GET\", in capitals";
        BadOptions::at("method", message)
    })
}

/// A URL in no form that two readers could understand differently.
fn url(value: &RawValue) -> Result<Url, BadOptions> {
    let text = text(value).unwrap_or_default();
    if text.contains('\\') {
        return Err(BadOptions::at("url", "it has a backslash, which no URL has: percent-encode it"));
    }
    Url::read(&text).map_err(|error| BadOptions::at("url", error.to_string()))
}

fn path(value: &RawValue) -> Result<String, BadOptions> {
    let path = text(value).ok_or_else(|| BadOptions::at("path", "it is a text: write \"/orders/1\", say"))?;
    if percent::leads_elsewhere(&path) {
        let message = "`.` and `..` lead to other places than behind the configured URL: leave them out, also encoded ones";
        return Err(BadOptions::at("path", message));
    }
    Ok(path)
}

fn query(value: &RawValue) -> Result<Vec<(String, String)>, BadOptions> {
    let example = "it is a map of texts, numbers, true and false: write #{ page: 2 }, say";
    let parameters = map(value).ok_or_else(|| BadOptions::at("query", example))?;
    let parameters = parameters.into_iter().map(|(name, value)| match scalar(value) {
        Some(value) => Ok((name, value)),
        None => {
            let message = "it is a text, a number, true or false: join a list, leave out what is null";
            Err(BadOptions::at(format!("query.{}", shown(&name)), message))
        }
    });
    parameters.collect()
}

fn headers(value: &RawValue, configured: &[HeaderName]) -> Result<HeaderMap, BadOptions> {
    let example = "it is a map of texts: write #{ \"X-Team\": \"a\" }, say";
    let all = map(value).ok_or_else(|| BadOptions::at("headers", example))?;
    let mut headers = HeaderMap::new();
    for (name, value) in all {
        let refused = |message: String| BadOptions::at(format!("headers.{}", shown(&name)), message);
        let header = header_name(&name, configured).map_err(refused)?;
        let value = text(value).ok_or_else(|| refused("its value is a text: write `${x}`".to_owned()))?;
        if headers.insert(header, headers::value(&value).map_err(refused)?).is_some() {
            return Err(refused("it is there twice (upper and lower case are the same)".to_owned()));
        }
    }
    Ok(headers)
}

fn header_name(name: &str, configured: &[HeaderName]) -> Result<HeaderName, String> {
    let header = config::read_header_name(name)?;
    if config::is_of_the_connection(&header) {
        return Err("it says where the request goes, which a script cannot change: leave it out".to_owned());
    }
    if configured.contains(&header) {
        return Err("the destination's configuration sets it: leave it out here, or there".to_owned());
    }
    Ok(header)
}

fn map(value: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(value.get()).ok()
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A text, a number or a truth value as it is in a query; numbers as they are written.
fn scalar(value: &RawValue) -> Option<String> {
    let json = value.get();
    match json.as_bytes().first()? {
        b'"' => text(value),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

/// A name, which may come from an event, in a message.
fn shown(name: &str) -> String {
    name.escape_debug().take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests;
