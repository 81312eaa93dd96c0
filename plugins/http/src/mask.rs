//! Secrets in a destination's answer: some destinations send back what they were sent.

/// A word of a header value that is this long is masked on its own too: the token of `Bearer <token>`.
const LEAST_WORD_BYTES: usize = 8;

/// How many bytes of JSON one byte of a secret may take: `\u0061`.
const ESCAPED_BYTES: usize = 6;

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

    /// The most bytes that a secret takes in an answer: an answer must be read this much further than it is shown.
    pub fn longest_bytes(&self) -> usize {
        self.words.first().map_or(0, String::len) * ESCAPED_BYTES
    }

    /// The text with every secret in it overwritten.
    pub fn masked(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.mask(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Overwrites every secret in the answer with asterisks, also one that is written with JSON's escapes.
    pub fn mask(&self, answer: &mut [u8]) {
        for word in self.words.iter().map(String::as_bytes) {
            let mut at = 0;
            while at < answer.len() {
                match bytes_of(word, &answer[at..]) {
                    Some(length) => {
                        answer[at..at + length].fill(b'*');
                        at += length;
                    }
                    None => at += 1,
                }
            }
        }
    }
}

/// How many bytes of a text, from its beginning, stand for a word: as it is, or with some of it as `\u0061` or `\/`.
fn bytes_of(word: &[u8], text: &[u8]) -> Option<usize> {
    if text.starts_with(word) {
        return Some(word.len());
    }
    let mut rest = text;
    for byte in word {
        rest = match rest {
            [b'\\', b'u', digits @ ..] if code_of(digits) == Some(u32::from(*byte)) => &digits[4..],
            [b'\\', escaped, rest @ ..] if escaped == byte => rest,
            [first, rest @ ..] if first == byte => rest,
            _ => return None,
        };
    }
    Some(text.len() - rest.len())
}

/// The code that four hexadecimal digits give.
fn code_of(digits: &[u8]) -> Option<u32> {
    digits.get(..4)?.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
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

    #[test]
    fn a_secret_in_json_s_escapes_is_overwritten_too() {
        assert_eq!(
            masked(&["a/b&c\"d\\e"], r#"{"k":"a\/b\u0026c\"d\\e","n":1}"#),
            r#"{"k":"*****************","n":1}"#
        );
        assert_eq!(
            masked(&["key"], r"\u006bey \u006B\u0065\u0079 \u006b \u00"),
            r"******** ****************** \u006b \u00"
        );
    }
}
