//! What bodies in flight take of the memory: counted from their first byte until their event is on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes of all bodies that are not on disk yet. Cheap to clone; clones count together.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    /// Reserves memory for a body, or `None` when the bodies in flight would exceed `max_bytes`.
    pub fn reserve(&self, bytes: usize, max_bytes: usize) -> Option<Reservation> {
        let mut reservation = Reservation { in_flight: self.clone(), bytes: 0 };
        reservation.grow(bytes, max_bytes).then_some(reservation)
    }
}

/// Memory that is reserved for a body, until it is dropped.
#[derive(Debug, Default)]
pub struct Reservation {
    in_flight: InFlight,
    bytes: usize,
}

impl Reservation {
    /// Reserves more; `false`, and nothing changed, when the bodies in flight would exceed `max_bytes`.
    pub fn grow(&mut self, bytes: usize, max_bytes: usize) -> bool {
        let InFlight(in_flight) = &self.in_flight;
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
        self.in_flight.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_bounded_together_and_end_when_they_are_dropped() {
        let in_flight = InFlight::default();
        let first = in_flight.reserve(60, 100).unwrap();
        assert!(in_flight.reserve(41, 100).is_none());
        drop(first);
        assert!(in_flight.reserve(100, 100).is_some());
    }
}
