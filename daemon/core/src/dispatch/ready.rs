//! Deliveries that wait in memory for their attempt, and the rates at which attempts may begin.
//!
//! A destination has one rate for all, and its plugin may know others for some (Knock takes so many triggers in a second,
//! and so many deletions): one that is used up does not hold up the deliveries of another.

use std::collections::VecDeque;

use doorman_plugin::{Delivery, Rate};

use crate::clock::UnixMillis;

/// Those that count towards one rate.
struct Class {
    name: &'static str,
    bucket: Option<Bucket>,
    waiting: VecDeque<Delivery>,
}

/// The waiting deliveries of one destination.
pub struct Ready {
    all: Option<Bucket>,
    classes: Vec<Class>,
    count: usize,
}

/// Why none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoneNow {
    /// None is there.
    Empty,
    /// The rate is used up until this time.
    Until(UnixMillis),
}

impl Ready {
    /// Nothing waits; at most `per_s` attempts begin in a second.
    pub fn new(per_s: Option<f64>) -> Self {
        Self { all: per_s.map(Bucket::new), classes: Vec::new(), count: 0 }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One more waits, and counts towards this rate.
    pub fn push(&mut self, delivery: Delivery, rate: Option<Rate>) {
        self.class(rate).waiting.push_back(delivery);
        self.count += 1;
    }

    /// One is taken back, and is the next of its rate.
    pub fn push_front(&mut self, delivery: Delivery, rate: Option<Rate>) {
        self.class(rate).waiting.push_front(delivery);
        self.count += 1;
    }

    /// The next whose rates allow it at `now`.
    pub fn take(&mut self, now: UnixMillis) -> Result<Delivery, NoneNow> {
        if self.is_empty() {
            return Err(NoneNow::Empty);
        }
        if let Some(until) = self.all.as_ref().and_then(|bucket| bucket.until(now)) {
            return Err(NoneNow::Until(until));
        }
        let mut earliest = UnixMillis::MAX;
        for class in self.classes.iter_mut().filter(|class| !class.waiting.is_empty()) {
            if let Some(until) = class.bucket.as_ref().and_then(|bucket| bucket.until(now)) {
                earliest = earliest.min(until);
                continue;
            }
            let Some(delivery) = class.waiting.pop_front() else { continue };
            self.count -= 1;
            [&mut self.all, &mut class.bucket].into_iter().flatten().for_each(|bucket| bucket.take(now));
            return Ok(delivery);
        }
        Err(NoneNow::Until(earliest))
    }

    /// Keeps those that satisfy a condition.
    pub fn retain(&mut self, mut keeps: impl FnMut(&Delivery) -> bool) {
        for class in &mut self.classes {
            class.waiting.retain(&mut keeps);
        }
        self.count = self.classes.iter().map(|class| class.waiting.len()).sum();
    }

    fn class(&mut self, rate: Option<Rate>) -> &mut Class {
        let name = rate.map_or("", |rate| rate.name);
        let at = self.classes.iter().position(|class| class.name == name).unwrap_or_else(|| {
            let bucket = rate.map(|rate| Bucket::new(rate.per_s));
            self.classes.push(Class { name, bucket, waiting: VecDeque::new() });
            self.classes.len() - 1
        });
        &mut self.classes[at]
    }
}

/// As many attempts as in one second, and at least one, may begin together; then one in each interval (the generic cell
/// rate algorithm).
struct Bucket {
    /// Between two attempts, in microseconds.
    interval_us: i64,
    /// How far ahead of its time an attempt may be, in microseconds.
    ahead_us: i64,
    /// When the next attempt would begin if all were evenly spread, in microseconds since 1970.
    next_us: i64,
}

impl Bucket {
    fn new(per_s: f64) -> Self {
        let interval_us = ((1e6 / per_s.max(1e-6)) as i64).max(1);
        Self { interval_us, ahead_us: (1_000_000 - interval_us).max(0), next_us: 0 }
    }

    /// When the next attempt may begin; `None`: now.
    fn until(&self, now: UnixMillis) -> Option<UnixMillis> {
        let may_us = self.next_us - self.ahead_us;
        // Rounded up: an attempt never begins early.
        let may = may_us.saturating_add(999).div_euclid(1_000);
        (may > now).then_some(may)
    }

    fn take(&mut self, now: UnixMillis) {
        self.next_us = self.next_us.max(now.saturating_mul(1_000)).saturating_add(self.interval_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::delivery;

    fn rate(name: &'static str, per_s: f64) -> Option<Rate> {
        Some(Rate { name, per_s })
    }

    /// How many begin in so many milliseconds.
    fn taken(ready: &mut Ready, from: UnixMillis, for_ms: UnixMillis) -> usize {
        (from..from + for_ms).map(|now| std::iter::from_fn(|| ready.take(now).ok()).count()).sum()
    }

    fn filled(per_s: Option<f64>, count: u64) -> Ready {
        let mut ready = Ready::new(per_s);
        (1..=count).for_each(|seq| ready.push(delivery(seq), None));
        ready
    }

    #[test]
    fn as_many_as_in_a_second_begin_at_once_and_then_one_in_each_interval() {
        let mut ready = filled(Some(10.0), 100);
        assert_eq!(taken(&mut ready, 1_000, 1), 10);
        assert_eq!(ready.take(1_001).unwrap_err(), NoneNow::Until(1_100));
        assert_eq!(taken(&mut ready, 1_001, 1_000), 10);
        assert_eq!(ready.len(), 80);
    }

    #[test]
    fn a_rate_below_one_a_second_lets_one_through_and_then_waits() {
        let mut ready = filled(Some(0.5), 3);
        assert_eq!((taken(&mut ready, 5_000, 1), taken(&mut ready, 5_001, 2_000)), (1, 1));
    }

    #[test]
    fn without_a_rate_all_begin() {
        assert_eq!(taken(&mut filled(None, 100), 0, 1), 100);
    }

    #[test]
    fn a_rate_that_is_used_up_does_not_hold_up_the_deliveries_of_another() {
        let mut ready = Ready::new(None);
        (1..=5).for_each(|seq| ready.push(delivery(seq), rate("deletes", 1.0)));
        (6..=10).for_each(|seq| ready.push(delivery(seq), rate("triggers", 1_000.0)));
        assert_eq!(taken(&mut ready, 0, 1), 6);
        assert_eq!(ready.take(1).unwrap_err(), NoneNow::Until(1_000));
    }

    #[test]
    fn one_that_is_taken_back_is_the_next() {
        let mut ready = filled(None, 2);
        let first = ready.take(0).unwrap();
        let id = first.id;
        ready.push_front(first, None);
        assert_eq!(ready.take(0).unwrap().id, id);
        ready.retain(|_| false);
        assert_eq!(ready.take(0).unwrap_err(), NoneNow::Empty);
    }
}
