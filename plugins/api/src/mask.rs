//! Secrets in what a destination answers: some destinations send back what they were sent.

/// A word of a header value that is this long is masked on its own too: the token of `Bearer <token>`.
const LEAST_WORD_BYTES: usize = 8;

/// How many bytes of JSON one byte of a secret may take: `\u0061`.
const ESCAPED_BYTES: usize = 6;

/// Where a text was cut off, the beginning of a secret is masked from so many characters on.
const LEAST_CUT_CHARS: usize = 4;

/// What stands where a text was cut off, or where what was cut was not whole UTF-8.
const CUTS: [char; 2] = ['…', char::REPLACEMENT_CHARACTER];

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

    /// Adds all that others hold.
    pub fn add_all(&mut self, others: &Secrets) {
        others.words.iter().for_each(|word| self.add(word));
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

    /// The same of a text that was cut off: what is left of a secret at its end is overwritten, too.
    pub fn masked_and_cut(&self, text: &str) -> String {
        let mut bytes = self.masked(text).into_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let ends = text.match_indices(CUTS).map(|(at, _)| at).chain([text.len()]);
        for end in ends {
            let starts = text[..end].char_indices().rev().map(|(at, _)| at).take(self.longest_bytes());
            // The longest of all beginnings is the one that starts first.
            if let Some(start) = starts.filter(|at| self.begins(&bytes[*at..end])).last() {
                bytes[start..end].fill(b'*');
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Overwrites every secret in the answer with asterisks, also one that is written with JSON's escapes.
    pub fn mask(&self, answer: &mut [u8]) {
        for word in &self.words {
            let mut at = 0;
            while at < answer.len() {
                match compare(word, &answer[at..]) {
                    Compared::Whole(length) => {
                        answer[at..at + length].fill(b'*');
                        at += length;
                    }
                    _ => at += 1,
                }
            }
        }
    }

    /// Whether a text is the beginning of a secret, and enough of it to be one.
    fn begins(&self, text: &[u8]) -> bool {
        let enough =
            |word: &String| matches!(compare(word, text), Compared::Begun(chars) if chars >= LEAST_CUT_CHARS);
        self.words.iter().any(enough)
    }
}

/// A text beside a word.
enum Compared {
    /// So many bytes of the text, from its beginning, stand for the word.
    Whole(usize),
    /// The text ends behind so many characters of the word.
    Begun(usize),
    /// It says something else.
    Other,
}

/// Compares a text with a word that may be written as it is, or with some of it as `\u0061`, `\n` or `\/`.
fn compare(word: &str, text: &[u8]) -> Compared {
    let mut rest = text;
    for (count, char) in word.chars().enumerate() {
        if rest.is_empty() {
            return Compared::Begun(count);
        }
        match after(char, rest) {
            Some(behind) => rest = behind,
            // An escape that was cut off in its middle.
            None if rest[0] == b'\\' && rest.len() < 2 * ESCAPED_BYTES => return Compared::Begun(count),
            None => return Compared::Other,
        }
    }
    Compared::Whole(text.len() - rest.len())
}

/// What comes behind a character, however it is written.
fn after(char: char, text: &[u8]) -> Option<&[u8]> {
    let plain = text.strip_prefix(char.encode_utf8(&mut [0; 4]).as_bytes());
    if plain.is_some() {
        return plain;
    }
    let escaped = match char {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        other => other,
    };
    let behind = text.strip_prefix(b"\\")?;
    if escaped.is_ascii()
        && let Some(behind) = behind.strip_prefix(&[escaped as u8])
    {
        return Some(behind);
    }
    char.encode_utf16(&mut [0; 2]).iter().try_fold(text, |text, unit| {
        let digits = text.strip_prefix(b"\\u")?;
        (code_of(digits)? == u32::from(*unit)).then(|| &digits[4..])
    })
}

/// The code that four hexadecimal digits give.
fn code_of(digits: &[u8]) -> Option<u32> {
    digits.get(..4)?.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secrets: &[&str]) -> Secrets {
        let mut known = Secrets::default();
        secrets.iter().for_each(|secret| known.add(secret));
        known
    }

    fn masked(secrets: &[&str], answer: &str) -> String {
        known(secrets).masked(answer)
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
    fn what_others_hold_is_masked_too() {
        let mut secrets = known(&["abc"]);
        secrets.add_all(&known(&["Bearer canary-1"]));
        assert_eq!(secrets.masked("abc canary-1"), "*** ********");
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
        assert_eq!(
            masked(&["a\né😀"], r"a\né😀 a\u000a\u00e9\ud83d\ude00"),
            "********* *************************"
        );
    }

    #[test]
    fn what_is_left_of_a_secret_where_a_text_was_cut_is_overwritten() {
        let cut = |text: &str| known(&["canary-1", "canary-22"]).masked_and_cut(text);
        assert_eq!(cut("it was canary-2"), "it was ********");
        assert_eq!(cut("it was canary-1"), "it was ********");
        assert_eq!(cut("it was cana… [why]"), "it was ****… [why]");
        assert_eq!(cut(r#"{"k":"can\u0061\u00"#), r#"{"k":"*************"#);
        assert_eq!(cut("it can"), "it can", "three letters say nothing");
        assert_eq!(cut("canary birds"), "canary birds");
    }
}
