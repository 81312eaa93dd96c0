//! Generations that were in force before, made anew from the store.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use doorman_core::mapping::GenerationId;
use doorman_core::store::Log;
use doorman_mapping::{Files, RhaiGeneration, World, compile};

/// So many stay compiled: those that were asked for last.
const COMPILED: usize = 4;

/// Compiles earlier generations.
pub struct Archives {
    log: Arc<dyn Log>,
    world: World,
    compiled: Mutex<VecDeque<(GenerationId, Arc<RhaiGeneration>)>>,
}

impl Archives {
    /// Of this store, for this configuration.
    pub fn new(log: Arc<dyn Log>, world: World) -> Self {
        Self { log, world, compiled: Mutex::default() }
    }

    /// A generation, with the configuration of now.
    ///
    /// # Errors
    ///
    /// Why it cannot be had: it is not kept any more, or does not compile with this configuration.
    pub fn compiled(&self, id: GenerationId) -> Result<Arc<RhaiGeneration>, String> {
        if let Some(known) = self.known(id) {
            return Ok(known);
        }
        let archive = self.log.generation(id).map_err(|error| error.to_string())?;
        let archive = archive.ok_or_else(|| format!("generation {id} is not kept any more"))?;
        let files = Files::from_archive(&archive).map_err(|error| format!("generation {id}: {error}"))?;
        let generation = compile(&files, &self.world).map_err(|errors| {
            let first = errors.first().map(|error| error.one_line()).unwrap_or_default();
            format!("generation {id} does not compile with this configuration: {first}")
        })?;
        let generation = Arc::new(generation);
        let mut compiled = self.lock();
        compiled.push_back((id, Arc::clone(&generation)));
        if compiled.len() > COMPILED {
            compiled.pop_front();
        }
        Ok(generation)
    }

    fn known(&self, id: GenerationId) -> Option<Arc<RhaiGeneration>> {
        let compiled = self.lock();
        compiled.iter().find(|(known, _)| *known == id).map(|(_, generation)| Arc::clone(generation))
    }

    /// Nothing under the lock is left half done by a panic.
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(GenerationId, Arc<RhaiGeneration>)>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
