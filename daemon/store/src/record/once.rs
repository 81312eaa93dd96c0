//! What went only once.

use doorman_core::clock::UnixMillis;
use doorman_plugin::EventId;
use serde::{Deserialize, Serialize};

use super::event::event_id;

/// Until when others do not go, and what went.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OnceRecord {
    /// Others go from this time on.
    pub until: UnixMillis,
    event: [u8; 16],
    /// The number of the event's plan.
    pub plan: u16,
}

impl OnceRecord {
    /// For storing.
    pub fn new(until: UnixMillis, event: &EventId, plan: u16) -> Self {
        Self { until, event: *event.0.as_bytes(), plan }
    }

    /// The event that it went with.
    pub fn event(&self) -> EventId {
        event_id(self.event)
    }
}
