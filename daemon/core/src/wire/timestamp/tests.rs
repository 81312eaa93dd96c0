//! Each form that senders use, each that is refused, and chrono as the second opinion.

use chrono::{DateTime, SecondsFormat};
use proptest::prelude::*;

use super::parse;

/// 2026-11-20T10:15:30Z, a Friday.
const MOMENT: i64 = 1_795_169_730_000;

/// 2026-11-20T00:00:00Z.
const MIDNIGHT: i64 = 1_795_132_800_000;

fn assert_all(texts: &[&str], expected: i64) {
    for text in texts {
        assert_eq!(parse(text), Some(expected), "{text}");
    }
}

fn assert_refused(texts: &[&str]) {
    for text in texts {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn rfc_3339_is_read() {
    assert_all(
        &[
            "2026-11-20T10:15:30Z",
            "2026-11-20 10:15:30z",
            "2026-11-20t10:15:30Z",
            "2026-11-20T12:15:30+02:00",
        ],
        MOMENT,
    );
    assert_all(&["2026-11-20T10:15:30-00:00", "2026-11-20T04:45:30\u{2212}05:30"], MOMENT);
}

#[test]
fn a_short_offset_is_read() {
    assert_all(&["2026-11-20T12:15:30+0200", "2026-11-20T12:15:30+02", "2026-11-20T08:15:30-02"], MOMENT);
}

#[test]
fn the_basic_format_is_read() {
    assert_all(
        &["20261120T101530Z", "20261120T101530", "20261120T121530+0200", "20261120T101530.000Z"],
        MOMENT,
    );
}

#[test]
fn seconds_can_be_left_out() {
    assert_all(
        &["2026-11-20T10:15Z", "2026-11-20T10:15", "20261120T1015Z", "2026-11-20T12:15+02:00"],
        MOMENT - 30_000,
    );
}

#[test]
fn a_date_alone_is_its_midnight_in_utc() {
    assert_all(&["2026-11-20", "20261120", "2026-W47-5", "2026W475", "2026-324", "2026324"], MIDNIGHT);
}

#[test]
fn week_dates_and_ordinal_dates_are_read() {
    assert_all(&["2026-W47-5T10:15:30Z", "2026W475T101530Z"], MOMENT);
    assert_all(&["2026-324T10:15:30Z", "2026324T101530Z"], MOMENT);
    assert_eq!(parse("2026-W01-1"), parse("2025-12-29"));
    assert_eq!(parse("2024-366"), parse("2024-12-31"));
}

#[test]
fn a_fraction_is_cut_off_after_milliseconds() {
    assert_all(&["2026-11-20T10:15:30,123Z", "2026-11-20T10:15:30.123999999Z"], MOMENT + 123);
    assert_all(&["2026-11-20T10:15:30.12", "2026-11-20T10:15:30.1200000000000000000000000Z"], MOMENT + 120);
    assert_eq!(parse("1969-12-31T23:59:59.999999Z"), Some(-1));
}

#[test]
fn no_zone_is_utc_and_a_space_may_stand_before_one() {
    assert_all(&["2026-11-20T10:15:30", "2026-11-20 10:15:30"], MOMENT);
    assert_all(&["2026-11-20T10:15:30 Z", "2026-11-20 12:15:30 +0200"], MOMENT);
    assert_eq!(parse("2026-11-20T10:15:30.123 Z"), Some(MOMENT + 123));
}

#[test]
fn hour_24_is_the_end_of_the_day() {
    let next = MIDNIGHT + 86_400_000;
    assert_all(
        &["2026-11-20T24:00:00Z", "2026-11-20T24:00", "20261120T240000Z", "2026-11-20T24:00:00.000Z"],
        next,
    );
    assert_refused(&[
        "2026-11-20T24:00:01Z",
        "2026-11-20T24:01Z",
        "2026-11-20T24:00:00.001Z",
        "2026-11-20T25:00Z",
    ]);
    assert_refused(&["2026-11-20T23:59:61Z", "2026-11-20T23:60:00Z"]);
}

#[test]
fn a_leap_second_is_the_next_minutes_first() {
    assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2017-01-01T00:00:00Z"));
    assert_eq!(parse("2016-12-31T23:59:60.5Z"), parse("2017-01-01T00:00:00.5Z"));
    assert!(parse("2016-12-31T23:59:60Z").is_some());
}

#[test]
fn extended_years_are_read_as_far_as_chrono_goes() {
    assert_all(&["+002026-11-20T10:15:30Z", "+2026-11-20T10:15:30Z"], MOMENT);
    assert_eq!(parse("-000001-01-01T00:00:00Z"), Some(-62_198_755_200_000));
    assert_eq!(parse("+010000-01-01"), Some(253_402_300_800_000));
    assert_refused(&["+999999-01-01", "-999999-01-01", "+262142-12-31T23:59:60-23:59"]);
}

#[test]
fn numbers_of_seconds_or_milliseconds_are_refused() {
    assert_refused(&["0", "1795169730", "1795169730000", "1795169730.123", "-1795169730"]);
}

#[test]
fn dates_that_do_not_exist_are_refused() {
    assert_refused(&[
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-11-31",
        "2026-366",
        "2026-000",
        "2026-W54-1",
    ]);
    assert_refused(&["2026-W47-0", "2026-W47-8", "2025-W53-1"]);
}

#[test]
fn what_is_incomplete_or_too_long_is_refused() {
    assert_refused(&[
        "",
        " ",
        "T",
        "Z",
        "2026",
        "2026-11",
        "2026-11-",
        "2026-W47",
        "20261",
        "202611201",
        "+2026",
        "yesterday",
    ]);
    assert_refused(&[
        "2026-11-20T",
        "2026-11-20T10",
        "2026-11-20T10:",
        "2026-11-20T10:15:",
        "2026-11-20T10:15:30.",
    ]);
    assert_refused(&[
        "2026-11-20T10:15:30Zx",
        " 2026-11-20",
        "2026-11-20 ",
        "2026-11-20T10:15:30 ",
        "2026-11-20Z",
    ]);
    assert_refused(&[
        "2026-11-20T10:15:30+",
        "2026-11-20T10:15:30+2",
        "2026-11-20T10:15:30+02:",
        "2026-11-20T10:15:30+24:00",
    ]);
    assert_refused(&[
        "2026-11-20T10:15:30+02:60",
        "2026-1-2",
        "2026-W47-5-",
        "２０２６-11-20",
        "2026-11-20T10:15:3\u{2212}",
    ]);
}

proptest! {
    #[test]
    fn any_moment_that_is_written_is_read_back(at in -62_135_510_400_000_i64..253_402_214_400_000, offset in -1439..1440) {
        let utc = DateTime::from_timestamp_millis(at).unwrap();
        let there = utc.with_timezone(&chrono::FixedOffset::east_opt(offset * 60).unwrap());
        prop_assert_eq!(parse(&utc.to_rfc3339_opts(SecondsFormat::Millis, true)), Some(at));
        prop_assert_eq!(parse(&there.to_rfc3339()), Some(at));
        prop_assert_eq!(parse(&there.format("%Y%m%dT%H%M%S%.3f%z").to_string()), Some(at));
        prop_assert_eq!(parse(&utc.format("%G-W%V-%uT%H:%M:%S%.3fZ").to_string()), Some(at));
        prop_assert_eq!(parse(&utc.format("%Y-%jT%H:%M:%S,%3f").to_string()), Some(at));
    }

    #[test]
    fn what_chrono_reads_as_rfc_3339_is_the_same_moment_here(
        text in r"[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?([Zz]|[+−-][0-2][0-9]:[0-5][0-9])"
    ) {
        if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
            prop_assert_eq!(parse(&text), Some(moment.timestamp_millis()), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), near in r"[+-]?[0-9]{0,9}[-W]?[0-9TtWZz:., +−-]{0,40}") {
        for text in [text, near] {
            if let Some(at) = parse(&text) {
                prop_assert!(DateTime::from_timestamp_millis(at).is_some());
            }
        }
    }
}
