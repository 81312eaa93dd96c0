//! Plan: what a generation made of an event.

use std::sync::Arc;

use doorman_core::store::{Action, Plan, Status, StoreError, Verdict};

use super::Turn;
use super::run::Run;
use crate::keys;
use crate::log;
use crate::record::{OpenRow, PlanRecord};
use crate::table::Table;

/// How an event stands before it is planned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It has no plan.
    No,
    /// It waits for a script.
    Held,
    /// Its mapping failed.
    Failed,
    /// It is not to be planned again.
    Yes,
}

impl Settled {
    fn by(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Held => Settled::Held,
            Verdict::Failed { .. } => Settled::Failed,
            Verdict::Actions(_) | Verdict::Dropped { .. } => Settled::Yes,
        }
    }

    fn status(self) -> Status {
        if self == Settled::Failed { Status::Dead } else { Status::Pending }
    }
}

/// The status of an event that was just planned: its deliveries are open, if it has any.
fn status_after(plan: &Plan) -> Status {
    match &plan.verdict {
        Verdict::Actions(actions) if !actions.is_empty() => Status::Pending,
        _ => Status::of(Some(plan), &[]),
    }
}

impl Turn<'_> {
    /// Plans an event, unless it is settled already: a mapper that was made anew may bring a plan twice.
    pub fn plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let before = self.settled(plan.seq)?;
        if before == Settled::Yes {
            return Ok(());
        }
        let after = Settled::by(&plan.verdict);
        self.only_repeats = false;
        self.ledger.mapped_through = self.ledger.mapped_through.max(plan.seq);
        if before == Settled::No && self.joins_a_run(plan) {
            self.move_event(plan.seq, Status::Pending, Status::Dropped);
            return Ok(());
        }
        self.planned.insert(plan.seq, after);
        self.batch.put_record(&mut self.buffer, Table::Plans, &keys::event(plan.seq), &PlanRecord::of(plan));
        self.move_held(plan.seq, before, after);
        if let Verdict::Actions(actions) = &plan.verdict {
            self.open_deliveries(plan.seq, actions)?;
        }
        self.move_event(plan.seq, before.status(), status_after(plan));
        Ok(())
    }

    /// Adds the plan of an event that nobody wants to the run at its end, or begins another.
    fn joins_a_run(&mut self, plan: &Plan) -> bool {
        if self.runs.last_mut().is_some_and(|run| run.add(plan)) {
            return true;
        }
        let begun = Run::begin(plan);
        let begins = begun.is_some();
        self.runs.extend(begun);
        begins
    }

    /// How an event stands, this commit's plans included. One that is not there, or not any more, needs no plan.
    fn settled(&self, seq: u64) -> Result<Settled, StoreError> {
        if seq == 0 || seq > self.ledger.accepted_through {
            return Ok(Settled::Yes);
        }
        if let Some(settled) = self.planned.get(&seq) {
            return Ok(*settled);
        }
        if self.runs.iter().any(|run| run.covers(seq)) {
            return Ok(Settled::Yes);
        }
        if seq > self.ledger.mapped_through {
            return Ok(Settled::No);
        }
        let gone = if seq <= self.trimmed.highest() { Settled::Yes } else { Settled::No };
        Ok(self.stored_plan(seq)?.map_or(gone, |plan| Settled::by(&plan.verdict)))
    }

    /// The plan of an event as the last commit left it.
    pub(super) fn stored_plan(&self, seq: u64) -> Result<Option<Plan>, StoreError> {
        log::plan(&self.latest, seq)
    }

    fn move_held(&mut self, seq: u64, before: Settled, after: Settled) {
        match (before == Settled::Held, after == Settled::Held) {
            (false, true) => {
                self.ledger.held += 1;
                self.open((seq, 0), OpenRow::held());
            }
            (true, false) => {
                self.ledger.held = self.ledger.held.saturating_sub(1);
                self.delete_open((seq, 0));
            }
            _ => {}
        }
    }

    fn open_deliveries(&mut self, seq: u64, actions: &[Action]) -> Result<(), StoreError> {
        let deliveries = u16::try_from(actions.len()).unwrap_or(u16::MAX);
        if deliveries > 1 {
            self.tally.planned(seq, deliveries);
        }
        let mut lined = Vec::new();
        for (number, action) in (1..=deliveries).zip(actions) {
            let row = OpenRow {
                lease: action.lease,
                attempts: 0,
                logged: 0,
                deliveries,
                destination: Arc::clone(&action.destination),
                line: action.line.clone(),
                entered: 0,
            };
            if row.line.is_some() {
                lined.push((number, row, action));
            } else {
                self.open((seq, number), row);
            }
        }
        if lined.is_empty() { Ok(()) } else { self.open_lined(seq, lined) }
    }
}
