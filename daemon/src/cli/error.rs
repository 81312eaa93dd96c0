//! What can go wrong in a command: each error says what, where and what to do next.

use std::fmt;
use std::io;

use serde::Deserialize;

use super::exit::Exit;
use super::text::safe;
use crate::admin::view::Candidate;

/// A command that failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Nobody listens.
    #[error(
        "nothing listens at {address} ({source}): start the daemon with `doorman run`, or name its configuration with --config"
    )]
    NotRunning {
        /// Where.
        address: String,
        /// The operating system's words.
        source: io::Error,
    },
    /// Somebody listens, but there was no whole answer.
    #[error("{address} did not answer: {message}; `doorman status` and the daemon's log say more")]
    NoAnswer {
        /// Where.
        address: String,
        /// Why.
        message: String,
    },
    /// Somebody answers, but not as Doorman does.
    #[error("{address} does not answer as Doorman does ({message}): see which program listens there")]
    NotDoorman {
        /// Where.
        address: String,
        /// What is odd.
        message: String,
    },
    /// The daemon refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The daemon did not do it to the end.
    #[error("{0}")]
    EndedEarly(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] doorman_store::OpenError),
    /// What was typed is wrong.
    #[error("{0}")]
    Usage(String),
    /// What was given is wrong.
    #[error("{0}")]
    Data(String),
    /// The configuration is wrong: its problems, rendered.
    #[error("{0}")]
    Config(String),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    NoInput {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The result cannot be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            CliError::NotRunning { .. } | CliError::NoAnswer { .. } | CliError::NotDoorman { .. } => {
                Exit::Unavailable
            }
            CliError::Refused(refusal) => refusal.exit(),
            CliError::EndedEarly(_) => Exit::TempFail,
            CliError::Store(error) => exit_of(error),
            CliError::Usage(_) => Exit::Usage,
            CliError::Data(_) => Exit::Data,
            CliError::Config(_) => Exit::Config,
            CliError::NoInput { .. } => Exit::NoInput,
            // The reader has seen enough, as in `doorman events list | head`.
            CliError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
            CliError::Output(_) => Exit::Io,
        }
    }
}

/// A damaged store is what was asked for: the answer is a no.
fn exit_of(error: &doorman_store::OpenError) -> Exit {
    use doorman_store::OpenError;
    match error {
        OpenError::Corrupt { .. } => Exit::Failed,
        OpenError::Missing { .. } => Exit::NoInput,
        OpenError::Locked { .. } | OpenError::Torn { .. } => Exit::TempFail,
        OpenError::Permission { .. } => Exit::NoPermission,
        OpenError::NewerFormat { .. } => Exit::Data,
        OpenError::Failed { .. } => Exit::Io,
    }
}

/// The exit code of a command that ended; an error is told on standard error.
pub fn conclude(result: Result<Exit, CliError>) -> Exit {
    let error = match result {
        Ok(exit) => return exit,
        Err(error) => error,
    };
    if error.exit() != Exit::Ok {
        eprintln!("doorman: {error}");
    }
    error.exit()
}

/// A problem+json answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What kind of problem it is.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// What an ambiguous id may mean.
    pub candidates: Vec<Candidate>,
}

/// What is wrong with one field.
#[derive(Debug, Deserialize)]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl Refusal {
    fn exit(&self) -> Exit {
        match self.status {
            401 | 403 => Exit::NoPermission,
            404 => Exit::NoInput,
            408 | 429 | 503 => Exit::TempFail,
            400..=499 => Exit::Data,
            _ => Exit::Software,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", safe(&self.message))?;
        if self.status == 422 || self.errors.len() > 1 {
            for error in &self.errors {
                write!(f, "\n  {}: {}", safe(&error.field), safe(&error.message))?;
            }
        }
        for one in &self.candidates {
            write!(f, "\n  {}  {}  {}", safe(&one.id), safe(&one.received_at), safe(&one.event))?;
        }
        Ok(())
    }
}
