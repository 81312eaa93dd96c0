//! The shapes of the scripts in force and of a reload.

use doorman_mapping::ScriptError;
use serde::{Deserialize, Serialize};

/// `GET /api/scripts`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are the documentation: design.md "Words".
pub struct GenerationView {
    pub generation: String,
    /// Since when it is in force, in this process.
    pub since: String,
    /// `auto` or `manual`.
    pub reload: String,
    /// How changes are noticed: `hints` (the system tells of them), `polling` (by a look now and then), or `off`.
    pub watch: String,
    /// Why it is polling, and what to do.
    pub watch_reason: Option<String>,
    pub files: Vec<FileView>,
    pub sources: Vec<SourceView>,
    pub warnings: Vec<ScriptProblemView>,
    /// Why the files on disk are not in force; `null` when they are.
    pub last_error: Option<RefusalView>,
}

/// A file of a generation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileView {
    /// Its path under the scripts' root.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

/// A configured source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SourceView {
    /// Its name.
    pub source: String,
    /// Its script; `null` when it has none, and its events are held.
    pub script: Option<String>,
}

/// What is wrong, or odd, at one place of a script.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScriptProblemView {
    /// The file's path, as an editor would open it.
    pub file: String,
    /// From 1; 0 when it is about the file as a whole.
    pub line: u32,
    /// From 1, in characters; 0 when it is about the line as a whole.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// `file:line:column: error: message`.
    pub one_line: String,
    /// The whole of it, with the line itself.
    pub text: String,
}

impl ScriptProblemView {
    /// Of something that stops the scripts from being used.
    pub fn error(error: &ScriptError) -> Self {
        Self::of(error, error.one_line(), error.to_string())
    }

    /// Of something that does not.
    pub fn warning(warning: &ScriptError) -> Self {
        Self::of(warning, warning.one_line_warning(), warning.as_warning())
    }

    fn of(error: &ScriptError, one_line: String, text: String) -> Self {
        Self {
            file: error.file.clone(),
            line: error.line,
            column: error.column,
            message: error.message.clone(),
            help: error.help.clone(),
            one_line,
            text,
        }
    }
}

/// A set of scripts that was refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct RefusalView {
    pub at: String,
    /// The generation that stays in force.
    pub in_force: String,
    /// All that is wrong.
    pub text: String,
    /// The first of it.
    pub one_line: String,
    /// The same by place; empty when it is not about the text of a script.
    pub errors: Vec<ScriptProblemView>,
}

/// `POST /api/scripts/reload`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReloadRequest {
    /// Scripts that are gone or empty are meant to be.
    #[serde(default)]
    pub force: bool,
}

/// What is on disk is in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReloadAnswer {
    pub generation: String,
    /// The generation before; the same when nothing has changed.
    pub before: String,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub removed: Vec<String>,
    pub warnings: Vec<ScriptProblemView>,
}

/// The member of a 422 that says why a reload was refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefusedReload {
    /// Why.
    pub refused: RefusalView,
}
