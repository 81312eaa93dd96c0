//! Why a set of scripts is not taken.

use std::path::{Path, PathBuf};

use doorman_core::store::StoreError;
use doorman_mapping::{ScanError, ScriptError};

/// A set of scripts that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ScriptsRefused {
    /// The folder cannot be read.
    #[error("the scripts in {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The folder has no script, where it had some.
    #[error(
        "there is no script in {}: put them back, or point `scripts.path` elsewhere; if it is meant, run `doorman reload --force`",
        .0.display()
    )]
    Empty(PathBuf),
    /// A file that had something in it is empty: an editor or a copy that was cut off, most likely.
    #[error(
        "{0} is empty, and was not before: write it again, or delete it; if it is meant, run `doorman reload --force`"
    )]
    Emptied(String),
    /// Scripts do not compile, or do not do what their samples say.
    #[error("{}", in_full(.0))]
    Broken(Vec<ScriptError>),
    /// A panic.
    #[error(
        "the compiler failed on these scripts (a fault in Doorman itself: please report it); the log has its words"
    )]
    CompilerFailed,
    /// A configured source would lose its script.
    #[error(
        "the script of the source `{0}` is gone ({0}.rhai): put it back, or take the source out of the configuration; if its \
         events are to be held until it has one again, run `doorman reload --force`"
    )]
    SourceLost(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ScriptsRefused {
    /// For a folder that could not be read.
    pub fn unreadable(root: &Path, error: &ScanError) -> Self {
        Self::Unreadable { path: root.to_owned(), reason: error.to_string() }
    }

    /// What is wrong with the scripts themselves.
    pub fn errors(&self) -> &[ScriptError] {
        match self {
            Self::Broken(errors) => errors,
            _ => &[],
        }
    }

    /// In one line: the first error, and how many more there are.
    pub fn one_line(&self) -> String {
        match self.errors() {
            [] => self.to_string(),
            [only] => only.one_line(),
            [first, more @ ..] => format!("{} (and {} more)", first.one_line(), more.len()),
        }
    }
}

fn in_full(errors: &[ScriptError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n\n")
}
