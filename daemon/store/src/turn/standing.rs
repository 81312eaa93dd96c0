//! How a delivery stands, this commit's changes included.

use doorman_core::store::{StoreError, Verdict};

use super::{Key, Turn};
use crate::keys;
use crate::log;
use crate::record::{CancelledRecord, CancelledRow, OpenRecord, OpenRow};
use crate::table::Table;

/// How a delivery stands.
#[derive(Clone)]
pub enum Standing {
    Open(OpenRow),
    /// What its open row would say.
    Dead(OpenRow),
    Cancelled(CancelledRow),
    Delivered,
}

impl Turn<'_> {
    /// How a delivery stands; `None` when it was never planned, or arrived before this commit.
    pub(super) fn standing(&self, key: Key) -> Result<Option<Standing>, StoreError> {
        let (seq, number) = key;
        if number == 0 {
            return Ok(None);
        }
        if let Some(standing) = self.moved.get(&key) {
            return Ok(Some(standing.clone()));
        }
        let bytes = keys::delivery(seq, number);
        if let Some(value) = self.latest.get(Table::Open, &bytes)? {
            let row = OpenRecord::parse(&value).map_err(|malformed| malformed.at(Table::Open, &bytes))?;
            return Ok(Some(Standing::Open(row)));
        }
        if let Some(value) = self.latest.get(Table::Cancelled, &bytes)? {
            let row =
                CancelledRecord::parse(&value).map_err(|malformed| malformed.at(Table::Cancelled, &bytes))?;
            return Ok(Some(Standing::Cancelled(row)));
        }
        if self.latest.has(Table::Dead, &bytes)? {
            return Ok(self.before_death(key)?.map(Standing::Dead));
        }
        Ok(None)
    }

    /// What the open row of a dead delivery would say, from its plan and its last attempt.
    fn before_death(&self, (seq, number): Key) -> Result<Option<OpenRow>, StoreError> {
        let plan = self.stored_plan(seq)?;
        let Some(Verdict::Actions(actions)) = plan.map(|plan| plan.verdict) else {
            return Ok(None);
        };
        let Some(action) = actions.get(usize::from(number).wrapping_sub(1)) else {
            return Ok(None);
        };
        let last = log::last_attempt(&self.latest, seq, number)?;
        Ok(Some(OpenRow {
            lease: action.lease,
            attempts: last.as_ref().map_or(0, |(_, attempt)| attempt.number),
            logged: last.map_or(0, |(index, _)| index.saturating_add(1)),
            deliveries: u16::try_from(actions.len()).unwrap_or(u16::MAX),
            destination: action.destination.clone(),
            line: action.line.clone(),
            entered: 0,
            cancel: action.cancel_id(),
            since: 0,
        }))
    }
}
