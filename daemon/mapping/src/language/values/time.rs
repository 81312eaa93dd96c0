//! `date(time, format[, zone])` and `add(time, "15m")`.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use chrono_tz::Tz;
use doorman_core::wire::timestamp;
use doorman_plugin::event::rfc3339;
use rhai::{Dynamic, Engine, NativeCallContext};

use super::wrong;
use crate::error::Quoted;
use crate::failure::{Refused, refuse};

/// A longer format is none.
const MAX_FORMAT_BYTES: usize = 200;

/// Numbers beyond this are milliseconds: as seconds they would be in the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

const DATE: &str = "date(event.timestamp, \"%d %B %Y, %H:%M\", \"Europe/Berlin\")";
const ADD: &str = "add(event.timestamp, \"15m\"); also \"-1h\", \"7d\"";

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("date", |context: NativeCallContext, at: Dynamic, format: Dynamic| {
        date(&context, &at, &format, &"UTC".into())
    });
    engine.register_fn("date", |context: NativeCallContext, at: Dynamic, format: Dynamic, zone: Dynamic| {
        date(&context, &at, &format, &zone)
    });
    engine.register_fn("add", |context: NativeCallContext, at: Dynamic, by: Dynamic| {
        let at = time(&context, &at, ADD)?;
        let Ok(text) = by.as_immutable_string_ref() else {
            return wrong(&context, "a span of time in quotes", &by, ADD);
        };
        let Some(by) = span(&text) else {
            let message = format!("{} is not a span of time", Quoted(&text));
            let help = format!("a whole number and ms, s, m, h, d or w: {ADD}");
            return refuse(&context, message, &help);
        };
        match at.checked_add_signed(by).filter(is_writable) {
            Some(sum) => Ok(rfc3339(sum)),
            None => refuse(&context, "the sum is no time that can be written".to_owned(), ADD),
        }
    });
}

fn date(context: &NativeCallContext, at: &Dynamic, format: &Dynamic, zone: &Dynamic) -> Refused<String> {
    let at = time(context, at, DATE)?;
    let Ok(format) = format.as_immutable_string_ref() else {
        return wrong(context, "a format in quotes", format, DATE);
    };
    let items: Vec<Item<'_>> = StrftimeItems::new(&format).collect();
    if format.len() > MAX_FORMAT_BYTES || items.contains(&Item::Error) {
        let help = "%Y year, %m month, %d day, %H:%M time, %B month's name, %A weekday, %Z zone";
        return refuse(context, format!("{} is not a format of dates", Quoted(&format)), help);
    }
    let Ok(zone) = zone.as_immutable_string_ref() else {
        return wrong(context, "a zone in quotes", zone, DATE);
    };
    if let Ok(zone) = zone.parse::<Tz>() {
        return Ok(at.with_timezone(&zone).format_with_items(items.iter()).to_string());
    }
    match zone.parse::<FixedOffset>() {
        Ok(offset) => Ok(at.with_timezone(&offset).format_with_items(items.iter()).to_string()),
        Err(_) => {
            let message = format!("no time zone is called {}", Quoted(&zone));
            refuse(context, message, "write it as in \"Europe/Berlin\", \"UTC\" or \"+02:00\"")
        }
    }
}

fn time(context: &NativeCallContext, value: &Dynamic, example: &str) -> Refused<DateTime<Utc>> {
    let wants = "a time (ISO 8601, or seconds or milliseconds since 1970)";
    let found = if let Ok(number) = value.as_int() {
        let is_ms = number.unsigned_abs() >= FIRST_MILLISECONDS.unsigned_abs();
        if is_ms { DateTime::from_timestamp_millis(number) } else { DateTime::from_timestamp(number, 0) }
    } else if let Ok(number) = value.as_float() {
        let is_ms = number.abs() >= FIRST_MILLISECONDS as f64;
        // What is beyond what a time can hold saturates, and is refused; what is no number is made such.
        let ms = if is_ms { number } else { number * 1_000.0 };
        DateTime::from_timestamp_millis(if ms.is_nan() { i64::MAX } else { ms as i64 })
    } else if let Ok(text) = value.as_immutable_string_ref() {
        let Some(at) = timestamp::parse(&text) else {
            return refuse(context, format!("{} is not a time", Quoted(&text)), example);
        };
        DateTime::from_timestamp_millis(at)
    } else {
        return wrong(context, wants, value, example);
    };
    match found.filter(is_writable) {
        Some(at) => Ok(at),
        None => refuse(context, format!("`{}` needs {wants}", context.fn_name()), example),
    }
}

/// RFC 3339 knows years of four digits.
fn is_writable(at: &DateTime<Utc>) -> bool {
    (0..=9_999).contains(&chrono::Datelike::year(at))
}

/// `15m`, `-1h`, `7d`.
fn span(text: &str) -> Option<TimeDelta> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let unit_at = digits.find(|character: char| !character.is_ascii_digit())?;
    let number: i64 = digits[..unit_at].parse().ok()?;
    let unit_ms: i64 = match &digits[unit_at..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    let ms = number.checked_mul(unit_ms)?;
    TimeDelta::try_milliseconds(if text.starts_with('-') { -ms } else { ms })
}
