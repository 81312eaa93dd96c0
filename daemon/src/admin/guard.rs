//! Who may ask.
//!
//! Without a token, two things keep web pages that the operator's browser visits away from the listener:
//!
//! - DNS rebinding: a page's own name is pointed at the listener. Such a request names the page's host, so only IP
//!   addresses and `localhost` are taken.
//! - Cross-site posts: a page can send plain forms anywhere. A header of our own and a JSON content type both need
//!   a preflight, which is never granted.

use std::net::IpAddr;

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap};
use hyper::http::uri::Authority;
use hyper::{Request, StatusCode};

use super::Auth;
use super::problem::Problem;

/// Refuses who may not read.
pub fn check_reader<B>(auth: &Auth, request: &Request<B>) -> Result<(), Problem> {
    match auth {
        Auth::None => check_host(request),
        Auth::Token(token) => check_token(token.expose(), request.headers()),
    }
}

/// Refuses who may read but not change anything. Comes after [`check_reader`].
pub fn check_operator(auth: &Auth, headers: &HeaderMap) -> Result<(), Problem> {
    let marked = headers.get("x-doorman-operate").is_some_and(|value| value == "1");
    match auth {
        Auth::Token(_) => Ok(()),
        Auth::None if marked || is_json(headers) => Ok(()),
        Auth::None => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_an_operation",
            "an operation needs the header `Content-Type: application/json` or `X-Doorman-Operate: 1`",
        )),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn check_host<B>(request: &Request<B>) -> Result<(), Problem> {
    let refused = || {
        Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong_host",
            "name this listener by its IP address or `localhost`, or set `[admin] auth = \"token\"`",
        )
    };
    let named = request.uri().authority().into_iter().map(|authority| Some(authority.clone()));
    let headers = request.headers().get_all(HOST).iter();
    let hosts = headers.map(|value| value.to_str().ok().and_then(|host| host.parse::<Authority>().ok()));
    let hosts: Vec<_> = named.chain(hosts).collect();
    let trusted = |host: &Option<Authority>| host.as_ref().is_some_and(is_trusted);
    if hosts.is_empty() || !hosts.iter().all(trusted) {
        return Err(refused());
    }
    Ok(())
}

fn is_trusted(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

fn check_token(token: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).and_then(bearer);
    match given {
        Some(given) if !token.is_empty() && same(given, token.as_bytes()) => Ok(()),
        _ => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "send `Authorization: Bearer <token>` with the token of `[admin] token`",
        )),
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Compares in a time that tells only the lengths apart.
fn same(left: &[u8], right: &[u8]) -> bool {
    let difference =
        left.iter().zip(right).fold(0, |sum, (left, right)| std::hint::black_box(sum | (left ^ right)));
    left.len() == right.len() && difference == 0
}
