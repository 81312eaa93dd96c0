//! The file's text, and how a place in it is shown: the line, and a caret under what is meant.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::masking;
use super::problem::{ConfigProblems, Found, Place, Problem};

/// The text of a configuration file.
pub(super) struct Document {
    path: PathBuf,
    pub(super) text: String,
}

impl Document {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigProblems> {
        let refuse = |why: String| ConfigProblems::unreadable(path, &why);
        let bytes = std::fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => refuse(
                "there is no such file: name your configuration with --config, or begin with a copy of \
                 doorman.toml from the config folder of the release"
                    .to_owned(),
            ),
            _ => refuse(format!("cannot be read: {error}")),
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            refuse(format!("line {line} is not UTF-8: save the file as UTF-8"))
        })?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// The folder that relative paths start from: absolute and free of links where the system can tell.
    pub(super) fn folder(&self) -> PathBuf {
        let parent = self.path.parent().filter(|parent| *parent != OsStr::new(""));
        let folder = parent.unwrap_or(Path::new("."));
        folder.canonicalize().or_else(|_| std::path::absolute(folder)).unwrap_or_else(|_| folder.to_owned())
    }

    /// A problem with its place and, where there is one, the line.
    pub(super) fn found(&self, problem: &Problem) -> Found {
        let file = self.path.display().to_string();
        let message = problem.message.clone();
        match &problem.place {
            Place::Whole => {
                let text = format!("{file}:1:1: {message}");
                Found { file, line: 0, column: 0, message, text }
            }
            Place::Variable(name) => {
                let message = format!("{name}: {message}");
                Found { file, line: 0, column: 0, text: message.clone(), message }
            }
            Place::Bytes { start, end } => {
                let (line, column) = self.position(*start);
                let excerpt = self.excerpt(line, *start, *end, problem.masked);
                let text = format!("{file}:{line}:{column}: {message}\n{excerpt}");
                Found { file, line: line as u32, column: column as u32, message, text }
            }
        }
    }

    /// The line and column, both from 1, the column in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.before(offset);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The text before an offset; all of it should the offset be none of its own.
    fn before(&self, offset: usize) -> &str {
        self.text.get(..offset).unwrap_or(&self.text)
    }

    fn excerpt(&self, number: usize, start: usize, end: usize, masked: bool) -> String {
        let before = self.before(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let shown = masking::shown_line(line, masked);
        let (from, to) = (before.len() - line_start, end.saturating_sub(line_start));
        let first = shown.iter().position(|(at, _)| *at >= from).unwrap_or(shown.len());
        let meant = shown[first..].iter().take_while(|(at, _)| *at < to).count();
        let number = number.to_string();
        let margin = " ".repeat(number.len());
        let text: String = shown.iter().map(|(_, character)| character).collect();
        let caret = format!("{}{}", " ".repeat(first), "^".repeat(meant.max(1)));
        format!("{margin} |\n{number} | {}\n{margin} | {caret}", text.trim_end())
    }
}
