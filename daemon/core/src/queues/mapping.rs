//! Accepted events on their way to the scripts. What does not fit is not lost: the mapper reads it from the store. Beside
//! them, the events that an operator wants mapped again.

mod again;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

pub use again::{Asked, How, Left, MAX_AGAIN, MappedAgain, Replan, TooMany, Wanted};

use crate::store::Event;

/// The mapper's queue: a bounded, contiguous run of the newest events, to spare it reading them back.
/// Cheap to clone; clones are the same queue.
#[derive(Clone)]
pub struct MappingQueue {
    shared: Arc<Shared>,
}

struct Shared {
    run: Mutex<Run>,
    max_events: usize,
    max_bytes: usize,
    again: Mutex<again::Again>,
    more: Notify,
}

#[derive(Default)]
struct Run {
    events: VecDeque<Arc<Event>>,
    /// Of their bodies.
    bytes: usize,
}

impl Run {
    fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.body.len();
        self.events.push_back(event);
    }

    fn pop(&mut self) -> Option<Arc<Event>> {
        let event = self.events.pop_front()?;
        self.bytes -= event.body.len();
        Some(event)
    }
}

impl MappingQueue {
    /// A queue of at most `max_events`, whose bodies have at most `max_bytes` together.
    pub fn new(max_events: usize, max_bytes: usize) -> Self {
        let shared = Shared {
            run: Mutex::default(),
            max_events,
            max_bytes,
            again: Mutex::default(),
            more: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Hands over events that were just committed, in the order of their positions. What does not fit, and all behind
    /// it, is left out.
    pub fn hand_over(&self, events: Vec<Arc<Event>>) {
        let mut run = self.lock();
        for event in events {
            let follows = run.events.back().is_none_or(|last| last.seq + 1 == event.seq);
            let fits = run.events.len() < self.shared.max_events
                && run.bytes + event.body.len() <= self.shared.max_bytes;
            if !follows || !fits {
                break;
            }
            run.push(event);
        }
        drop(run);
        self.shared.more.notify_one();
    }

    /// Takes up to `limit` events from position `seq` on. Empty when the queue does not have that position: then the
    /// store does, if it exists.
    pub fn take_from(&self, seq: u64, limit: usize) -> Vec<Arc<Event>> {
        let mut run = self.lock();
        while run.events.front().is_some_and(|event| event.seq < seq) {
            run.pop();
        }
        if run.events.front().is_none_or(|event| event.seq != seq) {
            return Vec::new();
        }
        let count = limit.min(run.events.len());
        (0..count).filter_map(|_| run.pop()).collect()
    }

    /// Asks for events to be mapped again, all or none of them. Each receiver gets its answer once what came of the event
    /// is on disk; an error says that the mapper ended before it could answer.
    pub fn ask_again(&self, wanted: Vec<Wanted>) -> Result<Vec<oneshot::Receiver<MappedAgain>>, TooMany> {
        let answers = self.again().ask(wanted)?;
        self.wake();
        Ok(answers)
    }

    /// Takes up to `limit` events that are to be mapped again. Where more are left, [`MappingQueue::more`] returns at once.
    pub fn take_again(&self, limit: usize) -> Vec<Asked> {
        let mut again = self.again();
        let taken = again.take(limit);
        if !again.is_empty() {
            self.wake();
        }
        taken
    }

    /// Says that there may be something to do: after a reload, say.
    pub fn wake(&self) {
        self.shared.more.notify_one();
    }

    /// Returns when there may be something to map.
    pub async fn more(&self) {
        self.shared.more.notified().await;
    }

    /// Nothing under the lock can panic but for want of memory, which ends the process.
    fn again(&self) -> MutexGuard<'_, again::Again> {
        self.shared.again.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic elsewhere can at most leave out events, which the mapper then reads from the store.
    fn lock(&self) -> MutexGuard<'_, Run> {
        self.shared.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use doorman_plugin::EventInfo;

    use super::*;
    use crate::id::event_id;
    use crate::store::Dedup;

    const BODY: &[u8] = b"12345";

    fn event(seq: u64) -> Arc<Event> {
        let info = EventInfo {
            id: event_id(seq, 1, 0),
            event: "e".into(),
            message_id: None,
            user_id: None,
            source: "s".into(),
            environment: "d".into(),
            timestamp: chrono::DateTime::UNIX_EPOCH,
        };
        let dedup = Dedup::NoMessageId;
        Arc::new(Event { seq, info: Arc::new(info), received_at: 1, dedup, body: Bytes::from_static(BODY) })
    }

    fn positions(events: &[Arc<Event>]) -> Vec<u64> {
        events.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn events_come_out_in_order_and_no_more_than_asked_for() {
        let queue = MappingQueue::new(10, 1_000);
        queue.hand_over((1..=3).map(event).collect());
        assert_eq!(positions(&queue.take_from(1, 2)), [1, 2]);
        assert_eq!(positions(&queue.take_from(3, 2)), [3]);
    }

    #[test]
    fn what_does_not_fit_leaves_a_gap_that_the_store_fills() {
        let queue = MappingQueue::new(2, 1_000);
        queue.hand_over((1..=4).map(event).collect());
        assert_eq!(positions(&queue.take_from(1, 9)), [1, 2]);
        assert!(queue.take_from(3, 9).is_empty(), "3 and 4 did not fit");
        queue.hand_over(vec![event(5)]);
        assert!(queue.take_from(3, 9).is_empty(), "5 waits until 3 and 4 were read from the store");
        assert_eq!(positions(&queue.take_from(5, 9)), [5]);
    }

    #[test]
    fn large_bodies_fill_the_queue_too_and_leave_room_when_they_are_taken() {
        let queue = MappingQueue::new(9, 2 * BODY.len());
        queue.hand_over((1..=3).map(event).collect());
        assert_eq!(positions(&queue.take_from(1, 9)), [1, 2]);
        queue.hand_over(vec![event(4)]);
        assert_eq!(positions(&queue.take_from(4, 9)), [4]);
    }

    #[test]
    fn events_that_were_read_from_the_store_meanwhile_are_passed_over() {
        let queue = MappingQueue::new(9, 1_000);
        queue.hand_over((1..=4).map(event).collect());
        assert_eq!(positions(&queue.take_from(3, 9)), [3, 4]);
    }
}
