//! Secrets are given by reference, but people paste them where a reference belongs: what may be one is not
//! shown.

/// Parts of key names whose values are secrets more often than not.
const SECRET_WORDS: [&str; 8] =
    ["token", "secret", "password", "passwd", "key", "authorization", "credential", "cookie"];

/// What a masked value is shown as.
pub(super) const MASK: &str = "***";

/// Whether a key's name says that its value is a secret.
pub(super) fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether a value is a reference to a secret, which may be shown.
pub(super) fn is_reference(value: &str) -> bool {
    ["env:", "file:", "credential:"]
        .iter()
        .any(|scheme| value.len() > scheme.len() && value.starts_with(scheme))
}

/// A line of the file as it may be shown: each character with its byte in the line. The value is masked if
/// `masked`, or if its key sounds like a secret's; references and headings of tables are kept.
pub(super) fn shown_line(line: &str, masked: bool) -> Vec<(usize, char)> {
    let printable = |(at, character): (usize, char)| match character {
        '\t' => (at, ' '),
        _ if character.is_control() => (at, char::REPLACEMENT_CHARACTER),
        _ => (at, character),
    };
    let Some(from) = masked_from(line, masked) else {
        return line.char_indices().map(printable).collect();
    };
    let kept = line[..from].char_indices().map(printable);
    kept.chain(MASK.chars().map(|star| (from, star))).collect()
}

/// The byte behind which a line is masked, if it is.
fn masked_from(line: &str, masked: bool) -> Option<usize> {
    let Some((before, value)) = line.split_once('=') else {
        let is_heading = line.trim_start().starts_with('[');
        return (masked || (sounds_secret(line) && !is_heading)).then_some(0);
    };
    let sounds_so = sounds_secret(before) || (value.contains('{') && sounds_secret(value));
    if !masked && !sounds_so {
        return None;
    }
    // A `=` within a string does not end a key.
    if before.contains(['"', '\'']) {
        return Some(0);
    }
    let value_at = before.len() + 1 + (value.len() - value.trim_start().len());
    let value = value.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let is_one_reference = quoted.is_some_and(|text| is_reference(text) && !text.contains(['"', '\'']));
    (!is_one_reference).then_some(value_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, masked: bool) -> String {
        shown_line(line, masked).into_iter().map(|(_, character)| character).collect()
    }

    #[test]
    fn a_value_under_a_name_that_sounds_secret_is_not_shown() {
        assert_eq!(shown("api_key = \"canary\" # why", false), "api_key = ***");
        assert_eq!(shown("headers = { Authorization = \"canary\" }", false), "headers = ***");
        assert_eq!(shown("token \"canary\"", false), "***");
        assert_eq!(shown("  \"Authorization: Basic canary=\",", false), "***");
    }

    #[test]
    fn references_headings_and_other_values_are_shown() {
        for line in ["token = \"env:ADMIN_TOKEN\"", "[sources.token]", "auth = \"token\""] {
            assert_eq!(shown(line, false), line);
        }
        assert_eq!(shown("listen = \"canary\"", true), "listen = ***");
    }

    #[test]
    fn a_reference_beside_something_else_does_not_unmask_it() {
        assert_eq!(shown("keys = \"env:A\", \"canary\"", false), "keys = ***");
    }
}
