//! What is in force, and what was refused last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use doorman_core::clock::UnixMillis;
use doorman_core::mapping::{Generation, GenerationId};
use doorman_mapping::{Changes, Files, RhaiGeneration};

use super::ScriptsRefused;

/// How the scripts stand at one moment.
#[derive(Clone)]
pub struct Standing {
    /// The generation in force.
    pub generation: Arc<RhaiGeneration>,
    /// Since when, in this process.
    pub since: UnixMillis,
    /// Its files.
    pub files: Files,
    /// Why the files on disk are not in force; `None` when they are.
    pub refused: Option<Arc<Refusal>>,
}

impl Standing {
    /// The generation's id.
    pub fn id(&self) -> GenerationId {
        self.generation.id()
    }
}

/// A set that was refused.
#[derive(Debug)]
pub struct Refusal {
    /// When.
    pub at: UnixMillis,
    /// Why.
    pub error: ScriptsRefused,
    /// What stays in force.
    pub in_force: GenerationId,
}

/// What a reload came to.
#[derive(Clone)]
pub enum Outcome {
    /// What is on disk is in force.
    InForce(InForce),
    /// It is not.
    Refused(Arc<Refusal>),
}

/// What a reload put in force.
#[derive(Clone)]
pub struct InForce {
    /// The generation.
    pub generation: Arc<RhaiGeneration>,
    /// The one before; the same when nothing has changed.
    pub before: GenerationId,
    /// What was done to the files.
    pub changes: Changes,
}

/// The standing as it changes, and how many reloads there were.
pub struct Ledger {
    standing: Mutex<Arc<Standing>>,
    taken: AtomicU64,
    refused: AtomicU64,
}

impl Ledger {
    /// Begins with this.
    pub fn new(standing: Standing) -> Self {
        Self {
            standing: Mutex::new(Arc::new(standing)),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// How the scripts stand.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that a reload ended so.
    pub fn note(&self, standing: Standing) {
        let count = if standing.refused.is_some() { &self.refused } else { &self.taken };
        count.fetch_add(1, Ordering::Relaxed);
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(standing);
    }

    /// How many reloads ended with what was on disk in force, and how many were refused.
    pub fn counts(&self) -> [(&'static str, u64); 2] {
        [("ok", self.taken.load(Ordering::Relaxed)), ("refused", self.refused.load(Ordering::Relaxed))]
    }
}
