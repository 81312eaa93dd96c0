//! Which token is which source in which environment.

use std::collections::HashMap;
use std::sync::Arc;

use super::rate::Rate;

/// One source in one environment.
pub struct Endpoint {
    /// The source's name.
    pub source: Arc<str>,
    /// The environment's name.
    pub environment: Arc<str>,
    /// How many events it may send.
    pub rate: Option<Rate>,
}

/// All endpoints. Tokens are held as keyed hashes and looked up by them: a lookup takes the same time however much of
/// a token was guessed right, and a dump of memory holds no token.
pub struct Endpoints {
    key: [u8; 32],
    by_hash: HashMap<[u8; 32], Arc<Endpoint>>,
}

impl Endpoints {
    /// The endpoints of these tokens. `key` is any secret; it need not outlive the process.
    pub fn new(key: [u8; 32], tokens: impl IntoIterator<Item = (String, Endpoint)>) -> Self {
        let hash = |token: &str| *blake3::keyed_hash(&key, token.as_bytes()).as_bytes();
        let by_hash =
            tokens.into_iter().map(|(token, endpoint)| (hash(&token), Arc::new(endpoint))).collect();
        Self { key, by_hash }
    }

    /// The endpoint of a token.
    pub fn find(&self, token: &str) -> Option<&Arc<Endpoint>> {
        self.by_hash.get(blake3::keyed_hash(&self.key, token.as_bytes()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_finds_its_endpoint_and_no_other_text_does() {
        let endpoint = Endpoint { source: "shop".into(), environment: "production".into(), rate: None };
        let endpoints = Endpoints::new([1; 32], [("t0ken".to_owned(), endpoint)]);
        assert_eq!(&*endpoints.find("t0ken").unwrap().source, "shop");
        assert!(["", "t0ke", "t0ken ", "T0KEN"].iter().all(|text| endpoints.find(text).is_none()));
    }
}
