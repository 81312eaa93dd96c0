//! Says in the log which events nobody wants, without flooding it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::UnixMillis;
use crate::store::Event;

/// Each name is told at most once in this time.
const ONCE_IN_MS: UnixMillis = 60_000;
/// Names that are remembered; beyond them nothing is told until the oldest can be forgotten.
const MAX_NAMES: usize = 256;

/// Remembers which names were told, and how many events followed silently.
#[derive(Default)]
pub struct Unwanted {
    told: HashMap<Arc<str>, Told>,
}

struct Told {
    at: UnixMillis,
    silent: u64,
}

impl Unwanted {
    /// An event was dropped because no handler wants it.
    pub fn note(&mut self, event: &Event, reason: &str, now: UnixMillis) {
        let Some(silent) = self.tell(&event.info.event, now) else { return };
        let info = &event.info;
        if silent == 0 {
            tracing::info!(source = &*info.source, environment = &*info.environment, "dropped: {reason}");
        } else {
            tracing::info!(source = &*info.source, silent, "dropped: {reason} (and as many before, untold)");
        }
    }

    /// Whether to tell of this name now, and how many were not told of since the last time.
    fn tell(&mut self, name: &Arc<str>, now: UnixMillis) -> Option<u64> {
        if let Some(told) = self.told.get_mut(name) {
            if now - told.at < ONCE_IN_MS {
                told.silent += 1;
                return None;
            }
            told.at = now;
            return Some(std::mem::take(&mut told.silent));
        }
        if self.told.len() >= MAX_NAMES {
            self.told.retain(|_, told| now - told.at < ONCE_IN_MS);
        }
        if self.told.len() >= MAX_NAMES {
            return None;
        }
        self.told.insert(Arc::clone(name), Told { at: now, silent: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_once_a_minute_with_the_number_of_those_between() {
        let mut unwanted = Unwanted::default();
        let name: Arc<str> = "order.creatd".into();
        assert_eq!(unwanted.tell(&name, 0), Some(0));
        assert_eq!(unwanted.tell(&name, 1), None);
        assert_eq!(unwanted.tell(&name, 59_999), None);
        assert_eq!(unwanted.tell(&name, 60_000), Some(2));
    }

    #[test]
    fn ever_new_names_neither_flood_the_log_nor_fill_the_memory() {
        let mut unwanted = Unwanted::default();
        let told = (0..1_000).filter(|number| unwanted.tell(&number.to_string().into(), 0).is_some()).count();
        assert_eq!((told, unwanted.told.len()), (MAX_NAMES, MAX_NAMES));
        assert_eq!(unwanted.tell(&"later".into(), ONCE_IN_MS), Some(0));
    }
}
