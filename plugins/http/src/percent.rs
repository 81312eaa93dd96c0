//! Percent-encoding (RFC 3986) of what comes from events and goes into a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All that is not unreserved.
const NOT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All that no path can hold as it is.
const NOT_IN_PATHS: &AsciiSet = &NOT_UNRESERVED
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// The text as one segment of a path, or as a name or a value in a query.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NOT_UNRESERVED).to_string()
}

/// The text as a path. Its slashes separate, and what is encoded in it stays as it is.
pub fn path(text: &str) -> String {
    let mut pieces = text.split('%');
    let encoded = |piece| utf8_percent_encode(piece, NOT_IN_PATHS);
    let mut path = encoded(pieces.next().unwrap_or_default()).to_string();
    for piece in pieces {
        let digits = piece.as_bytes().get(..2);
        let is_code = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        path.push_str(if is_code { "%" } else { "%25" });
        path.extend(encoded(piece));
    }
    path
}

/// Whether a path has a segment that leads elsewhere, `.` or `..`, in any form that a server may read as one: encoded,
/// behind a backslash, or with parameters (`..;a=1`).
pub fn leads_elsewhere(path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let names = decoded.split(['/', '\\']).map(|segment| segment.split(';').next());
    names.into_iter().any(|name| matches!(name, Some("." | "..")))
}

/// A name or a value of a query as it was before it was encoded.
pub fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_one_whatever_is_in_it() {
        assert_eq!(segment("order-confirmation_2.0~x"), "order-confirmation_2.0~x");
        assert_eq!(segment("../users?a=1#b%2F é"), "..%2Fusers%3Fa%3D1%23b%252F%20%C3%A9");
    }

    #[test]
    fn a_path_keeps_its_slashes_and_what_is_encoded_and_nothing_ends_it() {
        assert_eq!(path("/a/b:1@c!$&'()*+,;=-._~"), "/a/b:1@c!$&'()*+,;=-._~");
        assert_eq!(path("/a%2Fb/50% é?x=1#y\\\n"), "/a%2Fb/50%25%20%C3%A9%3Fx=1%23y%5C%0A");
        assert_eq!(path("%"), "%25");
        assert_eq!(path("%%2F%é"), "%25%2F%25%C3%A9");
    }

    #[test]
    fn steps_to_elsewhere_are_seen_in_all_their_forms() {
        for step in
            ["..", "/a/../b", "/.", "a/%2e%2E/b", "%2e.", "..%2fb", "a\\..", "a%5c..", "..;a=1/b", "/a/.."]
        {
            assert!(leads_elsewhere(step), "{step}");
        }
        for path in ["", "/", "/a..b/...", "/..a", "/a/", "%252e%252e", "/a.json"] {
            assert!(!leads_elsewhere(path), "{path}");
        }
    }

    #[test]
    fn what_a_query_holds_is_read() {
        assert_eq!(decoded("a+b%20c%C3%A9"), "a b cé");
    }
}
