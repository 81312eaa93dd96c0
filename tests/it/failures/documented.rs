//! `plugins/failures.md` and these tests are about the same.

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../plugins/failures.md");
const TESTS: [&str; 3] =
    [include_str!("answers.rs"), include_str!("connections.rs"), include_str!("holds.rs")];

#[test]
fn every_row_of_the_matrix_names_a_test_and_every_test_is_named() {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let named: BTreeSet<&str> = rows.filter_map(|row| row.rsplit('`').nth(1)).collect();
    let functions = TESTS.into_iter().flat_map(|text| text.split("#[tokio::test]\nasync fn ").skip(1));
    let tests: BTreeSet<&str> = functions.filter_map(|text| text.split('(').next()).collect();
    assert_eq!(named, tests);
}
