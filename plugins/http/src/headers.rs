//! Headers of requests.

use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use crate::url::Url;

/// The header that stays the same over all attempts of a delivery.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A value that no `Debug` output shows. The message does not repeat it.
pub fn value(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "its value holds characters that no header can: use printable ASCII".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Adds what every request with a JSON body has, unless it is there already. The idempotency key is an empty one, whose
/// place is then in the map.
pub fn add_standard(headers: &mut HeaderMap, url: &Url) -> Result<(), String> {
    let host = HeaderValue::from_str(url.authority().as_str())
        .map_err(|_| "its host holds characters that no header can".to_owned())?;
    headers.entry(HOST).or_insert(host);
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    let agent = HeaderValue::from_static(concat!("doorman/", env!("CARGO_PKG_VERSION")));
    headers.entry(USER_AGENT).or_insert(agent);
    headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static(""));
    Ok(())
}
