//! What is noted of trims.

use doorman_core::store::Through;
use serde::{Deserialize, Serialize};

/// How far events were trimmed.
#[derive(Debug, Serialize, Deserialize)]
pub struct TrimmedRecord {
    finished: u64,
    dead: u64,
}

impl TrimmedRecord {
    /// For storing.
    pub fn of(through: Through) -> Self {
        Self { finished: through.finished, dead: through.dead }
    }

    /// As the rest of the store has it.
    pub fn through(&self) -> Through {
        Through { finished: self.finished, dead: self.dead }
    }
}

/// A range of trimmed events whose table files are to be deleted.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleaseRecord {
    /// The first position.
    pub first: u64,
    /// The last one.
    pub last: u64,
}
