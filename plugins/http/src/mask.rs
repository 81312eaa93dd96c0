//! Secrets in a destination's answer: some destinations send back what they were sent.

/// A word of a header value that is this long is masked on its own too: the token of `Bearer <token>`.
const LEAST_WORD_BYTES: usize = 8;

/// What must not be seen in an answer.
#[derive(Clone, Default)]
pub struct Secrets {
    words: Vec<String>,
}

impl Secrets {
    /// Adds a secret value and the long words in it.
    pub fn add(&mut self, value: &str) {
        let words = value.split_whitespace().filter(|word| word.len() >= LEAST_WORD_BYTES && *word != value);
        let whole = std::iter::once(value).filter(|value| !value.is_empty());
        self.words.extend(whole.chain(words).map(str::to_owned));
        // Longest first, so that no part of a longer one is left over.
        self.words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }

    /// The length of the longest secret: an answer must be read this much further than it is shown.
    pub fn longest_bytes(&self) -> usize {
        self.words.first().map_or(0, String::len)
    }

    /// The text with every secret in it overwritten.
    pub fn masked(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.mask(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Overwrites every secret in the answer with asterisks.
    pub fn mask(&self, answer: &mut [u8]) {
        for word in self.words.iter().map(String::as_bytes) {
            let mut from = 0;
            while let Some(at) = answer[from..].windows(word.len()).position(|window| window == word) {
                let end = from + at + word.len();
                answer[from + at..end].fill(b'*');
                from = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], answer: &str) -> String {
        let mut known = Secrets::default();
        secrets.iter().for_each(|secret| known.add(secret));
        known.masked(answer)
    }

    #[test]
    fn every_occurrence_is_overwritten() {
        assert_eq!(masked(&["abc"], "abc, abcabc."), "***, ******.");
        assert_eq!(masked(&["abc", ""], "ab"), "ab");
    }

    #[test]
    fn the_token_behind_a_scheme_is_masked_on_its_own_too() {
        assert_eq!(masked(&["Bearer canary-1"], "Bearer canary-1 / canary-1"), "*************** / ********");
    }

    #[test]
    fn a_secret_within_another_leaves_no_rest() {
        assert_eq!(masked(&["key", "keykey2"], "keykey2"), "*******");
    }
}
