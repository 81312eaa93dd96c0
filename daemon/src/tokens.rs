//! Endpoint tokens: the secret part of each endpoint's URL, rows of one file beside the store.
//!
//! `tokens.json` (mode 0600) is read at start and by `doorman sources`, and grows when the configuration gets
//! a new endpoint. Rows of sources that are no longer configured stay: their senders may come back.

mod file;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use doorman_core::clock::UnixMillis;
use serde::{Deserialize, Serialize};

/// 192 random bits: 32 characters.
const RANDOM_BYTES: usize = 24;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// One token. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRow {
    /// The source it belongs to.
    pub source: String,
    /// The environment it belongs to.
    pub environment: String,
    /// The secret itself.
    pub token: String,
    /// When it stops to be accepted; `None`: never.
    pub not_after: Option<UnixMillis>,
}

impl fmt::Debug for TokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, environment, token: _, not_after } = self;
        write!(f, "TokenRow({source}, {environment}, ***, {not_after:?})")
    }
}

/// All tokens of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    tokens: Vec<TokenRow>,
}

/// Tokens that cannot be had. No variant holds a token.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// A file or the folder refuses.
    #[error(
        "cannot {doing} `{}`: {source}; run as the user that owns the store, or name another [store] path",
        path.display()
    )]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not what this version writes.
    #[error(
        "`{}` cannot be understood at line {line}, column {column}: repair it, or put a backup in its place",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Two rows have the same token, or one is empty: an event could not be told to whom it belongs.
    #[error(
        "`{}` has a token for source `{source_name}` in `{environment}` that is empty or there twice: \
         remove one row",
        path.display()
    )]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// The source of the later row.
        source_name: String,
        /// The environment of the later row.
        environment: String,
    },
    /// The system has no random numbers to give.
    #[error("the system gives no random numbers for a token: {0}")]
    Random(getrandom::Error),
}

impl Tokens {
    /// The tokens of the store in `store_path`, with a row made for each of `endpoints` (source, environment)
    /// that has none. What was made is on disk when it returns. Safe to call from several processes at the
    /// same time.
    pub fn load_or_create(store_path: &Path, endpoints: &[(&str, &str)]) -> Result<Self, TokensError> {
        let tokens = file::read(store_path)?;
        if tokens.missing(endpoints).is_empty() {
            return Ok(tokens);
        }
        let _lock = file::lock(store_path)?;
        // Another process may have made them while this one waited for the lock.
        let mut tokens = file::read(store_path)?;
        let missing = tokens.missing(endpoints);
        if missing.is_empty() {
            return Ok(tokens);
        }
        for (source, environment) in missing {
            tokens.tokens.push(TokenRow {
                source: source.to_owned(),
                environment: environment.to_owned(),
                token: random_token()?,
                not_after: None,
            });
        }
        file::write(store_path, &tokens)?;
        Ok(tokens)
    }

    /// All rows, also those of endpoints that are not configured any more.
    pub fn rows(&self) -> &[TokenRow] {
        &self.tokens
    }

    fn missing<'e>(&self, endpoints: &[(&'e str, &'e str)]) -> Vec<(&'e str, &'e str)> {
        let there: HashSet<(&str, &str)> =
            self.tokens.iter().map(|row| (row.source.as_str(), row.environment.as_str())).collect();
        endpoints.iter().copied().filter(|endpoint| !there.contains(endpoint)).collect()
    }

    /// The first row whose token is empty or that of an earlier row.
    fn ambiguous(&self) -> Option<&TokenRow> {
        let mut seen = HashSet::new();
        self.tokens.iter().find(|row| row.token.is_empty() || !seen.insert(row.token.as_str()))
    }
}

/// The URL that a sender posts to. It is a secret as the token is.
pub fn url(public_url: &str, token: &str) -> String {
    format!("{}/integrations/receive/{token}", public_url.trim_end_matches('/'))
}

fn random_token() -> Result<String, TokensError> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(TokensError::Random)?;
    Ok(in_url_letters(&random))
}

/// Base64 in the letters that a URL takes as they are. Three bytes give four letters.
fn in_url_letters(bytes: &[u8; RANDOM_BYTES]) -> String {
    let letter = |bits: u32, shift: u32| char::from(ALPHABET[(bits >> shift & 0x3f) as usize]);
    let four = |three: &[u8]| {
        let bits = three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        [18, 12, 6, 0].map(|shift| letter(bits, shift))
    };
    bytes.chunks_exact(3).flat_map(four).collect()
}
