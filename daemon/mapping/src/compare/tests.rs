use super::{Json, compare};

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// The differences, one a line.
fn differences(expected: &str, found: &str) -> String {
    let found = compare(&json(expected), &json(found));
    found.iter().map(super::Difference::one_line).collect::<Vec<_>>().join("\n")
}

#[test]
fn how_a_value_is_written_makes_no_difference() {
    for (one, other) in [
        (r#"{"a":1,"b":[]}"#, "{ \"b\": [ ],\n\"a\": 1 }"),
        (r#""é\/""#, r#""\u00e9/""#),
        ("[1.0, 1e2]", "[1, 100]"),
    ] {
        assert_eq!(differences(one, other), "");
    }
}

#[test]
fn what_differs_is_named_by_its_path() {
    let expected = r#"{"a":{"b":[1,{"c/d":"x"}]},"gone":1,"n":12345678901234567890123}"#;
    let found = r#"{"a":{"b":[1,{"c/d":"y"}]},"new":[2],"n":12345678901234567890124}"#;
    insta::assert_snapshot!(differences(expected, found), @r#"
    /a/b/1/c~1d is "y", not "x"
    /gone is missing: 1
    /n is 12345678901234567890124, not 12345678901234567890123
    /new is not expected: [2]
    "#);
}

#[test]
fn an_item_too_many_makes_only_that_one_differ() {
    insta::assert_snapshot!(differences("[1,2,3]", "[0,1,2,3]"), @"/0 is not expected: 0");
    insta::assert_snapshot!(differences("[1,2,3]", "[1,3]"), @"/1 is missing: 2");
    insta::assert_snapshot!(differences("[1,2,3]", "[1,9,3,4]"), @r"
    /1 is 9, not 2
    /3 is not expected: 4
    ");
}

#[test]
fn the_mark_of_a_secret_is_not_the_text_that_reads_the_same() {
    let (mark, text) = (r#""\u0024secret:key""#, r#""$secret:key""#);
    assert_eq!(differences(mark, mark), "");
    insta::assert_snapshot!(differences(mark, text), @r#"the whole is "$secret:key", not "\u0024secret:key""#);
}

#[test]
fn a_difference_shows_both_sides_over_several_lines() {
    let difference = &compare(&json(r#"{"a":{"c":2,"b":[1]}}"#), &json(r#"{"a":[]}"#))[0];
    insta::assert_snapshot!(difference.lines().join("\n"), @r#"
    /a
      - {
      -   "b": [
      -     1
      -   ],
      -   "c": 2
      - }
      + []
    "#);
}

#[test]
fn what_is_not_json_says_where() {
    let error = Json::parse("{\n  \"a\": 1,\n}").unwrap_err();
    assert_eq!((error.line, error.column), (3, 1));
    insta::assert_snapshot!(error, @"not JSON: key must be a string");
}
