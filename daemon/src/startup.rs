//! What can go wrong before the daemon runs, and the exit code of each.

use crate::cli::Exit;
use crate::listening::BindError;
use crate::reload::ScriptsRefused;
use crate::tokens::TokensError;

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or not ours to listen on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The admin listener was given a unix socket.
    #[error(
        "`admin.listen` names a unix socket, which this version does not serve: write \"127.0.0.1:8481\""
    )]
    UnixSocket,
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] doorman_store::OpenError),
    /// The tokens cannot be had.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// There is no set of scripts to run with.
    #[error(transparent)]
    Scripts(#[from] ScriptsRefused),
    /// A secret cannot be had.
    #[error("admin.token: {0}")]
    Secret(#[from] doorman_plugin::secret::SecretError),
    /// The operating system refused.
    #[error("the system refused: {0}")]
    Io(#[from] std::io::Error),
}

impl StartError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Bind(_) | Self::Io(_) => Exit::Unavailable,
            Self::UnixSocket | Self::Scripts(_) | Self::Secret(_) => Exit::Config,
            Self::Store(doorman_store::OpenError::Locked { .. }) => Exit::TempFail,
            Self::Store(_) | Self::Tokens(_) => Exit::Io,
        }
    }
}
