//! `sha256(x)`, `base64(x)` and `url_encode(x)`.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext};
use sha2::{Digest, Sha256};

use super::plain;
use crate::budget;

pub(super) fn register(engine: &mut Engine) {
    encoding(engine, "sha256", 1, |text| hex(&Sha256::digest(text.as_bytes())));
    encoding(engine, "base64", 2, |text| STANDARD.encode(text));
    encoding(engine, "url_encode", 3, percent);
}

/// A function of a text that works through at most `grows` bytes for each byte of it.
fn encoding(engine: &mut Engine, name: &str, grows: usize, encode: fn(&str) -> String) {
    engine.register_fn(name, move |context: NativeCallContext, value: Dynamic| {
        let text = plain(&context, &value)?;
        budget::charge(&context, text.len().saturating_mul(grows))?;
        Ok::<String, Box<EvalAltResult>>(encode(&text))
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
