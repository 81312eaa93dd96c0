//! Signatures as [Standard Webhooks](https://www.standardwebhooks.com) has them: three headers, by which a receiver knows
//! who sent a request, what, and when.
//!
//! ```text
//! webhook-id: 01937b2e-0000-7000-8000-000000000001_1
//! webhook-timestamp: 1614265330
//! webhook-signature: v1,<base64> v1,<base64>
//! ```
//!
//! Each secret signs `<id>.<timestamp>.<body>` with HMAC-SHA256, so that a receiver may know either of two while they change.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use doorman_plugin::{ConfigError, DeliveryId, Secret};
use hmac::{Hmac, Mac};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Unexpected, Visitor};
use sha2::Sha256;

/// The same over all attempts of a delivery.
pub const ID: &str = "webhook-id";

/// When the attempt was made, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";

/// One signature for each secret.
pub const SIGNATURE: &str = "webhook-signature";

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// How many bytes a secret may have.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Receivers try only so many signatures.
const MOST_SECRETS: usize = 5;

/// The usual alphabet; the padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Signs requests with each of its secrets.
#[derive(Default)]
pub struct Signer {
    keys: Vec<Hmac<Sha256>>,
}

impl Signer {
    /// Reads the secrets of the key `signing_secrets`. The error says which is wrong, and repeats none.
    pub fn read(secrets: &[Secret]) -> Result<Self, ConfigError> {
        if secrets.len() > MOST_SECRETS {
            let message =
                format!("receivers try {MOST_SECRETS} signatures at most: leave out the oldest secrets");
            return Err(ConfigError::at("signing_secrets", message));
        }
        let keys = secrets.iter().enumerate().map(|(index, secret)| {
            key(secret.expose())
                .map_err(|message| ConfigError::at(format!("signing_secrets[{index}]"), message))
        });
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }

    /// Adds the three headers for a request that is made now, if there is a secret to sign with.
    pub fn sign(&self, headers: &mut HeaderMap, id: DeliveryId, body: &[u8]) {
        if self.keys.is_empty() {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // The parts of what is signed have no full stops of their own.
        let id = format!("{}_{}", id.event, id.number);
        let signatures = self.signatures(&id, now, body);
        for (name, value) in [(ID, id), (TIMESTAMP, now.to_string()), (SIGNATURE, signatures)] {
            let value = HeaderValue::from_str(&value).expect("digits, base64 and a UUID are header values");
            headers.insert(HeaderName::from_static(name), value);
        }
    }

    fn signatures(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let of = |key: &Hmac<Sha256>| {
            let mut mac = key.clone();
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        self.keys.iter().map(of).collect::<Vec<_>>().join(" ")
    }
}

/// Reads a list of references. What is none is not repeated: it may be a secret itself.
pub fn read_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    deserializer.deserialize_any(References)
}

struct References;

impl<'de> Visitor<'de> for References {
    type Value = Vec<Secret>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of references to secrets: [\"file:/path\"]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<Secret>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Vec<Secret>, E> {
        Err(E::invalid_type(Unexpected::Other("a text"), &self))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Vec<Secret>, E> {
        Err(E::invalid_type(Unexpected::Other("a number"), &self))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Vec<Secret>, E> {
        Err(E::invalid_type(Unexpected::Other("a number"), &self))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Vec<Secret>, E> {
        Err(E::invalid_type(Unexpected::Other("a number"), &self))
    }
}

/// A secret with and without what it begins with: the forms in which it must not be seen.
pub fn both_forms(secret: &Secret) -> impl Iterator<Item = &str> {
    [Some(secret.expose()), secret.expose().strip_prefix(PREFIX)].into_iter().flatten()
}

/// The messages do not repeat the secret.
fn key(secret: &str) -> Result<Hmac<Sha256>, String> {
    let make = "make one with: echo \"whsec_$(openssl rand -base64 32)\"";
    let encoded = secret.strip_prefix(PREFIX).ok_or_else(|| {
        format!(
            "what it refers to does not begin with `{PREFIX}`: give it as its receiver shows it, or {make}"
        )
    })?;
    let bytes = BASE64.decode(encoded).map_err(|_| {
        format!("what it refers to is not base64 behind `{PREFIX}`: copy it again, or {make}")
    })?;
    if !SECRET_BYTES.contains(&bytes.len()) {
        let (least, most) = SECRET_BYTES.into_inner();
        return Err(format!("what it refers to has {} bytes, not {least} to {most}: {make}", bytes.len()));
    }
    Hmac::new_from_slice(&bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Secret::resolve(&format!("file:{}", file.path().display())).unwrap()
    }

    fn of_bytes(count: usize) -> String {
        format!("{PREFIX}{}", STANDARD.encode(vec![7; count]))
    }

    fn refused(secrets: &[&str]) -> (String, String) {
        let secrets: Vec<_> = secrets.iter().map(|text| secret(text)).collect();
        let error = Signer::read(&secrets).err().expect("refused");
        (error.key, error.message)
    }

    #[test]
    fn the_reference_vector_of_standard_webhooks_holds() {
        let signer = Signer::read(&[secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")]).unwrap();
        let signed =
            signer.signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_of_24_to_64_bytes_are_taken_with_and_without_padding() {
        for text in [of_bytes(24), of_bytes(25), of_bytes(64), of_bytes(25).trim_end_matches('=').to_owned()]
        {
            assert!(Signer::read(&[secret(&text)]).is_ok(), "{text}");
        }
    }

    #[test]
    fn other_secrets_are_refused_with_what_to_do_and_not_repeated() {
        let good = of_bytes(32);
        for (wrong, says) in [
            ("canary", "does not begin with `whsec_`"),
            ("", "does not begin with `whsec_`"),
            ("whsec_canary!", "not base64"),
            ("whsec_", "has 0 bytes"),
            (&of_bytes(23), "has 23 bytes, not 24 to 64"),
            (&of_bytes(65), "has 65 bytes"),
        ] {
            let (key, message) = refused(&[&good, wrong]);
            assert_eq!(key, "signing_secrets[1]");
            assert!(message.contains(says) && message.contains("openssl rand"), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
        let (key, message) = refused(&[&*good; 6]);
        assert!(key == "signing_secrets" && message.contains("oldest"), "{message}");
    }
}
