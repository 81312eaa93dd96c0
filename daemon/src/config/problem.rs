//! What is wrong with a configuration, and where.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::excerpt::Document;

/// Where something was written. The order is that of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The file as a whole: what is missing has no place of its own.
    Whole,
    /// These bytes of the file.
    Bytes {
        /// The first one.
        start: usize,
        /// The one behind the last one.
        end: usize,
    },
    /// The environment variable with this name.
    Variable(Arc<str>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub(super) place: Place,
    pub(super) message: String,
    /// Whether the value at that place may be a secret: it is then not shown.
    pub(super) masked: bool,
}

impl Problem {
    /// A problem whose place may be shown.
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), masked: false }
    }
}

/// The problems found so far. Shared by all readers of one file.
#[derive(Default)]
pub(super) struct ProblemList(RefCell<Vec<Problem>>);

impl ProblemList {
    pub(super) fn add(&self, place: Place, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem::new(place, message));
    }

    pub(super) fn extend(&self, problems: impl IntoIterator<Item = Problem>) {
        self.0.borrow_mut().extend(problems);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// A configuration that is refused: the report of all that is wrong with it, each problem as
/// `file:line:column: message` with the line below, or as `VARIABLE: message`. Values that may be secrets are
/// masked.
#[derive(Debug, thiserror::Error)]
#[error("{}", .found.iter().map(|found| found.text.as_str()).collect::<Vec<_>>().join("\n\n"))]
pub struct ConfigProblems {
    found: Vec<Found>,
}

/// A problem as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The path of the file.
    pub file: String,
    /// From 1; 0 when it has no place in the file.
    pub line: u32,
    /// From 1; 0 when it has no place in the file.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// All of it, with its place and the line.
    pub text: String,
}

impl ConfigProblems {
    /// The report of problems in a file.
    pub(super) fn new(document: &Document, problems: ProblemList) -> Self {
        let mut problems = problems.0.into_inner();
        problems.sort();
        problems.dedup();
        Self { found: problems.iter().map(|problem| document.found(problem)).collect() }
    }

    /// The report of a file that cannot be read at all.
    pub(super) fn unreadable(path: &Path, why: &str) -> Self {
        let file = path.display().to_string();
        let text = format!("{file}: {why}");
        Self { found: vec![Found { file, line: 0, column: 0, message: why.to_owned(), text }] }
    }

    /// The problems, in the order of the file.
    pub fn found(&self) -> &[Found] {
        &self.found
    }
}
