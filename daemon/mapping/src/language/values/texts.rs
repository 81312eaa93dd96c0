//! `sha256(x)`, `base64(x)` and `url_encode(x)`.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Engine, NativeCallContext};
use sha2::{Digest, Sha256};

use super::plain;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("sha256", |context: NativeCallContext, value: Dynamic| {
        plain(&context, &value).map(|text| hex(&Sha256::digest(text.as_bytes())))
    });
    engine.register_fn("base64", |context: NativeCallContext, value: Dynamic| {
        plain(&context, &value).map(|text| STANDARD.encode(text))
    });
    engine.register_fn("url_encode", |context: NativeCallContext, value: Dynamic| {
        plain(&context, &value).map(|text| percent(&text))
    });
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// All but what RFC 3986, section 2.3, calls unreserved.
fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
