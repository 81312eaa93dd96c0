//! What every store must do, as small named checks: run on the model here and on each real store by its own crate.
//!
//! `store_contract!(with_store)` makes one test of each check; `with_store(check)` gives the check a [`Subject`] around
//! a new, empty store. After every commit the subject recounts all events by what the log says of each, and compares.

mod accepting;
mod again;
mod delivering;
mod discarding;
mod lines;
mod planning;
mod reading;
mod terms;
mod trimming;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::{ActionKind, DeliveryId};
use serde_json::value::RawValue;

pub use accepting::*;
pub use again::*;
pub use delivering::*;
pub use discarding::*;
pub use lines::*;
pub use planning::*;
pub use reading::*;
pub use terms::*;
pub use trimming::*;

use super::{
    Action, Appended, Attempt, Close, Commit, Committed, Counts, Dedup, Event, Journal, Lease, Log, NewEvent,
    Next, Plan, Status, Trim, Verdict,
};
use crate::clock::UnixMillis;
use crate::identity::Hash128;
use crate::mapping::{GenerationId, Place};

/// The dedup window of a store that is checked.
pub const DEDUP_WINDOW: Duration = Duration::from_secs(1_000);

/// When a check begins.
const START: UnixMillis = 1_700_000_000_000;

/// A new, empty store with its time, and the words in which the checks are written.
pub struct Subject {
    journal: Box<dyn Journal>,
    log: Arc<dyn Log>,
    now: UnixMillis,
    /// Events that were trimmed.
    trimmed: u64,
}

impl Subject {
    /// Around a new store whose window is [`DEDUP_WINDOW`].
    pub fn new(journal: Box<dyn Journal>, log: Arc<dyn Log>) -> Self {
        Self { journal, log, now: START, trimmed: 0 }
    }

    fn commit(&mut self, mut commit: Commit) -> Committed {
        let durable = commit.must_be_durable();
        let trims: Vec<u64> = commit.trims.iter().map(Trim::events).collect();
        let committed =
            self.journal.commit(&mut commit, self.now, durable).expect("the store takes a commit");
        let done = trims.iter().zip(&committed.trimmed).filter(|(_, done)| **done);
        self.trimmed += done.map(|(events, _)| events).sum::<u64>();
        assert_eq!(
            self.recounted(),
            self.log.counts(),
            "what was counted and what the log says of each event"
        );
        assert!(self.log.counts().are_conserved());
        committed
    }

    fn recounted(&self) -> Counts {
        let mut counts = Counts { accepted: self.trimmed, trimmed: self.trimmed, ..Counts::default() };
        for event in self.log.events_after(0, usize::MAX).expect("the log reads") {
            let repeats = self.log.repeats(event.seq).expect("the log reads");
            counts.accepted += 1;
            counts.duplicates += repeats.duplicates;
            counts.conflicts += repeats.conflicts;
            *counts.of(self.status(event.seq)) += 1;
        }
        if self.trimmed > 0 {
            // Repeats of what is gone are counted, and nowhere to be seen.
            let Counts { duplicates, conflicts, .. } = self.log.counts();
            counts = Counts { duplicates, conflicts, ..counts };
        }
        counts
    }

    fn status(&self, seq: u64) -> Status {
        let plan = self.log.plan(seq).expect("the log reads");
        Status::of(plan.as_ref(), &self.log.deliveries(seq).expect("the log reads"))
    }

    fn append(&mut self, events: Vec<NewEvent>) -> Vec<Appended> {
        self.commit(Commit { events, ..Commit::default() }).events
    }

    /// Accepts so many events that have no `messageId`.
    fn accept(&mut self, count: usize) -> Vec<Arc<Event>> {
        let appended = self.append(vec![unidentified(); count]);
        appended.into_iter().map(accepted).collect()
    }

    fn plan(&mut self, seq: u64, verdict: Verdict) {
        let plans = vec![Plan::new(seq, GenerationId(7), verdict)];
        self.commit(Commit { plans, ..Commit::default() });
    }

    /// Accepts an event and plans these actions of it.
    fn planned(&mut self, actions: Vec<Action>) -> Arc<Event> {
        let event = self.accept(1).remove(0);
        self.plan(event.seq, Verdict::Actions(actions));
        event
    }

    fn close(&mut self, closes: Vec<Close>) {
        self.commit(Commit { closes, ..Commit::default() });
    }

    fn revive(&mut self, revivals: Vec<DeliveryId>) -> Vec<Option<Arc<str>>> {
        self.commit(Commit { revivals, ..Commit::default() }).revived
    }

    fn discard(&mut self, discards: Vec<DeliveryId>) -> Vec<Option<Arc<str>>> {
        self.commit(Commit { discards, ..Commit::default() }).discarded
    }

    /// The deliveries of a destination that are due now, as (event, number).
    fn due(&self, destination: &str) -> Vec<(u64, u16)> {
        let due = self.log.due(destination, self.now, None, usize::MAX).expect("the log reads");
        due.into_iter().map(|key| (key.seq, key.number)).collect()
    }
}

fn accepted(appended: Appended) -> Arc<Event> {
    match appended {
        Appended::Accepted(event) => event,
        Appended::Duplicate { of, .. } => panic!("taken for a duplicate of {of}"),
    }
}

fn unidentified() -> NewEvent {
    NewEvent {
        source: "shop".into(),
        environment: "production".into(),
        event: "order.created".into(),
        message_id: None,
        user_id: Some("u1".into()),
        timestamp: None,
        dedup: Dedup::NoMessageId,
        body: Bytes::from_static(br#"{"a":1}"#),
    }
}

/// An event whose identity and body hash are made of these bytes.
fn identified(identity: u8, body: u8) -> NewEvent {
    let dedup = Dedup::Identity { identity: hash(identity), body_hash: hash(body) };
    NewEvent { message_id: Some(format!("m{identity}").into()), dedup, ..unidentified() }
}

fn hash(byte: u8) -> Hash128 {
    [byte; 16]
}

fn action(destination: &str, lease: Lease) -> Action {
    let content = RawValue::from_string(r#"{"n":12.50}"#.to_owned()).expect("the text is JSON");
    Action {
        kind: ActionKind::Send,
        destination: destination.into(),
        content: Arc::from(content),
        idempotency_key: format!("key-{destination}").into(),
        place: Place { script: "shop.rhai".into(), line: 3 },
        lease,
        line: None,
        terms: None,
    }
}

fn leased(destination: &str) -> Action {
    action(destination, Lease::Dispatcher)
}

fn close(seq: u64, number: u16, attempt: u32, next: Next) -> Close {
    let attempt = Attempt {
        number: attempt,
        started_at: START,
        latency_ms: 12,
        status: Some(503),
        answer: Some("an answer".to_owned()),
        receipt: Some("run-1".to_owned()),
        next,
    };
    Close { seq, number, attempt }
}

fn dead() -> Next {
    Next::Dead { reason: "gone".to_owned() }
}

fn retry(at: UnixMillis) -> Next {
    Next::Retry { at, reason: "busy".to_owned() }
}

/// Makes one test of each check of the contract: `$with_store` is a `fn(check: fn(Subject))`.
#[macro_export]
macro_rules! store_contract {
    ($with_store:path) => {
        $crate::store_contract! { @tests $with_store:
            an_accepted_event_reads_back_whole
            an_id_that_was_never_given_finds_nothing
            a_repeat_in_the_same_commit_is_a_duplicate_of_the_first
            a_repeat_in_a_later_commit_is_a_duplicate_of_the_first
            a_repeat_with_another_body_is_a_conflict
            the_window_is_a_minimum_that_counts_from_the_first
            an_event_without_an_identity_is_never_a_duplicate
            repeats_are_noted_at_their_first_event
            positions_are_contiguous_and_time_never_runs_backwards
            an_empty_commit_changes_nothing
            an_event_without_a_plan_is_pending
            each_verdict_gives_its_status
            a_plan_reads_back_whole
            what_was_left_out_is_kept_with_the_plan
            an_event_that_is_settled_is_not_planned_again
            two_plans_of_one_event_in_one_commit_count_once
            a_held_event_waits_for_a_script_and_is_planned_then
            a_failed_event_can_be_mapped_again
            a_plan_of_an_event_that_is_not_there_is_ignored
            a_leased_delivery_is_not_due_and_a_parked_one_is
            due_deliveries_come_in_the_order_of_time_and_can_be_paged
            destinations_with_names_that_begin_alike_do_not_mix
            a_delivery_carries_all_that_a_plugin_needs
            a_retry_waits_for_its_time
            a_delivered_event_has_its_attempts_in_the_log
            an_attempt_that_is_brought_twice_is_noted_once
            an_ended_delivery_takes_no_further_attempt
            an_event_with_several_deliveries_ends_with_the_last
            deliveries_that_end_in_one_commit_end_their_event
            an_attempt_that_is_held_does_not_count
            a_delivery_ages_from_when_it_was_planned_delayed_or_brought_back
            destinations_that_have_deliveries_waiting_are_named
            what_stopped_a_destination_is_kept
            a_dead_delivery_is_revived_once_and_keeps_its_log
            only_a_dead_delivery_is_revived
            reviving_one_of_several_makes_the_event_pending_again
            a_discarded_delivery_is_cancelled_and_its_event_dropped
            a_discarded_delivery_that_waited_is_not_due_any_more
            only_an_open_or_dead_delivery_is_discarded
            cancelled_deliveries_count_for_nothing_beside_others
            an_attempt_that_ends_after_its_delivery_was_discarded_is_noted_once
            a_cancelled_delivery_is_revived_under_its_key
            what_is_revived_and_discarded_in_one_commit_is_cancelled
            cancelled_deliveries_are_paged_newest_first
            only_the_first_of_a_lane_is_due
            a_lane_waits_for_a_retry
            an_event_s_deliveries_are_in_its_lane_together
            lanes_do_not_mix
            a_lane_is_in_the_order_of_plans
            what_is_discarded_leaves_its_lane
            what_is_revived_enters_its_lane_anew
            later_kinds_wait_until_earlier_ones_have_ended
            a_later_kind_waits_no_longer_than_it_may
            kinds_are_in_order_within_a_lane
            what_waits_for_an_operator_goes_when_it_is_released
            waiting_deliveries_are_open
            what_goes_on_is_told
            a_delivery_that_is_moved_is_another_destination_s
            what_has_ended_is_not_moved
            another_plan_replaces_what_has_not_arrived
            what_has_arrived_is_linked_to_another_plan
            a_plan_that_was_written_is_not_written_again
            an_event_may_be_planned_as_often_as_one_likes
            another_plan_may_want_nothing
            what_was_dropped_among_others_may_be_wanted
            what_another_plan_replaced_can_be_revived
            another_plan_enters_its_lane_behind_the_others
            what_another_plan_cancels_is_told
            an_event_that_another_plan_made_whole_is_trimmed_whole
            what_goes_once_does_not_go_again_in_time
            what_goes_once_goes_again_with_another_plan_of_its_event
            a_key_cancels_what_is_open_and_nothing_else
            a_key_cancels_what_the_same_commit_has_planned
            what_a_key_cancelled_is_revived_and_cancelled_again
            terms_are_kept_with_their_plan
            events_are_paged_both_ways
            events_are_found_by_the_beginning_of_their_id
            a_prefix_that_no_id_has_finds_nothing
            unfinished_deliveries_are_paged_newest_first
            dead_deliveries_are_paged_newest_first
            the_generation_kept_last_is_in_force
            a_finished_event_that_is_old_enough_goes_whole
            what_is_not_finished_never_goes
            dead_events_go_by_their_own_age
            a_duplicate_of_a_trimmed_event_is_still_one
            a_repeat_that_comes_with_the_trim_of_its_first_leaves_no_note
            a_trim_is_refused_whole_when_one_of_its_events_was_revived
            a_trim_is_refused_when_one_of_its_events_was_mapped_again
            events_with_cancelled_deliveries_are_finished_and_go_whole
            a_trim_is_refused_when_a_cancelled_delivery_was_revived
            a_trim_is_refused_when_one_of_its_dead_events_was_discarded
            a_pending_event_that_is_discarded_contradicts_no_survey
            an_attempt_that_ends_late_brings_no_trimmed_delivery_back
            a_survey_is_good_for_one_trim
            steps_meet_and_leave_nothing_out
            an_event_that_finishes_late_goes_with_another_look
            nothing_brings_a_trimmed_event_back
            a_store_goes_on_where_it_was_when_all_its_events_are_gone
            what_stays_among_trimmed_events_is_found
            the_position_of_a_time_is_found
        }
    };
    (@tests $with_store:path: $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                $with_store($crate::store::contract::$check);
            }
        )*
    };
}
