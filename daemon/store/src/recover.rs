//! What was in the hands of dispatchers when the process ended is due again.

use doorman_core::store::{DueKey, Lease, StoreError};

use crate::database::{Batch, Database};
use crate::keys;
use crate::ledger::Ledger;
use crate::record::{Malformed, OpenRecord, OpenRow};
use crate::table::{Table, meta};

/// Rows that are changed in one batch.
const CHUNK_ROWS: usize = 4_096;

/// What was found open at start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Deliveries that are open, waiting or due.
    pub open_deliveries: u64,
    /// Those of them that a dispatcher had: they are due now.
    pub leases_ended: u64,
}

/// Makes every leased delivery due at the time of the last commit, and finds where open rows begin.
///
/// Each chunk is a batch of its own and need not be durable: what a crash undoes is done again at the next start.
pub fn leases(database: &Database, ledger: &mut Ledger) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::default();
    let mut chunk = Chunk { batch: database.batch(), rows: 0, buffer: Vec::new() };
    let mut first = None;
    let view = database.snapshot();
    let open = keys::delivery(ledger.open_from, 0).to_vec()..keys::behind_event(u64::MAX);
    for row in view.rows(Table::Open, open) {
        let (key, value) = row?;
        let (seq, number) =
            keys::parse_delivery(&key).ok_or_else(|| Malformed::because("its key").at(Table::Open, &key))?;
        let row = OpenRecord::parse(&value).map_err(|malformed| malformed.at(Table::Open, &key))?;
        first.get_or_insert(seq);
        if number == 0 {
            continue;
        }
        recovered.open_deliveries += 1;
        if row.lease == Lease::Dispatcher {
            recovered.leases_ended += 1;
            chunk.end_lease(DueKey { at: ledger.clock, seq, number }, row);
        }
        if chunk.rows >= CHUNK_ROWS {
            database.write(std::mem::replace(&mut chunk.batch, database.batch()), false)?;
            chunk.rows = 0;
        }
    }
    ledger.open_from = first.unwrap_or(ledger.mapped_through + 1);
    let Chunk { mut batch, mut buffer, .. } = chunk;
    batch.put_record(&mut buffer, Table::Meta, meta::LEDGER, ledger);
    database.write(batch, false)?;
    Ok(recovered)
}

struct Chunk<'a> {
    batch: Batch<'a>,
    rows: usize,
    buffer: Vec<u8>,
}

impl Chunk<'_> {
    fn end_lease(&mut self, key: DueKey, row: OpenRow) {
        let row = OpenRow { lease: Lease::Due(key.at), ..row };
        let open = keys::delivery(key.seq, key.number);
        self.batch.put_record(&mut self.buffer, Table::Open, &open, &OpenRecord::of(&row));
        self.batch.put(Table::Due, &keys::due(&row.destination, key), &[]);
        self.rows += 1;
    }
}
