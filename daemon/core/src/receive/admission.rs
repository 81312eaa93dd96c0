//! Whether events are taken just now. Refused ones are asked to come again: nothing is lost that was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::queues::memory::{InFlight, Reservation};

/// Why no event is taken just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The disk is nearly full.
    DiskLow,
    /// The daemon is stopping.
    Draining,
}

/// Shared by all connections and whoever watches over the disk and the process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Admission {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    disk_low: AtomicBool,
    draining: AtomicBool,
    in_flight: InFlight,
}

impl Admission {
    /// Why nothing is taken, if so.
    pub fn closed(&self) -> Option<Closed> {
        if self.shared.draining.load(Ordering::Relaxed) {
            return Some(Closed::Draining);
        }
        self.shared.disk_low.load(Ordering::Relaxed).then_some(Closed::DiskLow)
    }

    /// Says whether the disk is nearly full.
    pub fn set_disk_low(&self, low: bool) {
        self.shared.disk_low.store(low, Ordering::Relaxed);
    }

    /// The daemon is stopping: nothing is taken from now on.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Reserves memory for a body, or `None` when the bodies in flight would exceed `max_bytes`.
    pub fn reserve(&self, bytes: usize, max_bytes: usize) -> Option<Reservation> {
        self.shared.in_flight.reserve(bytes, max_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draining_is_told_before_a_full_disk() {
        let admission = Admission::default();
        assert_eq!(admission.closed(), None);
        admission.set_disk_low(true);
        assert_eq!(admission.closed(), Some(Closed::DiskLow));
        admission.drain();
        assert_eq!(admission.closed(), Some(Closed::Draining));
    }
}
