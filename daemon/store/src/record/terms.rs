//! What plans have beside their actions: terms, what they cancel, and the plans before them.

use doorman_core::clock::UnixMillis;
use doorman_core::identity::Hash128;
use doorman_core::mapping::GenerationId;
use doorman_core::store::{Again, CancelSend, Earlier, Once, Terms};
use serde::{Deserialize, Serialize};

use super::plan::PlaceRecord;

/// [`Terms`] as they are stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct TermsRecord<'a> {
    not_before: UnixMillis,
    #[serde(borrow)]
    once: Option<(&'a str, Hash128, UnixMillis)>,
    #[serde(borrow)]
    cancel: Option<(&'a str, Hash128)>,
}

impl<'a> TermsRecord<'a> {
    /// For storing.
    pub fn of(terms: &'a Terms) -> Self {
        Self {
            not_before: terms.not_before,
            once: terms.once.as_ref().map(|Once { key, id, within_ms }| (&**key, *id, *within_ms)),
            cancel: terms.cancel.as_ref().map(|(key, id)| (&**key, *id)),
        }
    }

    /// As the rest of the store has them.
    pub fn terms(self) -> Terms {
        Terms {
            not_before: self.not_before,
            once: self.once.map(|(key, id, within_ms)| Once { key: key.into(), id, within_ms }),
            cancel: self.cancel.map(|(key, id)| (key.into(), id)),
        }
    }
}

/// A [`CancelSend`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct CancelSendRecord<'a> {
    key: &'a str,
    id: Hash128,
    #[serde(borrow)]
    place: PlaceRecord<'a>,
}

impl<'a> CancelSendRecord<'a> {
    /// For storing.
    pub fn of(cancel: &'a CancelSend) -> Self {
        Self { key: &cancel.key, id: cancel.id, place: PlaceRecord::of(&cancel.place) }
    }

    /// As the rest of the store has it.
    pub fn cancel(self) -> CancelSend {
        CancelSend { key: self.key.into(), id: self.id, place: self.place.place() }
    }
}

/// [`Again`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct AgainRecord {
    number: u16,
    /// Their generations, and the number of the last delivery of each.
    earlier: Vec<(u64, u16)>,
    linked: Vec<u16>,
    dropped: Option<String>,
}

impl AgainRecord {
    /// For storing.
    pub fn of(again: &Again) -> Self {
        let Again { number, earlier, linked, dropped } = again.clone();
        let earlier = earlier.into_iter().map(|one| (one.generation.0, one.through)).collect();
        Self { number, earlier, linked, dropped }
    }

    /// As the rest of the store has it.
    pub fn again(self) -> Again {
        let Self { number, earlier, linked, dropped } = self;
        let of = |(generation, through)| Earlier { generation: GenerationId(generation), through };
        Again { number, earlier: earlier.into_iter().map(of).collect(), linked, dropped }
    }
}
