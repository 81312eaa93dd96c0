//! One commit in the making: what it reads, what it changes, and the batch that it becomes.
//!
//! Rows that this commit has changed are not in the database yet: whatever a later step of the same commit may ask for
//! is noted here, and looked up here first.

mod accept;
mod again;
mod close;
mod discard;
mod lines;
mod moves;
mod plan;
mod revive;
mod run;
mod standing;
mod tally;
mod terms;
mod trim;

use std::collections::BTreeMap;
use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::identity::Hash128;
use doorman_core::store::{DueKey, Plan, Repeats, Status, Stops, StoreError, Through, Undelivered};
use doorman_plugin::{DeliveryId, EventId};
use rustc_hash::FxHashMap;

use crate::database::{Batch, Database, View};
use crate::keys;
use crate::ledger::Ledger;
use crate::log::StoredRun;
use crate::record::{OnceRecord, OpenRecord, OpenRow, PlanRecord, RepeatsRecord, StopsRecord};
use crate::table::{Table, meta};

pub use lines::Lanes;
use lines::Places;
use plan::Settled;
pub use run::LONGEST as LONGEST_RUN;
use run::Run;
use standing::Standing;
pub use tally::{Left, Tally};
pub use trim::{Past, delete};

/// The first event of an identity, and the hash of its body.
type First = (EventId, Hash128);

/// A delivery: its event's position and its number.
type Key = (u64, u16);

/// What the writer keeps in mind from one commit to the next.
pub struct Minds<'a> {
    /// What is left of events with several deliveries.
    pub tally: &'a mut Tally,
    /// Where lanes begin.
    pub lanes: &'a mut Lanes,
    /// What surveys may not have seen.
    pub past: &'a Past,
    /// How far events are trimmed.
    pub trimmed: Through,
}

/// One commit in the making.
pub struct Turn<'a> {
    latest: View<'a>,
    batch: Batch<'a>,
    ledger: Ledger,
    tally: &'a mut Tally,
    lanes: &'a mut Lanes,
    past: &'a Past,
    trimmed: Through,
    window_ms: UnixMillis,
    now: UnixMillis,
    buffer: Vec<u8>,
    /// Identities that this commit accepted.
    identities: FxHashMap<Hash128, First>,
    /// Repeats that this commit counted, with those before.
    repeats: FxHashMap<u64, Repeats>,
    /// Deliveries that this commit has moved.
    moved: FxHashMap<Key, Standing>,
    /// How many deliveries events have of which this commit has opened some that have lines.
    opened: FxHashMap<u64, u16>,
    /// Places in lanes that this commit has given or taken.
    places: Places,
    /// Runs that it has cut in two, by the position of their first events.
    cut_runs: BTreeMap<u64, StoredRun>,
    /// Whether it has given any.
    entered_lanes: bool,
    /// Rows of the cancels table that this commit has put or deleted.
    cancel_rows: Places,
    /// What this commit's plans let go only once.
    onces: FxHashMap<Hash128, OnceRecord>,
    /// Deliveries that this commit's plans have cancelled.
    cancelled: Vec<(Arc<str>, DeliveryId)>,
    /// Destinations with deliveries that this commit let go, and when they are due.
    advanced: Vec<(Arc<str>, UnixMillis)>,
    /// Plans that this commit has changed.
    replanned: FxHashMap<u64, Plan>,
    /// Events that this commit planned.
    planned: FxHashMap<u64, Settled>,
    /// Events that this commit planned as runs; the last one may still grow.
    runs: Vec<Run>,
    /// Finished events that ceased in this commit to be what they were.
    departures: Vec<u64>,
    trims: u64,
    only_repeats: bool,
    deletions: u64,
}

/// A commit that is ready to be written.
pub struct Ended<'a> {
    /// All its changes.
    pub batch: Batch<'a>,
    /// The ledger that is among them.
    pub ledger: Ledger,
    /// Whether it did nothing but count repeats.
    pub only_repeats: bool,
    /// Rows that it deletes from the open table.
    pub deletions: u64,
    /// Finished events that ceased in it to be what they were.
    pub departures: Vec<u64>,
    /// Destinations with deliveries that it let go, and when they are due.
    pub advanced: Vec<(Arc<str>, UnixMillis)>,
    /// Deliveries that its plans cancelled.
    pub cancelled: Vec<(Arc<str>, DeliveryId)>,
    /// Trims that it does.
    pub trims: u64,
    /// How far events are trimmed.
    pub trimmed: Through,
    /// The buffer, to be used again.
    pub buffer: Vec<u8>,
}

impl<'a> Turn<'a> {
    /// Begins a commit at `now`, which is not before the ledger's clock.
    pub fn new(
        database: &'a Database,
        mut ledger: Ledger,
        minds: Minds<'a>,
        window_ms: UnixMillis,
        now: UnixMillis,
        buffer: Vec<u8>,
    ) -> Self {
        let Minds { tally, lanes, past, trimmed } = minds;
        tally.begin();
        ledger.clock = now;
        Self {
            latest: database.latest(),
            batch: database.batch(),
            ledger,
            tally,
            lanes,
            past,
            trimmed,
            window_ms,
            now,
            buffer,
            identities: FxHashMap::default(),
            repeats: FxHashMap::default(),
            moved: FxHashMap::default(),
            opened: FxHashMap::default(),
            places: Places::new(),
            entered_lanes: false,
            cut_runs: BTreeMap::new(),
            cancel_rows: Places::new(),
            onces: FxHashMap::default(),
            cancelled: Vec::new(),
            advanced: Vec::new(),
            replanned: FxHashMap::default(),
            planned: FxHashMap::default(),
            runs: Vec::new(),
            departures: Vec::new(),
            trims: 0,
            only_repeats: true,
            deletions: 0,
        }
    }

    /// Notes when a destination was stopped.
    pub fn stop(&mut self, destination: &str, stops: &Stops) {
        self.only_repeats = false;
        let record = StopsRecord::of(stops);
        self.batch.put_record(&mut self.buffer, Table::Meta, &meta::stops(destination), &record);
    }

    /// All of it is said.
    pub fn end(mut self) -> Ended<'a> {
        for (seq, repeats) in &self.repeats {
            let record = RepeatsRecord::of(repeats);
            self.batch.put_record(&mut self.buffer, Table::Repeats, &keys::event(*seq), &record);
        }
        for run in &self.runs {
            let record = PlanRecord::of_run(run.generation(), run.reason(), run.count());
            self.batch.put_record(&mut self.buffer, Table::Plans, &keys::event(run.first()), &record);
        }
        self.batch.put_record(&mut self.buffer, Table::Meta, meta::LEDGER, &self.ledger);
        if self.entered_lanes {
            self.batch.put_record(&mut self.buffer, Table::Meta, meta::ENTERED, &vec![self.lanes.entered]);
        }
        Ended {
            batch: self.batch,
            ledger: self.ledger,
            only_repeats: self.only_repeats,
            deletions: self.deletions,
            departures: self.departures,
            advanced: self.advanced,
            cancelled: self.cancelled,
            trims: self.trims,
            trimmed: self.trimmed,
            buffer: self.buffer,
        }
    }

    /// Puts an open row, and its due row if it waits in the store.
    fn open(&mut self, (seq, number): Key, row: OpenRow) {
        self.ledger.opened(seq);
        self.batch.put_record(
            &mut self.buffer,
            Table::Open,
            &keys::delivery(seq, number),
            &OpenRecord::of(&row),
        );
        if let Some(at) = row.lease.due_at() {
            self.batch.put(Table::Due, &keys::due(&row.destination, DueKey { at, seq, number }), &[]);
        }
        if row.line.is_some() {
            self.opened.insert(seq, row.deliveries);
        }
        self.moved.insert((seq, number), Standing::Open(row));
    }

    /// Deletes the due row of an open row, if it has one.
    fn end_wait(&mut self, (seq, number): Key, row: &OpenRow) {
        if let Some(at) = row.lease.due_at() {
            self.batch.delete(Table::Due, &keys::due(&row.destination, DueKey { at, seq, number }));
        }
    }

    /// Deletes an open row.
    fn delete_open(&mut self, (seq, number): Key) {
        self.batch.delete(Table::Open, &keys::delivery(seq, number));
        self.deletions += 1;
    }

    /// A delivery that stood like this now stands like that (`None`: it has arrived): its event's status follows.
    fn follow(
        &mut self,
        seq: u64,
        deliveries: u16,
        from: Undelivered,
        to: Option<Undelivered>,
    ) -> Result<(), StoreError> {
        let (before, after) = match deliveries {
            1 => (Left::of_one(Some(from)), Left::of_one(to)),
            _ => self.tally.moved(&self.latest, seq, from, to)?,
        };
        let (before, after) = (before.status(deliveries), after.status(deliveries));
        self.move_event(seq, before, after);
        Ok(())
    }

    /// An event that stood like this now stands like that. A survey may have seen a finished one as it was.
    fn move_event(&mut self, seq: u64, before: Status, after: Status) {
        if before == after {
            return;
        }
        self.ledger.move_event(before, after);
        if before != Status::Pending {
            self.departures.push(seq);
        }
    }
}
