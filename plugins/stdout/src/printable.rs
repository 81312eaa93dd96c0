//! What a terminal must not be given: characters that move the cursor, turn text around, or show as nothing.

/// Line breaks, terminal escapes, bidi controls, invisible characters: all of Unicode's categories Cc, Cf, Zl
/// and Zp, private use beyond the first plane, and the fillers and variation selectors that show as nothing.
const UNPRINTABLE: [(char, char); 29] = [
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1345f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{10ffff}'),
];

/// Whether a terminal shows the character as itself.
pub fn is_printable(c: char) -> bool {
    !UNPRINTABLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// The character as JSON escapes it (`\u202e`), so that JSON with it is still the same JSON.
pub fn escaped(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_marks_and_pictures_of_all_scripts_are_printable() {
        for c in "aZ~ é ß 注 สวัสดี हिन्दी مرحبا e\u{301} 🎉 …".chars() {
            assert!(is_printable(c), "{c:?}");
        }
    }

    #[test]
    fn what_breaks_lines_drives_terminals_turns_text_or_hides_is_not() {
        let breaking = "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}";
        let turning = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}";
        let hiding = "\u{ad}\u{200b}\u{200d}\u{2060}\u{3164}\u{fe0f}\u{feff}\u{e0041}\u{10fffd}";
        for c in breaking.chars().chain(turning.chars()).chain(hiding.chars()) {
            assert!(!is_printable(c), "{c:?}");
        }
    }

    #[test]
    fn escapes_are_those_of_json() {
        for c in ['\n', '\u{202e}', '\u{e0041}'] {
            let json = format!("\"{}\"", escaped(c));
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), c.to_string());
        }
        assert_eq!(escaped('\u{202e}'), "\\u202e");
    }
}
