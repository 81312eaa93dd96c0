//! Close: an attempt ended.

use doorman_core::store::{Close, Lease, Next, StoreError, Undelivered};

use super::{Key, Standing, Turn};
use crate::keys;
use crate::record::{AttemptRecord, CancelledRow, OpenRow};
use crate::table::Table;

impl Turn<'_> {
    /// Notes an attempt and what followed from it. One of a delivery that is not open any more, or that is noted already,
    /// is ignored: a dispatcher that was made anew may make an attempt twice, under the same key, and a committer that
    /// was made anew writes once more what its predecessor had taken.
    pub fn close(&mut self, close: &Close) -> Result<(), StoreError> {
        let key = (close.seq, close.number);
        let row = match self.standing(key)? {
            Some(Standing::Open(row)) => row,
            Some(Standing::Cancelled(row)) => {
                self.note_late(key, row, close);
                return Ok(());
            }
            _ => return Ok(()),
        };
        if close.attempt.number <= row.attempts {
            return Ok(());
        }
        self.end_wait(key, &row);
        let row = self.note(key, row, close);
        match close.attempt.next {
            Next::Delivered => self.finish(key, &row, None, Standing::Delivered),
            Next::Dead { .. } => {
                self.batch.put(Table::Dead, &keys::delivery(key.0, key.1), &[]);
                self.finish(key, &row, Some(Undelivered::Dead), Standing::Dead(row.clone()))
            }
            Next::Retry { at, .. } | Next::Held { at, .. } => {
                self.open(key, OpenRow { lease: Lease::Due(at), ..row });
                Ok(())
            }
        }
    }

    /// Puts an attempt in the log; gives the open row with it. The log of a delivery with more attempts than can be
    /// numbered ends with the last one, written over and over.
    fn note(&mut self, key: Key, row: OpenRow, close: &Close) -> OpenRow {
        self.only_repeats = false;
        let attempt = keys::attempt(key.0, key.1, row.logged);
        let record = AttemptRecord::of(&close.attempt);
        self.batch.put_record(&mut self.buffer, Table::Deliveries, &attempt, &record);
        let attempts = match close.attempt.next {
            Next::Held { .. } => row.attempts,
            _ => close.attempt.number,
        };
        OpenRow { attempts, logged: row.logged.saturating_add(1), ..row }
    }

    /// An attempt was under way when its delivery was cancelled: it is noted, once, and changes nothing.
    fn note_late(&mut self, key: Key, row: CancelledRow, close: &Close) {
        if close.attempt.number <= row.was.attempts {
            return;
        }
        let was = self.note(key, row.was, close);
        self.cancel(key, CancelledRow { was, ..row });
    }

    /// Ends an open delivery, and its event with the last one.
    fn finish(
        &mut self,
        key: Key,
        row: &OpenRow,
        to: Option<Undelivered>,
        standing: Standing,
    ) -> Result<(), StoreError> {
        self.delete_open(key);
        self.put_cancel(key, row.cancel, false);
        self.moved.insert(key, standing);
        self.gone(key, row)?;
        self.follow(key.0, row.deliveries, Undelivered::Open, to)
    }
}
