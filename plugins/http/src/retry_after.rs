//! The `Retry-After` header (RFC 9110, section 10.2.3): seconds, or a date in one of HTTP's three forms. And
//! `retry-after-ms`, which some destinations send beside it: milliseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::RETRY_AFTER;

/// No destination can put a delivery off for longer.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long the destination wants us to wait from `now`, if it says so: the longer one where two headers differ.
pub fn of(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let in_ms = text("retry-after-ms").and_then(|value| whole_number(value.trim()));
    let in_ms = in_ms.map(|ms| Duration::from_millis(ms).min(LONGEST));
    let after = text(RETRY_AFTER.as_str()).and_then(|value| parse(value, now));
    in_ms.max(after)
}

/// How long to wait from `now`, at most [`LONGEST`]; zero for a date that is past. `None` for any other text.
pub fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Some(seconds) = whole_number(value) {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let now = now.duration_since(UNIX_EPOCH).ok()?;
    let then = Duration::from_secs(u64::try_from(http_date(value)?).unwrap_or(0));
    Some(then.saturating_sub(now).min(LONGEST))
}

/// Digits alone. A number that is too large for the type is the largest one.
fn whole_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or
/// `Sun Nov  6 08:49:37 1994`. The name of the weekday is not looked at.
fn http_date(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split([' ', ',', '-']).filter(|word| !word.is_empty()).take(7).collect();
    let (day, month, year, time) = match words[..] {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let days = days_since_1970(full_year(year)?, month as i64 + 1, part(day, 1, 31)?);
    let mut clock = time.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    if clock.next().is_some() {
        return None;
    }
    let seconds = (part(hour, 0, 23)? * 60 + part(minute, 0, 59)?) * 60 + part(second, 0, 60)?;
    Some(days * 86_400 + seconds)
}

/// One or two digits within bounds.
fn part(text: &str, least: i64, most: i64) -> Option<i64> {
    let number = whole_number(text).filter(|_| text.len() <= 2)? as i64;
    (least..=most).contains(&number).then_some(number)
}

fn full_year(text: &str) -> Option<i64> {
    let year = whole_number(text)?;
    match text.len() {
        4 => Some(year as i64),
        2 if year < 70 => Some(2000 + year as i64),
        2 => Some(1900 + year as i64),
        _ => None,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar. Years begin in March, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(unix_seconds)
    }

    fn seconds(value: &str) -> Option<u64> {
        parse(value, at(784_111_777 - 90)).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_are_read() {
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
    }

    #[test]
    fn milliseconds_are_read_too_and_the_longer_wait_counts() {
        let of = |pairs: &[(&'static str, &str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            of(&headers.collect(), at(0)).map(|wait| wait.as_millis())
        };
        assert_eq!(of(&[("retry-after-ms", "1500")]), Some(1_500));
        assert_eq!(of(&[("retry-after-ms", "1500"), ("retry-after", "2")]), Some(2_000));
        assert_eq!(of(&[("retry-after-ms", "1500"), ("retry-after", "1")]), Some(1_500));
        assert_eq!(of(&[("retry-after-ms", "99999999999")]), Some(86_400_000));
        assert_eq!((of(&[("retry-after-ms", "1.5")]), of(&[])), (None, None));
    }

    #[test]
    fn all_three_forms_of_a_date_are_read() {
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(90));
        assert_eq!(seconds("Sunday, 06-Nov-94 08:49:37 GMT"), Some(90));
        assert_eq!(seconds("Sun Nov  6 08:49:37 1994"), Some(90));
    }

    #[test]
    fn dates_across_leap_days_and_centuries_are_right() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Tue, 29 Feb 2000 00:00:00 GMT"), Some(951_782_400));
        assert_eq!(http_date("Wed, 01 Mar 2000 00:00:00 GMT"), Some(951_868_800));
        assert_eq!(http_date("Tue, 24 Nov 2026 10:15:30 GMT"), Some(1_795_515_330));
        assert_eq!(http_date("Mon, 01 Mar 2100 00:00:00 GMT"), Some(4_107_542_400));
    }

    #[test]
    fn a_date_that_is_past_is_now() {
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", at(784_111_778)), Some(Duration::ZERO));
        assert_eq!(seconds("Sun, 06 Nov 1904 08:49:37 GMT"), Some(0));
    }

    #[test]
    fn nobody_is_waited_for_longer_than_a_day() {
        for value in ["86401", "99999999999999999999999999", "Sun, 06 Nov 2094 08:49:37 GMT"] {
            assert_eq!(seconds(value), Some(86_400), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_wish() {
        let wrong = [
            "",
            "soon",
            "-5",
            "+5",
            "1.5",
            "5s",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nop 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999 08:49:37 GMT",
            "a b c d e f g h",
            "é",
        ];
        for value in wrong {
            assert_eq!(seconds(value), None, "{value}");
        }
    }
}
