//! `[flood]` and `[sources.<name>.flood]`: how many actions of a kind a source's events may make in a minute.

use std::collections::BTreeMap;

use doorman_plugin::ActionKind;

use super::section::Section;

/// The keys, the kinds that they are for, and their defaults; 0: no budget. What reaches people, and what deletes, has one.
const KEYS: [(&str, ActionKind, u32); 13] = [
    ("trigger_per_min", ActionKind::Trigger, 30_000),
    ("cancel_per_min", ActionKind::Cancel, 0),
    ("identify_per_min", ActionKind::Identify, 0),
    ("delete_user_per_min", ActionKind::DeleteUser, 1_000),
    ("set_object_per_min", ActionKind::SetObject, 0),
    ("delete_object_per_min", ActionKind::DeleteObject, 1_000),
    ("subscribe_per_min", ActionKind::Subscribe, 0),
    ("unsubscribe_per_min", ActionKind::Unsubscribe, 0),
    ("set_tenant_per_min", ActionKind::SetTenant, 0),
    ("delete_tenant_per_min", ActionKind::DeleteTenant, 1_000),
    ("add_to_audience_per_min", ActionKind::AddToAudience, 0),
    ("remove_from_audience_per_min", ActionKind::RemoveFromAudience, 0),
    ("send_per_min", ActionKind::Send, 0),
];

/// Budgets by their keys; 0: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flood(BTreeMap<&'static str, u32>);

impl Flood {
    /// The defaults, and what is written.
    pub(super) fn read(section: Section<'_>) -> Self {
        let mut flood = Self(KEYS.iter().map(|(key, _, default)| (*key, *default)).collect());
        flood.0.extend(Self::written(section).0);
        flood
    }

    /// Only what is written.
    pub(super) fn written(mut section: Section<'_>) -> Self {
        let mut written = BTreeMap::new();
        for (key, _, default) in KEYS {
            if section.has(key) {
                written.insert(key, section.whole(key, default, 0..=1_000_000_000));
            }
        }
        section.finish();
        Self(written)
    }

    /// The keys with their values.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.0.iter().map(|(key, budget)| (*key, *budget))
    }

    /// The budgets by kind, those of a source before those of all.
    pub fn budgets(&self, of_source: &Flood) -> impl Iterator<Item = (ActionKind, u32)> {
        KEYS.into_iter().flat_map(|(key, kind, _)| {
            let budget = of_source.0.get(key).or_else(|| self.0.get(key)).copied().unwrap_or(0);
            // A send with options is a send.
            let also = (kind == ActionKind::Send).then_some((ActionKind::SendWith, budget));
            [(kind, budget)].into_iter().chain(also)
        })
    }
}
