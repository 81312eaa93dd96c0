//! What differs between two JSON texts: what was expected, and what was found.

mod json;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use json::Value;
pub use json::{BadJson, Json};

/// A place where two texts differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, as a JSON pointer (`/actions/0/content/data/total`).
    pub path: String,
    /// What was expected; `None` when nothing is to be there.
    pub expected: Option<Json>,
    /// What was found; `None` when nothing is there.
    pub found: Option<Json>,
    /// The place in the expected text that it is about, as an offset in bytes.
    pub at: usize,
}

/// All that differs, in the order of the expected text. How a number, a string or an object is written makes no
/// difference; the order of a list does, but one item too many or too few makes only that one differ.
pub fn compare(expected: &Json, found: &Json) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare_at("", expected, found, &mut differences);
    differences
}

impl Difference {
    /// In one line: `/actions/0/content/total is 121, not 120`.
    pub fn one_line(&self) -> String {
        let path = if self.path.is_empty() { "the whole" } else { &self.path };
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                format!("{path} is {}, not {}", found.short(), expected.short())
            }
            (Some(expected), None) => format!("{path} is missing: {}", expected.short()),
            (None, Some(found)) => format!("{path} is not expected: {}", found.short()),
            (None, None) => path.to_owned(),
        }
    }

    /// As several lines: the path, what was expected behind `-`, what was found behind `+`.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![if self.path.is_empty() { "/".to_owned() } else { self.path.clone() }];
        for (sign, side) in [('-', &self.expected), ('+', &self.found)] {
            let text = side.as_ref().map(Json::pretty).unwrap_or_default();
            lines.extend(text.lines().map(|line| format!("  {sign} {line}")));
        }
        lines
    }
}

fn compare_at(path: &str, expected: &Json, found: &Json, differences: &mut Vec<Difference>) {
    match (&expected.value, &found.value) {
        (Value::Object(expects), Value::Object(finds)) => {
            let names: BTreeSet<&String> = expects.keys().chain(finds.keys()).collect();
            for name in names {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare_sides(path, expects.get(name), finds.get(name), expected.at, differences);
            }
        }
        (Value::List(expects), Value::List(finds)) => {
            for (index, one, other) in aligned(expects, finds) {
                compare_sides(format!("{path}/{index}"), one, other, expected.at, differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(Difference {
            path: path.to_owned(),
            expected: Some(expected.clone()),
            found: Some(found.clone()),
            at: expected.at,
        }),
    }
}

fn compare_sides(
    path: String,
    expected: Option<&Json>,
    found: Option<&Json>,
    around: usize,
    differences: &mut Vec<Difference>,
) {
    if let (Some(expected), Some(found)) = (expected, found) {
        return compare_at(&path, expected, found, differences);
    }
    let at = expected.map_or(around, |expected| expected.at);
    differences.push(Difference { path, expected: expected.cloned(), found: found.cloned(), at });
}

type Pair<'a> = (usize, Option<&'a Json>, Option<&'a Json>);

/// The items of two lists, side by side: equal ones beside each other where that keeps their order, and between those
/// the others one by one. The number is that of the expected item, else of the found one.
fn aligned<'a>(expected: &'a [Json], found: &'a [Json]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let (mut from, mut to) = (0, 0);
    let ends = std::iter::once((expected.len(), found.len()));
    for (next, other) in in_common(expected, found).into_iter().chain(ends) {
        let count = (next - from).max(other - to);
        for step in 0..count {
            let one = (from + step < next).then(|| &expected[from + step]);
            let two = (to + step < other).then(|| &found[to + step]);
            pairs.push((if one.is_some() { from + step } else { to + step }, one, two));
        }
        (from, to) = (next + 1, other + 1);
    }
    pairs
}

/// Lists with more pairs of items than this are not aligned.
const ALIGNED_PAIRS: usize = 1_000_000;

/// The longest common subsequence, by position.
fn in_common(expected: &[Json], found: &[Json]) -> Vec<(usize, usize)> {
    let width = found.len() + 1;
    if expected.len() * found.len() > ALIGNED_PAIRS {
        return Vec::new();
    }
    let mut lengths = vec![0_u32; (expected.len() + 1) * width];
    for (i, one) in expected.iter().enumerate().rev() {
        for (j, other) in found.iter().enumerate().rev() {
            let at = i * width + j;
            lengths[at] = match one == other {
                true => lengths[at + width + 1] + 1,
                false => lengths[at + width].max(lengths[at + 1]),
            };
        }
    }
    let (mut i, mut j, mut common) = (0, 0, Vec::new());
    while i < expected.len() && j < found.len() {
        let at = i * width + j;
        if expected[i] == found[j] {
            common.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[at + width] >= lengths[at + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}
