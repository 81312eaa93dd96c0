//! Texts from outside, made safe to show, and short forms of times.

use chrono::{DateTime, SecondsFormat, Utc};

/// A text for one line of a terminal: control characters, and characters that hide or reorder others, are written as
/// escapes.
pub fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            char if is_hostile(char) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(char))),
            char => shown.push(char),
        }
    }
    shown
}

/// A JSON text with the same characters escaped as JSON does it. It stays the same JSON, because outside of strings
/// there is none of them but white space.
pub fn safe_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if !is_hostile(char) || matches!(char, '\n' | '\r' | '\t') {
            shown.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    }
    shown
}

/// Controls (C0, DEL, C1), and what changes the order or hides: bidi controls, zero-width and tag characters.
fn is_hostile(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `1 source`, `2 sources`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A text cut to `width` characters, the last of them `…` when something is missing.
pub fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// An API time to the second.
pub fn to_second(time: &str) -> String {
    match parse(time) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => safe(time),
    }
}

/// An API time without its date, when that is the date of `reference`.
pub fn time_of_day(time: &str, reference: &str) -> String {
    match (parse(time), parse(reference)) {
        (Some(time), Some(reference)) if time.date_naive() == reference.date_naive() => {
            time.format("%H:%M:%S%.3fZ").to_string()
        }
        _ => safe(time),
    }
}

fn parse(time: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.to_utc())
}

/// A span in its two largest units: `3h 12m`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, ..) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_upon_is_escaped() {
        assert_eq!(safe("a\x1b[31m\u{202e}\u{9b}b\n"), "a\\u{1b}[31m\\u{202e}\\u{9b}b\\n");
        assert_eq!(safe("zażółć 日本 🚪"), "zażółć 日本 🚪");
    }

    #[test]
    fn json_stays_the_same_json() {
        let hostile = serde_json::json!({"a\u{7f}": "\u{202e}\u{9b}\u{e0001}é"});
        let shown = safe_json(&hostile.to_string());
        assert!(!shown.contains(['\u{7f}', '\u{202e}', '\u{9b}', '\u{e0001}']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), hostile);
    }

    #[test]
    fn a_text_is_cut_at_its_characters() {
        assert_eq!(clip("żółw", 4), "żółw");
        assert_eq!(clip("żółwie", 4), "żół…");
    }

    #[test]
    fn a_span_has_two_units() {
        assert_eq!([999, 61_000, 11_520_000, 200_000_000].map(span), ["0s", "1m 1s", "3h 12m", "2d 7h"]);
    }

    #[test]
    fn the_date_is_left_out_only_on_the_same_day() {
        let reference = "2026-11-24T23:59:59.000Z";
        assert_eq!(time_of_day("2026-11-24T10:15:30.131Z", reference), "10:15:30.131Z");
        assert_eq!(time_of_day("2026-11-25T00:00:00.000Z", reference), "2026-11-25T00:00:00.000Z");
    }
}
