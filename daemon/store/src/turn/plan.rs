//! Plan: what a generation made of an event.

use std::sync::Arc;

use doorman_core::store::{Action, Plan, Status, StoreError, Verdict};

use super::Turn;
use super::run::Run;
use super::tally::Left;
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

/// The status of an event that was just planned, if these of its deliveries have not arrived.
fn status_after(plan: &Plan, left: Left) -> Status {
    match &plan.verdict {
        Verdict::Actions(actions) if !actions.is_empty() => left.status(count(actions)),
        _ => Status::of(Some(plan), &[]),
    }
}

/// How many deliveries an event with these actions has.
pub(super) fn count(actions: &[Action]) -> u16 {
    u16::try_from(actions.len()).unwrap_or(u16::MAX)
}

impl Turn<'_> {
    /// Plans an event. Of one that is settled already it must be the next plan: a mapper that was made anew may bring a plan
    /// twice.
    pub fn plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let before = self.settled(plan.seq)?;
        if before == Settled::Yes {
            return self.plan_again(plan);
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
        self.cancel_sends(plan)?;
        let left = match &plan.verdict {
            Verdict::Actions(actions) => self.open_deliveries(plan, actions, 1, 0)?,
            _ => Left::default(),
        };
        self.move_event(plan.seq, before.status(), status_after(plan, left));
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

    /// Opens the deliveries of a plan's actions from a number on; of those before it, so many are cancelled. What of the
    /// event has not arrived then.
    pub(super) fn open_deliveries(
        &mut self,
        plan: &Plan,
        actions: &[Action],
        first: u16,
        cancelled: u16,
    ) -> Result<Left, StoreError> {
        let (seq, deliveries) = (plan.seq, count(actions));
        let (mut lined, mut refused) = (Vec::new(), 0);
        for (number, action) in (1..=deliveries).zip(actions).skip(usize::from(first) - 1) {
            let row = OpenRow {
                lease: action.lease,
                attempts: 0,
                logged: 0,
                deliveries,
                destination: Arc::clone(&action.destination),
                line: action.line.clone(),
                entered: 0,
                cancel: action.cancel_id(),
                since: self.now.max(action.not_before()),
            };
            if let Some(reason) = self.went_before(plan, action)? {
                refused += 1;
                self.end_cancelled((seq, number), &row, deliveries, reason);
                continue;
            }
            self.put_cancel((seq, number), row.cancel, true);
            if row.line.is_some() {
                lined.push((number, row, action));
            } else {
                self.open((seq, number), row);
            }
        }
        let left = Left::begun(deliveries - (first - 1), refused, cancelled);
        if deliveries > 1 {
            self.tally.planned(seq, left);
        }
        if !lined.is_empty() {
            self.open_lined(seq, lined)?;
        }
        Ok(left)
    }
}
