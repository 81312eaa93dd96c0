//! Close: an attempt ended.

use doorman_core::store::{Close, Lease, Next, Status, StoreError};

use super::tally::Left;
use super::{Key, Standing, Turn};
use crate::keys;
use crate::record::{AttemptRecord, OpenRow};
use crate::table::Table;

impl Turn<'_> {
    /// Notes an attempt and what followed from it. One of a delivery that is not open any more, or that is noted already,
    /// is ignored: a dispatcher that was made anew may make an attempt twice, under the same key, and a committer that
    /// was made anew writes once more what its predecessor had taken.
    pub fn close(&mut self, close: &Close) -> Result<(), StoreError> {
        let key = (close.seq, close.number);
        if close.number == 0 {
            return Ok(());
        }
        let Some(row) = self.open_row(key)? else {
            return Ok(());
        };
        if close.attempt.number <= row.attempts {
            return Ok(());
        }
        self.only_repeats = false;
        let attempt = keys::attempt(close.seq, close.number, row.logged);
        self.batch.put_record(
            &mut self.buffer,
            Table::Deliveries,
            &attempt,
            &AttemptRecord::of(&close.attempt),
        );
        self.end_wait(key, &row);
        // The log of a delivery with more attempts than this ends with the last one, written over and over.
        let logged = row.logged.saturating_add(1);
        match close.attempt.next {
            Next::Delivered => self.finish(key, row.deliveries, Standing::Delivered),
            Next::Dead { .. } => self.finish(key, row.deliveries, Standing::Dead { logged }),
            Next::Retry { at, .. } => {
                let attempts = close.attempt.number;
                self.open(key, OpenRow { lease: Lease::Due(at), attempts, logged, ..row });
                Ok(())
            }
        }
    }

    /// Ends a delivery, and its event with the last one.
    fn finish(&mut self, key: Key, deliveries: u16, standing: Standing) -> Result<(), StoreError> {
        let dead = matches!(standing, Standing::Dead { .. });
        self.delete_open(key);
        if dead {
            self.batch.put(Table::Dead, &keys::delivery(key.0, key.1), &[]);
        }
        self.moved.insert(key, standing);
        let left = match deliveries {
            1 => Left { open: 0, dead: u16::from(dead) },
            _ => self.tally.ended(&self.latest, key.0, dead)?,
        };
        if left.open > 0 {
            return Ok(());
        }
        let status = if left.dead > 0 { Status::Dead } else { Status::Delivered };
        self.ledger.move_event(Status::Pending, status);
        Ok(())
    }
}
