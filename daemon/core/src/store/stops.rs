//! When a destination was stopped: what the store keeps of it, so that a pause outlasts a restart, and that no delivery ages
//! while nobody attempts it.

use crate::clock::UnixMillis;

/// Stops that are remembered; of more, the two oldest become one of the same length.
const REMEMBERED: usize = 64;

/// A time in which no attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its beginning.
    pub from: UnixMillis,
    /// Its end; `None`: it lasts.
    pub to: Option<UnixMillis>,
}

/// A destination's stops, and why it is stopped now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// An operator paused it.
    pub paused: bool,
    /// Why it is held.
    pub held: Option<String>,
    /// Oldest first, apart from each other; only the last may last.
    pub all: Vec<Stop>,
}

impl Stops {
    /// An operator pauses it; whether that is new.
    pub fn pause(&mut self, now: UnixMillis) -> bool {
        let is_new = !self.paused;
        self.paused = true;
        self.begin(now);
        is_new
    }

    /// It is held.
    pub fn hold(&mut self, reason: String, now: UnixMillis) {
        self.held = Some(reason);
        self.begin(now);
    }

    /// It works again.
    pub fn release(&mut self, now: UnixMillis) {
        self.held = None;
        self.end_unless_stopped(now);
    }

    /// An operator lets it go on, whatever stopped it; whether something did.
    pub fn resume(&mut self, now: UnixMillis) -> bool {
        let was_stopped = self.paused || self.held.is_some();
        self.paused = false;
        self.held = None;
        self.end_unless_stopped(now);
        was_stopped
    }

    /// Since when it is stopped, if it is.
    pub fn since(&self) -> Option<UnixMillis> {
        self.all.last().filter(|stop| stop.to.is_none()).map(|stop| stop.from)
    }

    /// For how long it was stopped between two times.
    pub fn within(&self, from: UnixMillis, to: UnixMillis) -> UnixMillis {
        let overlap = |stop: &Stop| (stop.to.unwrap_or(to).min(to) - stop.from.max(from)).max(0);
        self.all.iter().map(overlap).sum()
    }

    fn begin(&mut self, now: UnixMillis) {
        if self.since().is_some() {
            return;
        }
        self.all.push(Stop { from: now, to: None });
        if self.all.len() > REMEMBERED {
            let oldest = self.all.remove(0);
            let next = &mut self.all[0];
            next.from -= (oldest.to.unwrap_or(oldest.from) - oldest.from).max(0);
        }
    }

    fn end_unless_stopped(&mut self, now: UnixMillis) {
        if self.paused || self.held.is_some() {
            return;
        }
        if let Some(stop) = self.all.last_mut().filter(|stop| stop.to.is_none()) {
            stop.to = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_lasts_until_nothing_stops_it_any_more() {
        let mut stops = Stops::default();
        stops.hold("401".into(), 10);
        stops.pause(20);
        stops.release(30);
        assert_eq!((stops.since(), stops.within(0, 40)), (Some(10), 30), "it is still paused");
        assert!(stops.resume(50));
        assert_eq!((stops.since(), stops.within(0, 100), stops.within(45, 100)), (None, 40, 5));
        assert!(!stops.resume(60));
    }

    #[test]
    fn of_many_stops_the_time_is_kept_and_not_each_of_them() {
        let mut stops = Stops::default();
        for n in 0..1_000 {
            stops.pause(n * 100);
            stops.resume(n * 100 + 10);
        }
        assert_eq!(stops.all.len(), REMEMBERED);
        assert_eq!(stops.within(UnixMillis::MIN / 2, UnixMillis::MAX / 2), 10_000);
    }
}
