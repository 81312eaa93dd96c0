//! ISO 8601 in all the forms that senders use, RFC 3339 among them. A time without a zone is UTC, a date alone is its
//! midnight. Numbers of seconds or milliseconds are not timestamps here: which of the two they are would be a guess.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, NaiveDate, Weekday};

use crate::clock::UnixMillis;

const DAY_MS: i64 = 86_400_000;

/// 1970-01-01 as chrono counts days from the common era.
const UNIX_EPOCH_DAY: i64 = 719_163;

/// Reads a date, alone or with a time and a zone; `None` when it is not one, or lies outside of chrono's years.
///
/// - dates: `2026-11-20`, `20261120`, `2026-W47-5`, `2026W475`, `2026-324`, `2026324`, `+002026-11-20`
/// - then `T`, `t` or a space, and times: `10:15:30`, `101530`, `10:15`, `1015`, a second of 60, `24:00:00`, seconds with
///   a fraction after a dot or a comma (what is finer than a millisecond is cut off)
/// - zones: none, `Z`, `z`, `+02:00`, `+0200`, `+02`, with `+`, `-` or U+2212, a space before them or not
pub fn parse(text: &str) -> Option<UnixMillis> {
    let mut scanner = Scanner { rest: text.as_bytes() };
    let date = scanner.date()?;
    let since_midnight = if scanner.rest.is_empty() { 0 } else { scanner.time_and_zone()? };
    let days = i64::from(date.num_days_from_ce()) - UNIX_EPOCH_DAY;
    let at = days * DAY_MS + since_midnight;
    // A zone can lead out of chrono's range on its first and last day.
    DateTime::from_timestamp_millis(at).map(|_| at)
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    fn date(&mut self) -> Option<NaiveDate> {
        let year = self.year()?;
        let is_extended = self.eat(b"-").is_some();
        if self.eat(b"W").is_some() {
            let week = self.digits(2)?;
            self.hyphen_if(is_extended)?;
            let weekday = u8::try_from(self.digits(1)?.checked_sub(1)?).ok()?;
            return NaiveDate::from_isoywd_opt(year, week, Weekday::try_from(weekday).ok()?);
        }
        if self.leading_digits() == 3 {
            return NaiveDate::from_yo_opt(year, self.digits(3)?);
        }
        let month = self.digits(2)?;
        self.hyphen_if(is_extended)?;
        NaiveDate::from_ymd_opt(year, month, self.digits(2)?)
    }

    /// Four digits, or a sign and four to six digits with a hyphen behind them.
    fn year(&mut self) -> Option<i32> {
        let Some(sign) = self.sign() else {
            return i32::try_from(self.digits(4)?).ok();
        };
        let length = self.leading_digits();
        if !(4..=6).contains(&length) || self.rest.get(length) != Some(&b'-') {
            return None;
        }
        i32::try_from(sign * i64::from(self.digits(length)?)).ok()
    }

    /// The milliseconds from the date's midnight in UTC.
    fn time_and_zone(&mut self) -> Option<i64> {
        self.eat(b"Tt ")?;
        let time = self.time()?;
        let offset = self.offset()?;
        self.rest.is_empty().then_some(time - offset)
    }

    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        let is_extended = self.eat(b":").is_some();
        let minute = self.digits(2)?;
        let has_seconds = if is_extended { self.eat(b":").is_some() } else { self.leading_digits() > 0 };
        let (second, fraction_ms) = if has_seconds { (self.digits(2)?, self.fraction_ms()?) } else { (0, 0) };
        let since_midnight = i64::from((hour * 60 + minute) * 60 + second) * 1_000 + fraction_ms;
        let is_end_of_day = hour == 24 && since_midnight == DAY_MS;
        // A second of 60 is a leap second: the next minute's first, as POSIX counts.
        let is_time = hour < 24 && minute < 60 && second <= 60;
        (is_time || is_end_of_day).then_some(since_midnight)
    }

    fn fraction_ms(&mut self) -> Option<i64> {
        if self.eat(b".,").is_none() {
            return Some(0);
        }
        let length = self.leading_digits();
        let kept = length.min(3);
        let mut fraction_ms = i64::from(self.digits(kept)?);
        for _ in kept..3 {
            fraction_ms *= 10;
        }
        self.rest = &self.rest[length - kept..];
        (length > 0).then_some(fraction_ms)
    }

    fn offset(&mut self) -> Option<i64> {
        if self.rest.is_empty() {
            return Some(0);
        }
        // A missing space is as good as one.
        self.eat(b" ");
        if self.eat(b"Zz").is_some() {
            return Some(0);
        }
        let sign = self.sign()?;
        let hours = self.digits(2)?;
        let has_minutes = self.eat(b":").is_some() || !self.rest.is_empty();
        let minutes = if has_minutes { self.digits(2)? } else { 0 };
        (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 60 + minutes) * 60_000)
    }

    /// The next byte, if it is one of these.
    fn eat(&mut self, any_of: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if !any_of.contains(first) {
            return None;
        }
        self.rest = rest;
        Some(*first)
    }

    fn hyphen_if(&mut self, is_extended: bool) -> Option<()> {
        if is_extended { self.eat(b"-").map(|_| ()) } else { Some(()) }
    }

    /// 1 or -1. A hyphen stands for minus; U+2212 is the minus that ISO 8601 prefers.
    fn sign(&mut self) -> Option<i64> {
        if let Some(rest) = self.rest.strip_prefix("\u{2212}".as_bytes()) {
            self.rest = rest;
            return Some(-1);
        }
        self.eat(b"+-").map(|sign| if sign == b'+' { 1 } else { -1 })
    }

    fn leading_digits(&self) -> usize {
        self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// Exactly this many digits, at most nine.
    fn digits(&mut self, length: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(length)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(digit - b'0');
        }
        self.rest = rest;
        Some(value)
    }
}
