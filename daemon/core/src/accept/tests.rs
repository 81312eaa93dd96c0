//! The committer on the in-memory store.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use doorman_plugin::DeliveryId;
use tokio::sync::oneshot::error::TryRecvError;

use super::committer::{Committer, Limits};
use crate::clock::Clock;
use crate::mapping::GenerationId;
use crate::queues::commit::{CommitQueue, HandOver, NotWritten, Submitted};
use crate::queues::delivery::{DeliveryQueue, Leased};
use crate::queues::mapping::MappingQueue;
use crate::queues::memory::{InFlight, Reservation};
use crate::sample::{delivery, leased_action, new_event, store};
use crate::store::model::MemoryStore;
use crate::store::{Commit, Committed, Journal, Log, Plan, StoreError, Stretch, Through, Trim, Verdict};

const LIMITS: Limits = Limits { max_batch_events: 2, max_batch_bytes: 1_000 };

struct Desk {
    committer: Committer,
    commits: CommitQueue,
    mapping: MappingQueue,
    sink: DeliveryQueue,
}

fn desk(journal: impl Journal) -> Desk {
    let commits = CommitQueue::new(3);
    let mapping = MappingQueue::new(100, 1_000);
    let sink = DeliveryQueue::new(2);
    let committer = committer(journal, &commits, &mapping, &sink);
    Desk { committer, commits, mapping, sink }
}

fn committer(
    journal: impl Journal,
    commits: &CommitQueue,
    mapping: &MappingQueue,
    sink: &DeliveryQueue,
) -> Committer {
    let deliveries = HashMap::from([("sink".into(), sink.clone())]);
    let clock = Clock::manual(1_000);
    Committer::new(Box::new(journal), commits.clone(), mapping.clone(), deliveries, clock, LIMITS)
}

/// A journal whose disk has failed.
struct Failing;

impl Journal for Failing {
    fn commit(&mut self, _: &mut Commit, _: i64, _: bool) -> Result<Committed, StoreError> {
        Err(StoreError::Failed { doing: "writing", message: "no space left on device".to_owned() })
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A journal that panics once, before or after it has written.
struct Panicking {
    memory: MemoryStore,
    before: bool,
    armed: Arc<AtomicBool>,
}

impl Journal for Panicking {
    fn commit(&mut self, commit: &mut Commit, now: i64, durable: bool) -> Result<Committed, StoreError> {
        let panics = self.armed.swap(false, Ordering::Relaxed);
        assert!(!(panics && self.before), "before it is written");
        let committed = self.memory.commit(commit, now, durable);
        assert!(!panics, "after it is written");
        committed
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.memory.sync()
    }
}

#[test]
fn nobody_is_answered_before_the_batch_is_written() {
    let mut desk = desk(store());
    let mut answer = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    assert_eq!(answer.try_recv(), Err(TryRecvError::Empty));
    desk.committer.turn().unwrap();
    assert!(matches!(answer.try_recv(), Ok(Submitted::Accepted(_))));
}

#[test]
fn duplicates_in_one_batch_and_across_batches_get_the_first_ones_id() {
    let mut desk = desk(store());
    let mut answers: Vec<_> = (0..3)
        .map(|_| desk.commits.submit(new_event("a", Some("m")), Reservation::default()).unwrap())
        .collect();
    desk.committer.turn().unwrap();
    let answers: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap()).collect();
    let Submitted::Accepted(first) = answers[0] else { panic!("{answers:?}") };
    assert_eq!(answers[1..], [Submitted::Duplicate { of: first, conflict: false }; 2]);
    assert_eq!(desk.mapping.take_from(1, 9).len(), 1, "only the first is mapped");
}

#[test]
fn more_events_than_the_queue_holds_are_refused_at_once() {
    let desk = desk(store());
    let _answers: Vec<_> =
        (0..3).map(|_| desk.commits.submit(new_event("a", None), Reservation::default()).unwrap()).collect();
    assert_eq!(
        desk.commits.submit(new_event("a", None), Reservation::default()).unwrap_err(),
        NotWritten::Busy
    );
}

#[test]
fn a_failed_write_answers_nobody_and_is_an_error() {
    let mut desk = desk(Failing);
    let mut answer = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    let error = desk.committer.turn().unwrap_err().to_string();
    assert!(error.contains("no space left"), "{error}");
    assert_eq!(answer.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn all_that_waits_is_written_in_batches_of_the_limit() {
    let memory = store();
    let mut desk = desk(memory.clone());
    let answers: Vec<_> =
        (0..3).map(|_| desk.commits.submit(new_event("a", None), Reservation::default()).unwrap()).collect();
    desk.committer.turn().unwrap();
    assert_eq!(memory.accepted_through(), 3);
    drop(answers);
}

#[tokio::test]
async fn ended_attempts_alone_wait_for_a_later_fsync_and_accepted_events_are_one() {
    let mut desk = desk(store());
    let commits = desk.commits.clone();
    let closed = tokio::spawn(async move { commits.close(Vec::new()).await });
    tokio::task::yield_now().await;
    desk.committer.turn().unwrap();
    assert_eq!(closed.await.unwrap(), Ok(()));
    assert!(desk.committer.is_unsynced());
    let _answer = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    desk.committer.turn().unwrap();
    assert!(!desk.committer.is_unsynced(), "the event's fsync covered them");
}

#[tokio::test]
async fn reviving_what_is_not_dead_says_so() {
    let mut desk = desk(store());
    let commits = desk.commits.clone();
    let id = DeliveryId { event: crate::id::event_id(7, 1, 1), number: 1 };
    let revived = tokio::spawn(async move { commits.revive(vec![id]).await });
    tokio::task::yield_now().await;
    desk.committer.turn().unwrap();
    assert_eq!(revived.await.unwrap(), Ok(vec![None]));
}

#[tokio::test]
async fn those_who_discard_in_one_batch_get_their_own_answers_and_the_dispatcher_is_told() {
    let memory = store();
    let mut desk = desk(memory.clone());
    let _answer = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    desk.committer.turn().unwrap();
    desk.commits.leave(vec![to_sink(1)]).unwrap();
    desk.committer.turn().unwrap();
    let id = memory.deliveries(1).unwrap().remove(0).id;
    let unknown = DeliveryId { number: 9, ..id };
    let asked = [vec![unknown], vec![id, unknown]].map(|ids| {
        let commits = desk.commits.clone();
        tokio::spawn(async move { commits.discard(ids).await })
    });
    tokio::task::yield_now().await;
    desk.committer.turn().unwrap();
    let [first, second] = asked;
    assert_eq!(first.await.unwrap(), Ok(vec![None]));
    assert_eq!(second.await.unwrap(), Ok(vec![Some("sink".into()), None]));
    assert_eq!(desk.sink.take().discarded, HashSet::from([id]));
    assert!(!desk.committer.is_unsynced(), "an operator's act is on disk when it is answered");
}

#[tokio::test]
async fn an_act_in_vain_does_not_pass_for_the_fsync_of_those_before() {
    struct InVain;
    impl Journal for InVain {
        fn commit(&mut self, _: &mut Commit, _: i64, _: bool) -> Result<Committed, StoreError> {
            Ok(Committed { discarded: vec![None], durable: false, ..Committed::default() })
        }

        fn sync(&mut self) -> Result<(), StoreError> {
            Ok(())
        }
    }
    let mut desk = desk(InVain);
    let commits = desk.commits.clone();
    let id = DeliveryId { event: crate::id::event_id(7, 1, 1), number: 1 };
    let discarded = tokio::spawn(async move { commits.discard(vec![id]).await });
    tokio::task::yield_now().await;
    desk.committer.turn().unwrap();
    assert_eq!(discarded.await.unwrap(), Ok(vec![None]));
    assert!(desk.committer.is_unsynced());
}

#[test]
fn plans_that_are_left_go_with_the_next_batch_or_the_next_wake_and_never_ask_for_an_fsync() {
    let memory = store();
    let mut desk = desk(memory.clone());
    let _first = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    let _second = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    desk.committer.turn().unwrap();
    desk.commits.leave(vec![dropped(1)]).unwrap();
    assert!(desk.commits.take_awaited().is_empty(), "nobody waits for them");
    let _third = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    desk.committer.turn().unwrap();
    assert_eq!(memory.mapped_through(), 1);
    desk.commits.leave(vec![dropped(2)]).unwrap();
    desk.committer.turn().unwrap();
    assert_eq!(memory.mapped_through(), 2);
    assert!(desk.committer.is_unsynced());
}

fn to_sink(seq: u64) -> Plan {
    Plan::new(seq, GenerationId(1), Verdict::Actions(vec![leased_action()]))
}

fn dropped(seq: u64) -> Plan {
    let verdict = Verdict::Dropped { reason: "not for us".to_owned(), place: None };
    Plan::new(seq, GenerationId(1), verdict)
}

/// One event that is dropped, and a trim of it.
fn trim_of_one(desk: &mut Desk, memory: &MemoryStore) -> Trim {
    let _answer = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
    desk.committer.turn().unwrap();
    desk.commits.leave(vec![dropped(1)]).unwrap();
    desk.committer.turn().unwrap();
    let stretch = Stretch { after: 0, through: 1 };
    memory.survey(stretch, Through { finished: 1, dead: 1 }, 9).unwrap().trim
}

#[tokio::test]
async fn a_trim_is_awaited_and_on_disk_when_it_is_answered() {
    let memory = store();
    let mut desk = desk(memory.clone());
    let trim = trim_of_one(&mut desk, &memory);
    assert!(desk.committer.is_unsynced());
    let commits = desk.commits.clone();
    let again = trim.clone();
    let asked = tokio::spawn(async move { tokio::join!(commits.trim(again), commits.trim(trim)) });
    tokio::task::yield_now().await;
    let taken = desk.commits.take_awaited();
    assert_eq!((taken.work.trims.len(), taken.trimmed.len()), (2, 2), "somebody waits");
    *desk.commits.taken() = taken;
    desk.committer.turn().unwrap();
    assert_eq!(asked.await.unwrap(), (Ok(true), Ok(false)));
    assert!(!desk.committer.is_unsynced());
    assert_eq!(memory.counts().trimmed, 1);
}

/// Whether it was done or not, it is refused: what is left is found by another look.
#[tokio::test]
async fn a_trim_that_a_new_committer_writes_once_more_is_counted_once_and_answered() {
    for before in [true, false] {
        let memory = store();
        let armed = Arc::new(AtomicBool::new(false));
        let journal = || Panicking { memory: memory.clone(), before, armed: Arc::clone(&armed) };
        let mut desk = desk(journal());
        let trim = trim_of_one(&mut desk, &memory);
        let commits = desk.commits.clone();
        let asked = tokio::spawn(async move { commits.trim(trim).await });
        tokio::task::yield_now().await;
        armed.store(true, Ordering::Relaxed);
        assert!(catch_unwind(AssertUnwindSafe(|| desk.committer.turn())).is_err());
        memory.renew_writer();
        let mut next = committer(journal(), &desk.commits, &desk.mapping, &desk.sink);
        next.turn().unwrap();
        assert_eq!(asked.await.unwrap(), Ok(false));
        assert_eq!(memory.counts().trimmed, u64::from(!before));
        assert!(memory.counts().are_conserved());
    }
}

/// Plans and their deliveries are written and handed over once, whatever the instant; the event in the same batch is
/// refused, since it may or may not be on disk.
#[tokio::test]
async fn a_committer_that_is_made_anew_ends_what_its_predecessor_had_taken() {
    for before in [true, false] {
        let memory = store();
        let armed = Arc::new(AtomicBool::new(false));
        let journal = || Panicking { memory: memory.clone(), before, armed: Arc::clone(&armed) };
        let mut desk = desk(journal());
        let _first = desk.commits.submit(new_event("a", None), Reservation::default()).unwrap();
        desk.committer.turn().unwrap();
        let _ = desk.sink.take();

        let place = desk.sink.take_place().unwrap();
        let leased = HashMap::from([("sink".into(), vec![Leased { delivery: delivery(1), place }])]);
        let hand_over = HandOver { leased, ..HandOver::default() };
        let commits = desk.commits.clone();
        let planned = tokio::spawn(async move { commits.plan(vec![to_sink(1)], hand_over).await });
        tokio::task::yield_now().await;
        let mut event = desk.commits.submit(new_event("a", Some("m")), Reservation::default()).unwrap();
        armed.store(true, Ordering::Relaxed);
        assert!(catch_unwind(AssertUnwindSafe(|| desk.committer.turn())).is_err());
        assert_eq!(event.try_recv(), Err(TryRecvError::Closed), "before: {before}");

        let mut next = committer(journal(), &desk.commits, &desk.mapping, &desk.sink);
        next.turn().unwrap();
        assert_eq!(planned.await.unwrap(), Ok(()));
        let arrived = desk.sink.take();
        assert_eq!((arrived.leased.len(), arrived.parked), (1, Some(0)), "and the dispatchers look around");
        let accepted = if before { 1 } else { 2 };
        assert_eq!((memory.accepted_through(), memory.mapped_through()), (accepted, 1));
    }
}

#[test]
fn the_memory_of_a_body_is_reserved_until_its_event_is_on_disk_whether_its_sender_waits_or_not() {
    let mut desk = desk(store());
    let in_flight = InFlight::default();
    let reservation = in_flight.reserve(8, 10).unwrap();
    drop(desk.commits.submit(new_event("a", None), reservation).unwrap());
    assert!(in_flight.reserve(3, 10).is_none());
    desk.committer.turn().unwrap();
    assert!(in_flight.reserve(10, 10).is_some());
}
