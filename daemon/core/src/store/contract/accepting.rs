//! Accept: what is kept of an event, and what makes it a duplicate.

use super::{DEDUP_WINDOW, START, Subject, accepted, hash, identified, unidentified};
use crate::id;
use crate::store::{Appended, Commit, Dedup, NewEvent, Repeats};

fn duplicate_of(appended: &Appended) -> (u64, bool) {
    match appended {
        Appended::Duplicate { of, conflict } => (id::position(of), *conflict),
        Appended::Accepted(event) => panic!("accepted at {}", event.seq),
    }
}

/// All fields of an event are in the log, under the id that was answered.
pub fn an_accepted_event_reads_back_whole(mut subject: Subject) {
    let new = NewEvent { timestamp: Some(START - 5), ..identified(1, 2) };
    let answered = accepted(subject.append(vec![new]).remove(0));
    let read = subject.log.event(&answered.info.id).expect("the log reads").expect("the event is there");
    assert_eq!(read.info, answered.info);
    assert_eq!(read.info.timestamp.timestamp_millis(), START - 5);
    assert_eq!((read.seq, read.received_at), (1, START));
    assert_eq!(read.dedup, Dedup::Identity { identity: hash(1), body_hash: hash(2) });
    assert_eq!(read.body, answered.body);
    assert_eq!(&*read.body, br#"{"a":1}"#);
}

/// An id with the position of an event but other random bits is not that event's.
pub fn an_id_that_was_never_given_finds_nothing(mut subject: Subject) {
    let event = subject.accept(1).remove(0);
    let bits = event.info.id.0.as_u128() ^ (1 << 48);
    let guessed = doorman_plugin::EventId(uuid::Uuid::from_u128(bits));
    assert!(subject.log.event(&guessed).expect("the log reads").is_none());
    let later = id::event_id(2, START, 0);
    assert!(subject.log.event(&later).expect("the log reads").is_none());
}

/// Also before the first one is on disk.
pub fn a_repeat_in_the_same_commit_is_a_duplicate_of_the_first(mut subject: Subject) {
    let answers = subject.append(vec![identified(1, 1), identified(2, 1), identified(1, 1)]);
    assert_eq!(duplicate_of(&answers[2]), (1, false));
    assert_eq!(subject.log.accepted_through(), 2);
}

/// The plain case.
pub fn a_repeat_in_a_later_commit_is_a_duplicate_of_the_first(mut subject: Subject) {
    subject.append(vec![identified(1, 1)]);
    let answers = subject.append(vec![identified(1, 1)]);
    assert_eq!(duplicate_of(&answers[0]), (1, false));
    assert_eq!(subject.log.counts().accepted, 1);
}

/// It is answered as a duplicate all the same.
pub fn a_repeat_with_another_body_is_a_conflict(mut subject: Subject) {
    let answers = subject.append(vec![identified(1, 1), identified(1, 2)]);
    assert_eq!(duplicate_of(&answers[1]), (1, true));
    let answers = subject.append(vec![identified(1, 3)]);
    assert_eq!(duplicate_of(&answers[0]), (1, true));
}

/// A repeat does not lengthen the window; the event that is accepted after it begins a new one.
pub fn the_window_is_a_minimum_that_counts_from_the_first(mut subject: Subject) {
    let window_ms = DEDUP_WINDOW.as_millis() as i64;
    subject.append(vec![identified(1, 1)]);
    subject.now += window_ms;
    assert_eq!(duplicate_of(&subject.append(vec![identified(1, 1)])[0]), (1, false));
    subject.now += 1;
    assert_eq!(accepted(subject.append(vec![identified(1, 1)]).remove(0)).seq, 2);
    subject.now += window_ms;
    assert_eq!(duplicate_of(&subject.append(vec![identified(1, 1)])[0]), (2, false));
}

/// Neither without a `messageId` nor with one that is not valid.
pub fn an_event_without_an_identity_is_never_a_duplicate(mut subject: Subject) {
    let invalid = NewEvent { dedup: Dedup::InvalidMessageId, ..unidentified() };
    let answers = subject.append(vec![unidentified(), unidentified(), invalid.clone(), invalid]);
    let kept: Vec<Dedup> = answers.into_iter().map(|answer| accepted(answer).dedup).collect();
    assert_eq!(kept[1], Dedup::NoMessageId);
    assert_eq!(kept[3], Dedup::InvalidMessageId);
}

/// How often, how many with another body, and when last.
pub fn repeats_are_noted_at_their_first_event(mut subject: Subject) {
    subject.append(vec![identified(1, 1), identified(2, 1), identified(1, 1), identified(1, 2)]);
    subject.now += 10;
    subject.append(vec![identified(1, 1)]);
    let expected = Repeats { duplicates: 3, conflicts: 1, last_at: START + 10 };
    assert_eq!(subject.log.repeats(1).expect("the log reads"), expected);
    assert_eq!(subject.log.repeats(2).expect("the log reads"), Repeats::default());
    let counts = subject.log.counts();
    assert_eq!((counts.accepted, counts.duplicates, counts.conflicts), (2, 3, 1));
}

/// A commit at an earlier time than the last is taken to be at the last one's.
pub fn positions_are_contiguous_and_time_never_runs_backwards(mut subject: Subject) {
    assert_eq!(subject.log.accepted_through(), 0);
    subject.accept(2);
    subject.now -= 500;
    let event = subject.accept(1).remove(0);
    assert_eq!((event.seq, event.received_at), (3, START));
    assert_eq!(id::unix_ms(&event.info.id), START);
    assert_eq!(subject.log.accepted_through(), 3);
}

/// Not even the time.
pub fn an_empty_commit_changes_nothing(mut subject: Subject) {
    subject.now += 500;
    subject.commit(Commit::default());
    subject.now -= 500;
    assert_eq!(subject.accept(1).remove(0).received_at, START);
}
