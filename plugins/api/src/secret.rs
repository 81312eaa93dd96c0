//! Secrets: named in the configuration by reference, resolved at start, never printed.

use std::fmt;
use std::path::Path;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A secret value. The configuration holds only a reference to it: `env:NAME`, `file:/path` or `credential:name`
/// (a credential that systemd loaded). Neither `Debug` nor any error shows the value.
#[derive(Clone)]
pub struct Secret(String);

/// A reference that cannot be resolved. It names the reference, never the value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The text is not a reference; it is not shown, since it may be the secret itself.
    #[error("a secret is given by reference: write `env:NAME`, `file:/path` or `credential:name`")]
    NotAReference,
    /// The environment variable is missing or not UTF-8.
    #[error("the environment variable `{0}` is not set: set it, or name another")]
    MissingVariable(String),
    /// A credential is asked for, but systemd gave none.
    #[error("`credential:{0}` needs LoadCredential={0}:... in the unit ($CREDENTIALS_DIRECTORY is not set)")]
    NoCredentials(String),
    /// The file cannot be read.
    #[error("cannot read the secret `{reference}`: {source}")]
    Unreadable {
        /// The reference as it was written.
        reference: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Secret {
    /// Resolves a reference. A file's last line break is not part of the secret.
    pub fn resolve(reference: &str) -> Result<Self, SecretError> {
        if let Some(name) = reference.strip_prefix("env:") {
            let value = std::env::var(name).map_err(|_| SecretError::MissingVariable(name.to_owned()))?;
            return Ok(Self(value));
        }
        if let Some(path) = reference.strip_prefix("file:") {
            return Self::from_file(reference, Path::new(path));
        }
        if let Some(name) = reference.strip_prefix("credential:") {
            let directory = std::env::var_os("CREDENTIALS_DIRECTORY")
                .ok_or_else(|| SecretError::NoCredentials(name.to_owned()))?;
            return Self::from_file(reference, &Path::new(&directory).join(name));
        }
        Err(SecretError::NotAReference)
    }

    fn from_file(reference: &str, path: &Path) -> Result<Self, SecretError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SecretError::Unreadable { reference: reference.to_owned(), source })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Self(text.strip_suffix('\r').unwrap_or(text).to_owned()))
    }

    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reference)
    }
}

/// Reads a reference. A number may be the secret itself, its quotes forgotten: it is not repeated either.
struct Reference;

impl Visitor<'_> for Reference {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reference to a secret: `env:NAME`, `file:/path` or `credential:name`")
    }

    fn visit_str<E: Error>(self, reference: &str) -> Result<Secret, E> {
        Secret::resolve(reference).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(SecretError::NotAReference))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::custom(SecretError::NotAReference))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(SecretError::NotAReference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_without_its_last_line_break() {
        let path = std::env::temp_dir().join(format!("doorman-secret-{}", std::process::id()));
        std::fs::write(&path, "s3cret\n").unwrap();
        let secret = Secret::resolve(&format!("file:{}", path.display())).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(secret.expose(), "s3cret");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
    }

    #[test]
    fn a_value_in_place_of_a_reference_is_refused_and_not_repeated() {
        let error = Secret::resolve("sk_live_canary").unwrap_err().to_string();
        assert!(error.contains("env:NAME"), "{error}");
        assert!(!error.contains("canary"), "{error}");
        let error = serde_json::from_str::<Secret>("7351926408").unwrap_err().to_string();
        assert!(error.contains("env:NAME") && !error.contains("7351926408"), "{error}");
    }
}
