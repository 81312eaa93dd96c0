//! The types of values, with their ranges and defaults.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use doorman_plugin::duration;

use super::Section;
use crate::config::problem::Place;
use crate::config::tree::{Node, Value};

/// A string and where it was written.
pub(in crate::config) struct Text {
    pub(in crate::config) value: String,
    pub(in crate::config) place: Place,
}

impl Section<'_> {
    /// A string; `None` if it is absent or wrong.
    pub(in crate::config) fn text(&mut self, key: &'static str) -> Option<Text> {
        let entry = self.take(key)?;
        self.as_text(&entry.node, &self.path_of(key), "a string")
    }

    /// A string that must be there; `what` says what to write.
    pub(in crate::config) fn required_text(&mut self, key: &'static str, what: &str) -> Option<Text> {
        if !self.has(key) {
            self.lacks(key, what);
        }
        self.text(key)
    }

    /// A list of strings; `None` if it is absent or wrong.
    pub(in crate::config) fn texts(&mut self, key: &'static str) -> Option<Vec<Text>> {
        let entry = self.take(key)?;
        let path = self.path_of(key);
        let Value::Array(items) = &entry.node.value else {
            self.refuse(&entry.node, &path, "a list of strings, as in [\"one\", \"two\"]");
            return None;
        };
        Some(items.iter().filter_map(|item| self.as_text(item, &path, "a list of strings")).collect())
    }

    /// A string that `parse` reads; `None` if it is absent or wrong. `parse` says what is wrong, without the
    /// key.
    pub(in crate::config) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(key)?;
        parse(&text.value)
            .map_err(|why| self.problems.add(text.place, format!("`{}` {why}", self.path_of(key))))
            .ok()
    }

    /// One of a few words.
    pub(in crate::config) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        default: T,
    ) -> T {
        let parse = |text: &str| match choices.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                Err(format!("must be {}, found \"{}\"", words.join(" or "), text.escape_debug()))
            }
        };
        self.parsed(key, parse).unwrap_or(default)
    }

    /// True or false.
    pub(in crate::config) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some(entry) = self.take(key) else {
            return default;
        };
        if let Value::Boolean(value) = entry.node.value {
            return value;
        }
        self.refuse(&entry.node, &self.path_of(key), "true or false");
        default
    }

    /// A duration within a range.
    pub(in crate::config) fn duration(
        &mut self,
        key: &'static str,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let Some(entry) = self.take(key) else {
            return default;
        };
        let path = self.path_of(key);
        let expected =
            format!("a duration with its unit (ms, s, m, h, d), as in \"{}\"", duration::format(default));
        let Some(text) = self.as_text(&entry.node, &path, &expected) else {
            return default;
        };
        let wrong = match duration::parse(&text.value) {
            Ok(value) if range.contains(&value) => return value,
            Ok(value) => {
                let (least, most) = (duration::format(*range.start()), duration::format(*range.end()));
                out_of_range(&path, &duration::format(value), &least, &most)
            }
            Err(error) => format!("`{path}`: {error}"),
        };
        self.problems.add(text.place, wrong);
        default
    }

    /// A whole number within a range.
    pub(in crate::config) fn whole<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        default: T,
        range: RangeInclusive<u64>,
    ) -> T {
        let Some(entry) = self.take(key) else {
            return default;
        };
        let path = self.path_of(key);
        let Value::Integer(number) = entry.node.value else {
            let bytes = "a whole number of bytes, as in 4_194_304";
            self.refuse(&entry.node, &path, if key.ends_with("_bytes") { bytes } else { "a whole number" });
            return default;
        };
        let in_range = u64::try_from(number).ok().filter(|number| range.contains(number));
        if let Some(value) = in_range.and_then(|number| T::try_from(number).ok()) {
            return value;
        }
        let (least, most) = (grouped(*range.start()), grouped(*range.end()));
        self.problems.add(entry.node.place.clone(), out_of_range(&path, &number, &least, &most));
        default
    }

    /// A path; a relative one starts from the file's folder.
    pub(in crate::config) fn path(&mut self, key: &'static str, default: &str) -> PathBuf {
        let not_empty = |text: &str| match text {
            "" => Err("must not be empty".to_owned()),
            _ => Ok(PathBuf::from(text)),
        };
        let path = self.parsed(key, not_empty).unwrap_or_else(|| PathBuf::from(default));
        self.resolve(&path)
    }

    /// A path as it is meant: from the file's folder if it is relative.
    pub(in crate::config) fn resolve(&self, path: &Path) -> PathBuf {
        let mut resolved = self.folder.clone();
        let mut leading = true;
        for part in path.components() {
            // The folder is free of links, so its `..` can be taken away; behind a name a link may hide.
            leading = leading && matches!(part, Component::ParentDir | Component::CurDir);
            let popped = leading && (part == Component::CurDir || resolved.pop());
            if !popped {
                resolved.push(part);
            }
        }
        resolved
    }

    fn as_text(&self, node: &Node, path: &str, expected: &str) -> Option<Text> {
        if let Value::String(value) = &node.value {
            return Some(Text { value: value.clone(), place: node.place.clone() });
        }
        self.refuse(node, path, expected);
        None
    }
}

fn out_of_range(path: &str, found: &dyn Display, least: &str, most: &str) -> String {
    format!("`{path}` must be from {least} to {most}, found {found}")
}

/// A number as it is written in the file: `4_194_304`.
pub(in crate::config) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
}
