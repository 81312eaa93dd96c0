//! Whether events are taken just now. Refused ones are asked to come again: nothing is lost that was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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
    in_flight_bytes: AtomicUsize,
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
        let mut reservation = Reservation { admission: self.clone(), bytes: 0 };
        reservation.grow(bytes, max_bytes).then_some(reservation)
    }
}

/// Memory that is reserved for a body, until it is dropped.
pub struct Reservation {
    admission: Admission,
    bytes: usize,
}

impl Reservation {
    /// Reserves more; `false`, and nothing changed, when the bodies in flight would exceed `max_bytes`.
    pub fn grow(&mut self, bytes: usize, max_bytes: usize) -> bool {
        let in_flight = &self.admission.shared.in_flight_bytes;
        let before = in_flight.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > max_bytes {
            in_flight.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.admission.shared.in_flight_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_bounded_together_and_end_when_they_are_dropped() {
        let admission = Admission::default();
        let first = admission.reserve(60, 100).unwrap();
        assert!(admission.reserve(41, 100).is_none());
        drop(first);
        assert!(admission.reserve(100, 100).is_some());
    }

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
