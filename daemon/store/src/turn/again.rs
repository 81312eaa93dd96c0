//! Plan again: another plan of an event that has one.

use doorman_core::store::{Plan, Replanned, Status, StoreError, Undelivered, Verdict, replaced_by};

use super::plan::{Settled, count};
use super::tally::Left;
use super::{Standing, Turn};
use crate::keys;
use crate::log::{self, StoredRun};
use crate::record::{CancelledRow, OpenRow, PlanRecord};
use crate::table::Table;

/// How the deliveries of an event stand, in the order of their numbers; `None` for one that has arrived.
type Standings = Vec<Option<Standing>>;

impl Turn<'_> {
    /// Plans an event once more: what of its deliveries is open or dead is cancelled, and the new ones are opened. Only the
    /// next plan after the one on disk counts; any other has been written already, or was made of what is no more.
    pub(super) fn plan_again(&mut self, next: &Plan) -> Result<(), StoreError> {
        let seq = next.seq;
        let is_first = next.again.is_none() || self.planned.contains_key(&seq);
        if is_first || seq > self.ledger.mapped_through {
            return Ok(());
        }
        let Some(old) = self.stored_plan(seq)? else { return Ok(()) };
        let standings = self.standings(&old)?;
        let standing =
            |number: u16| undelivered(standings.get(usize::from(number).checked_sub(1)?)?.as_ref()?);
        let Some(Replanned { plan, first, .. }) = old.followed_by(next, standing) else { return Ok(()) };
        let Verdict::Actions(actions) = &plan.verdict else { return Ok(()) };
        self.only_repeats = false;
        let before = self.status_before(&old, &standings)?;
        self.replace(&plan, standings, count(actions))?;
        if matches!(old.verdict, Verdict::Dropped { .. }) {
            self.leave_run(seq)?;
        }
        self.planned.insert(seq, Settled::Yes);
        self.batch.put_record(&mut self.buffer, Table::Plans, &keys::event(seq), &PlanRecord::of(&plan));
        self.cancel_sends(&plan)?;
        let cancelled = self.cancelled_before(seq, first)?;
        let left = self.open_deliveries(&plan, actions, first, cancelled)?;
        self.move_event(seq, before, left.status(count(actions)));
        self.replanned.insert(seq, plan);
        Ok(())
    }

    fn standings(&self, plan: &Plan) -> Result<Standings, StoreError> {
        let Verdict::Actions(actions) = &plan.verdict else { return Ok(Vec::new()) };
        (1..=count(actions)).map(|number| self.standing((plan.seq, number))).collect()
    }

    fn status_before(&mut self, old: &Plan, standings: &Standings) -> Result<Status, StoreError> {
        let deliveries = u16::try_from(standings.len()).unwrap_or(u16::MAX);
        Ok(match standings.as_slice() {
            [] => Status::of(Some(old), &[]),
            [only] => Left::of_one(only.as_ref().and_then(undelivered)).status(1),
            _ => self.tally.now(&self.latest, old.seq)?.status(deliveries),
        })
    }

    /// Ends what earlier plans began; all rows know how many deliveries there are now.
    fn replace(&mut self, plan: &Plan, standings: Standings, deliveries: u16) -> Result<(), StoreError> {
        let mut ended = Vec::new();
        for (number, standing) in (1..=u16::MAX).zip(standings) {
            let key = (plan.seq, number);
            match standing {
                Some(Standing::Open(row)) => {
                    self.end_open(key, &row, deliveries, replaced_by(plan.number()));
                    ended.push((key, row));
                }
                Some(Standing::Dead(row)) => {
                    self.end_dead(key, &row, deliveries, replaced_by(plan.number()));
                }
                Some(Standing::Cancelled(row)) => {
                    let was = OpenRow { deliveries, ..row.was };
                    self.cancel(key, CancelledRow { was, ..row });
                }
                Some(Standing::Delivered) | None => {}
            }
        }
        self.all_gone(&ended)
    }

    /// How many deliveries of an event before a number are cancelled.
    fn cancelled_before(&self, seq: u64, first: u16) -> Result<u16, StoreError> {
        let mut cancelled = 0;
        for number in 1..first {
            let is_cancelled = matches!(self.standing((seq, number))?, Some(Standing::Cancelled(_)));
            cancelled += u16::from(is_cancelled);
        }
        Ok(cancelled)
    }

    /// Takes an event out of the run that its plan was part of: those before and behind it have rows of their own.
    fn leave_run(&mut self, seq: u64) -> Result<(), StoreError> {
        let cut = self.cut_runs.range(..=seq).next_back().map(|(_, run)| run.clone());
        let run = match cut.filter(|run| run.covers(seq)) {
            Some(run) => run,
            None => match log::run_of(&self.latest, seq)? {
                Some(run) => run,
                None => return Ok(()),
            },
        };
        self.cut_runs.remove(&run.first);
        for (first, count) in [(run.first, seq - run.first), (seq + 1, run.first + run.count - 1 - seq)] {
            if count > 0 {
                let record = PlanRecord::of_run(run.generation, &run.reason, count);
                self.batch.put_record(&mut self.buffer, Table::Plans, &keys::event(first), &record);
                self.cut_runs.insert(first, StoredRun { first, count, ..run.clone() });
            }
        }
        Ok(())
    }
}

fn undelivered(standing: &Standing) -> Option<Undelivered> {
    match standing {
        Standing::Open(_) => Some(Undelivered::Open),
        Standing::Dead(_) => Some(Undelivered::Dead),
        Standing::Cancelled(_) => Some(Undelivered::Cancelled),
        Standing::Delivered => None,
    }
}
