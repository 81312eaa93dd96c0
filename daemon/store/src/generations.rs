//! The generations of scripts that were in force.

use std::sync::PoisonError;

use doorman_core::mapping::GenerationId;
use doorman_core::store::StoreError;

use crate::database::View;
use crate::record;
use crate::store::Store;
use crate::table::{Table, meta};

impl Store {
    /// Keeps a generation as the one in force, and drops the oldest if there are too many.
    pub(crate) fn keep(&self, id: GenerationId, archive: &[u8]) -> Result<(), StoreError> {
        // Nothing is changed under the lock but by one batch, so a panic elsewhere leaves nothing half done.
        let _keeping = self.generations.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ids = kept(&self.database.latest())?;
        ids.retain(|kept| *kept != id.0);
        ids.push(id.0);
        let surplus = ids.len().saturating_sub(self.generations.kept.max(1));
        let mut batch = self.database.batch();
        for dropped in ids.drain(..surplus) {
            batch.delete(Table::Generations, &dropped.to_be_bytes());
        }
        let mut buffer = Vec::with_capacity(archive.len() + 1);
        record::encode_bytes(&mut buffer, archive);
        batch.put(Table::Generations, &id.0.to_be_bytes(), &buffer);
        batch.put_record(&mut buffer, Table::Meta, meta::GENERATIONS, &ids);
        self.database.write(batch, true)
    }
}

/// The archive of a generation.
pub fn archive(view: &View<'_>, id: GenerationId) -> Result<Option<Vec<u8>>, StoreError> {
    let key = id.0.to_be_bytes();
    let Some(value) = view.get(Table::Generations, &key)? else {
        return Ok(None);
    };
    let archive = record::decode_bytes(&value).map_err(|malformed| malformed.at(Table::Generations, &key))?;
    Ok(Some(archive.to_vec()))
}

/// The ids of the generations that are kept; the last one is in force.
pub fn kept(view: &View<'_>) -> Result<Vec<u64>, StoreError> {
    let Some(value) = view.get(Table::Meta, meta::GENERATIONS)? else {
        return Ok(Vec::new());
    };
    record::decode(&value).map_err(|malformed| malformed.at(Table::Meta, meta::GENERATIONS))
}
