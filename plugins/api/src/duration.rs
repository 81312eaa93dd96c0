//! Durations as people write them in the configuration: a whole number and a unit, `"150ms"`, `"7d"`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

/// A text that is not a duration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a duration: write a whole number and a unit (ms, s, m, h, d), as in \"30s\"")]
pub struct NotADuration(String);

/// Reads `"150ms"`, `"30s"`, `"5m"`, `"12h"` or `"7d"`. A bare number is refused: it does not say what it counts.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let wrong = || NotADuration(text.to_owned());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit_ms).map(Duration::from_millis).ok_or_else(wrong)
}

/// Writes a duration as [`parse`] reads it, in the largest unit that loses nothing.
pub fn format(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit_ms, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

/// For `#[serde(with = "duration")]`, or `deserialize_with` alone.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(serde::de::Error::custom)
}

/// For `#[serde(with = "duration")]`: without it the default in a JSON Schema is not what people write.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back() {
        for text in ["1ms", "150ms", "30s", "90s", "5m", "12h", "7d"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(format(parse("1000ms").unwrap()), "1s");
    }

    #[test]
    fn a_bare_number_an_unknown_unit_and_an_overflow_are_refused() {
        for text in
            ["", "5", "s", "5w", "5 s", "-1s", "1.5s", "99999999999999999999d", "18446744073709551615d"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
