//! The writing side: one commit, one atomic batch.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use doorman_core::clock::UnixMillis;
use doorman_core::store::{Commit, Committed, Journal, StoreError};

use crate::keys;
use crate::ledger::Ledger;
use crate::options::DedupCutoff;
use crate::store::{Store, Trimming, read_entered, read_ledger, read_trimmed};
use crate::table::Table;
use crate::turn::{Ended, Lanes, Minds, Past, Tally, Turn};

/// After so many rows were deleted from the open table, the place where it begins is looked up anew.
const DELETIONS_BETWEEN_LOOKUPS: u64 = 8_192;

/// The one writer of a [`Store`].
///
/// After an error it writes nothing more: every later call gives that error again. What is on disk is in doubt then, and
/// only opening the store anew can say.
pub struct Writer {
    store: Arc<Store>,
    ledger: Ledger,
    tally: Tally,
    lanes: Lanes,
    past: Past,
    window_ms: UnixMillis,
    cutoff: DedupCutoff,
    /// Kept from commit to commit for its capacity.
    buffer: Vec<u8>,
    /// Rows deleted from the open table since it was last looked up where it begins.
    deletions: u64,
    broken: Option<StoreError>,
}

impl Writer {
    /// A writer that goes on from the ledger on disk; where that cannot be read, every call says so. There must be no
    /// other writer.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let written = read_ledger(&store.database)
            .and_then(|ledger| Ok((ledger, read_trimmed(&store.database)?, read_entered(&store.database)?)));
        let before = store.trimming();
        let (ledger, through, entered, broken) = match written {
            Ok((ledger, through, entered)) => (ledger.unwrap_or_default(), through, entered, None),
            Err(error) => (store.ledger(), before.through, 0, Some(error)),
        };
        let past = Past::behind(before.seen);
        store.set_open_from(ledger.open_from);
        store.publish(ledger);
        store.publish_trimming(Trimming { through, seen: past.seen() });
        Self {
            window_ms: UnixMillis::try_from(store.dedup.window.as_millis()).unwrap_or(UnixMillis::MAX),
            cutoff: Arc::clone(&store.dedup.cutoff),
            store,
            ledger,
            tally: Tally::default(),
            lanes: Lanes::new(entered),
            past,
            buffer: Vec::new(),
            deletions: 0,
            broken,
        }
    }

    fn refuse_if_broken(&self) -> Result<(), StoreError> {
        self.broken.as_ref().map_or(Ok(()), |first| Err(again(first)))
    }

    fn break_on_error<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.broken = Some(again(error));
        }
        result
    }

    fn write(
        &mut self,
        commit: &mut Commit,
        now: UnixMillis,
        durable: bool,
    ) -> Result<Committed, StoreError> {
        let now = now.max(self.ledger.clock);
        self.cutoff.store(now.saturating_sub(self.window_ms), Ordering::Relaxed);
        let store = Arc::clone(&self.store);
        let buffer = std::mem::take(&mut self.buffer);
        let minds = Minds {
            tally: &mut self.tally,
            lanes: &mut self.lanes,
            past: &self.past,
            trimmed: store.trimming().through,
        };
        let mut turn = Turn::new(&store.database, self.ledger, minds, self.window_ms, now, buffer);
        let mut committed = Committed::default();
        for event in commit.events.drain(..) {
            committed.events.push(turn.accept(event)?);
        }
        for plan in &commit.plans {
            turn.plan(plan)?;
        }
        for close in &commit.closes {
            turn.close(close)?;
        }
        for id in &commit.revivals {
            committed.revived.push(turn.revive(id)?);
        }
        for id in &commit.releases {
            committed.released.push(turn.release(id)?);
        }
        for (id, to) in &commit.moves {
            committed.moved.push(turn.move_to(id, to, &commit.plans)?);
        }
        for id in &commit.discards {
            committed.discarded.push(turn.discard(id)?);
        }
        for (destination, stops) in &commit.stops {
            turn.stop(destination, stops);
        }
        for trim in &commit.trims {
            committed.trimmed.push(turn.trim(trim));
        }
        let Ended {
            batch,
            ledger,
            only_repeats,
            deletions,
            departures,
            advanced,
            cancelled,
            trims,
            trimmed,
            buffer,
        } = turn.end();
        committed.advanced = advanced;
        committed.cancelled = cancelled;
        // Lowered before the batch is seen, so that no scan begins behind a row that is there.
        if ledger.open_from < self.ledger.open_from {
            store.set_open_from(ledger.open_from);
        }
        // Repeats alone need not wait for the disk: what they repeat is there.
        committed.durable = durable && !only_repeats;
        store.database.write(batch, committed.durable)?;
        store.publish(ledger);
        if trims > 0 || !departures.is_empty() {
            self.past.note(&departures, trims);
            store.publish_trimming(Trimming { through: trimmed, seen: self.past.seen() });
        }
        self.ledger = ledger;
        self.buffer = buffer;
        self.deletions += deletions;
        if self.deletions >= DELETIONS_BETWEEN_LOOKUPS {
            self.look_up_open()?;
        }
        Ok(committed)
    }

    /// Looks up where the open table begins, so that scans do not wade through what was deleted before. Only the writer
    /// can: nobody else adds rows meanwhile. The next batch takes the answer to disk.
    fn look_up_open(&mut self) -> Result<(), StoreError> {
        let view = self.store.database.latest();
        let open = keys::delivery(self.ledger.open_from, 0).to_vec()..keys::behind_event(u64::MAX);
        let first = view.rows(Table::Open, open).next().transpose()?;
        let first = first.and_then(|(key, _)| keys::parse_delivery(&key)).map(|(seq, _)| seq);
        self.ledger.open_from = first.unwrap_or(self.ledger.mapped_through + 1);
        self.store.set_open_from(self.ledger.open_from);
        self.deletions = 0;
        Ok(())
    }

    fn write_to_disk(&mut self) -> Result<(), StoreError> {
        self.store.database.sync()?;
        if self.deletions > 0 { self.look_up_open() } else { Ok(()) }
    }
}

impl Journal for Writer {
    fn commit(
        &mut self,
        commit: &mut Commit,
        now: UnixMillis,
        durable: bool,
    ) -> Result<Committed, StoreError> {
        self.refuse_if_broken()?;
        if commit.is_empty() {
            return Ok(Committed::default());
        }
        let result = self.write(commit, now, durable);
        self.break_on_error(result)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.refuse_if_broken()?;
        let result = self.write_to_disk();
        self.break_on_error(result)
    }
}

/// The same error once more.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Failed { doing, message } => StoreError::Failed { doing, message: message.clone() },
        StoreError::Unreadable { table, key, message } => {
            StoreError::Unreadable { table, key: key.clone(), message: message.clone() }
        }
    }
}
