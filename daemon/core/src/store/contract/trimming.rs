//! Trim: what goes, what stays, and what is remembered of what went.

use doorman_plugin::DeliveryId;

use super::{DEDUP_WINDOW, START, Subject, accepted, close, dead, identified, leased};
use crate::mapping::GenerationId;
use crate::store::{
    Appended, Commit, Event, Next, Plan, Progress, Repeats, Status, Stretch, Survey, Through, Trim,
    Undelivered, Verdict,
};

const MANY: usize = usize::MAX;

fn dropped() -> Verdict {
    Verdict::Dropped { reason: "not for us".to_owned(), place: None }
}

fn failed() -> Verdict {
    Verdict::Failed { error: "a field is missing".to_owned(), place: None }
}

fn old(finished: u64, dead: u64) -> Through {
    Through { finished, dead }
}

fn positions(events: &[std::sync::Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

impl Subject {
    fn survey(&self, after: u64, old: Through, limit: usize) -> Survey {
        let stretch = Stretch { after, through: old.highest() };
        self.log.survey(stretch, old, limit).expect("the log reads")
    }

    fn commit_trim(&mut self, trim: Trim) -> bool {
        self.commit(Commit { trims: vec![trim], ..Commit::default() }).trimmed == [true]
    }

    /// Trims all that may go, and lets the store say so.
    pub(super) fn trim(&mut self, old: Through) -> Survey {
        let mut survey = self.survey(0, old, MANY);
        survey.trim.through = old;
        assert!(self.commit_trim(survey.trim.clone()), "nothing came in between");
        survey
    }

    fn left(&self) -> Vec<u64> {
        positions(&self.log.events_after(0, MANY).expect("the log reads"))
    }

    fn undelivered(&self, standing: Undelivered) -> usize {
        self.log.undelivered(standing, None, MANY).expect("the log reads").len()
    }

    /// An event with these many deliveries, the last of which is discarded; the others are delivered.
    fn cancelled(&mut self, deliveries: u16) -> DeliveryId {
        let event = self.planned((0..deliveries).map(|_| leased("hook")).collect());
        self.close((1..deliveries).map(|number| close(event.seq, number, 1, Next::Delivered)).collect());
        let id = DeliveryId { event: event.info.id, number: deliveries };
        self.discard(vec![id]);
        id
    }

    /// An event whose only delivery is delivered, or dead.
    fn ended(&mut self, next: Next) -> std::sync::Arc<Event> {
        let event = self.planned(vec![leased("hook")]);
        self.close(vec![close(event.seq, 1, 1, next)]);
        event
    }
}

/// With all that belongs to it: plan, deliveries, attempts, repeats.
pub fn a_finished_event_that_is_old_enough_goes_whole(mut subject: Subject) {
    let event = accepted(subject.append(vec![identified(1, 1), identified(1, 1)]).remove(0));
    subject.plan(1, Verdict::Actions(vec![leased("hook"), leased("audit")]));
    subject.close(vec![close(1, 1, 1, Next::Delivered), close(1, 2, 1, Next::Delivered)]);
    subject.accept(2);
    subject.plan(2, dropped());
    subject.plan(3, dropped());
    let survey = subject.trim(old(2, 0));
    assert_eq!((survey.trim.delivered, survey.trim.dropped, survey.trim.dead), (1, 1, 0));
    assert_eq!(subject.left(), [3]);
    let log = &subject.log;
    assert!(log.event(&event.info.id).expect("the log reads").is_none());
    assert!(log.plan(1).expect("the log reads").is_none());
    assert!(log.plan(2).expect("the log reads").is_none());
    assert!(log.deliveries(1).expect("the log reads").is_empty());
    assert!(log.attempts(1, 1).expect("the log reads").is_empty());
    assert_eq!(log.repeats(1).expect("the log reads"), Repeats::default());
    assert_eq!((log.counts().accepted, log.counts().trimmed, log.counts().duplicates), (3, 2, 1));
    assert_eq!(log.trimmed_through(), old(2, 0));
}

/// Unmapped, held, or with one delivery open.
pub fn what_is_not_finished_never_goes(mut subject: Subject) {
    subject.planned(vec![leased("hook"), leased("audit")]);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    subject.accept(3);
    subject.plan(2, Verdict::Held);
    subject.plan(3, dropped());
    let survey = subject.trim(old(4, 4));
    assert_eq!(survey.pending, 2, "an unmapped event is not even looked at");
    assert_eq!(survey.reached, 3);
    assert_eq!(subject.left(), [1, 2, 4]);
    assert_eq!(subject.status(1), Status::Pending);
    assert_eq!(subject.log.held_after(0, 9).expect("the log reads").len(), 1);
}

/// Whether a delivery is dead or the mapping failed.
pub fn dead_events_go_by_their_own_age(mut subject: Subject) {
    subject.ended(dead());
    subject.ended(Next::Delivered);
    subject.accept(1);
    subject.plan(3, failed());
    subject.ended(dead());
    subject.trim(old(4, 0));
    assert_eq!(subject.left(), [1, 3, 4]);
    assert_eq!(subject.undelivered(Undelivered::Dead), 2);
    let survey = subject.trim(old(4, 3));
    assert_eq!(survey.trim.dead, 2);
    assert_eq!(subject.left(), [4]);
    assert_eq!(subject.undelivered(Undelivered::Dead), 1);
}

/// For as long as the window is, and with the first one's id.
pub fn a_duplicate_of_a_trimmed_event_is_still_one(mut subject: Subject) {
    let event = accepted(subject.append(vec![identified(1, 1)]).remove(0));
    subject.plan(1, dropped());
    subject.trim(old(1, 0));
    subject.now += DEDUP_WINDOW.as_millis() as i64;
    let again = subject.append(vec![identified(1, 2)]).remove(0);
    assert!(matches!(again, Appended::Duplicate { of, conflict: true } if of == event.info.id), "{again:?}");
    assert_eq!(subject.log.repeats(1).expect("the log reads"), Repeats::default());
    assert_eq!((subject.log.counts().duplicates, subject.log.counts().conflicts), (1, 1));
    subject.now += 1;
    assert_eq!(accepted(subject.append(vec![identified(1, 1)]).remove(0)).seq, 2);
}

/// Nothing is left of it that nobody would ever remove.
pub fn a_repeat_that_comes_with_the_trim_of_its_first_leaves_no_note(mut subject: Subject) {
    subject.append(vec![identified(1, 1)]);
    subject.plan(1, dropped());
    let trim = subject.survey(0, old(1, 0), MANY).trim;
    let commit = Commit { events: vec![identified(1, 1)], trims: vec![trim], ..Commit::default() };
    assert_eq!(subject.commit(commit).trimmed, [true]);
    assert_eq!(subject.log.repeats(1).expect("the log reads"), Repeats::default());
    assert_eq!(subject.log.counts().duplicates, 1);
}

/// The dead letter of the survey is on its way again when the trim comes.
pub fn a_trim_is_refused_whole_when_one_of_its_events_was_revived(mut subject: Subject) {
    subject.ended(Next::Delivered);
    let event = subject.ended(dead());
    let id = DeliveryId { event: event.info.id, number: 1 };
    let trim = subject.survey(0, old(2, 2), MANY).trim;
    subject.revive(vec![id]);
    assert!(!subject.commit_trim(trim));
    assert_eq!((subject.left(), subject.status(2)), (vec![1, 2], Status::Pending));

    subject.close(vec![close(2, 1, 1, dead())]);
    let trim = subject.survey(0, old(2, 2), MANY).trim;
    let committed = subject.commit(Commit { revivals: vec![id], trims: vec![trim], ..Commit::default() });
    assert_eq!((committed.revived.len(), committed.trimmed), (1, vec![false]));
    assert_eq!(subject.status(2), Status::Pending);
    assert_eq!(subject.log.trimmed_through(), Through::default());
}

/// And another one is not.
pub fn a_trim_is_refused_when_one_of_its_events_was_mapped_again(mut subject: Subject) {
    subject.accept(2);
    subject.plan(1, failed());
    subject.plan(2, failed());
    let [both, second] =
        [(0, MANY), (1, MANY)].map(|(after, limit)| subject.survey(after, old(2, 2), limit).trim);
    subject.plan(1, Verdict::Actions(vec![leased("hook")]));
    assert!(!subject.commit_trim(both));
    assert!(subject.commit_trim(second));
    assert_eq!((subject.left(), subject.status(1)), (vec![1], Status::Pending));
}

/// Those with another delivery that arrived are delivered, those without are dropped.
pub fn events_with_cancelled_deliveries_are_finished_and_go_whole(mut subject: Subject) {
    subject.cancelled(1);
    subject.cancelled(3);
    subject.accept(1);
    subject.plan(3, Verdict::Actions(Vec::new()));
    subject.ended(Next::Delivered);
    let trim = subject.trim(old(3, 0)).trim;
    assert_eq!((trim.dropped, trim.delivered, trim.dead), (2, 1, 0));
    assert_eq!((subject.left(), subject.undelivered(Undelivered::Cancelled)), (vec![4], 0));
}

/// Whether all its deliveries were cancelled or one of them.
pub fn a_trim_is_refused_when_a_cancelled_delivery_was_revived(mut subject: Subject) {
    for deliveries in [1, 2] {
        let id = subject.cancelled(deliveries);
        let seq = u64::from(deliveries);
        let trim = subject.survey(seq - 1, old(seq, 0), MANY).trim;
        assert_eq!(trim.ranges, [(seq, seq)]);
        subject.revive(vec![id]);
        assert!(!subject.commit_trim(trim));
        assert_eq!(subject.status(seq), Status::Pending);
        subject.discard(vec![id]);
        let trim = subject.survey(seq - 1, old(seq, 0), MANY).trim;
        let commit = Commit { revivals: vec![id], trims: vec![trim], ..Commit::default() };
        assert_eq!(subject.commit(commit).trimmed, [false]);
        assert_eq!(subject.status(seq), Status::Pending);
    }
    assert_eq!(subject.log.counts().trimmed, 0);
}

/// It would be counted as dead, and go by the age of the dead.
pub fn a_trim_is_refused_when_one_of_its_dead_events_was_discarded(mut subject: Subject) {
    let event = subject.ended(dead());
    let id = DeliveryId { event: event.info.id, number: 1 };
    let trim = subject.survey(0, old(0, 1), MANY).trim;
    let departures = subject.log.departures();
    subject.discard(vec![id]);
    assert!(subject.log.departures() > departures, "it may be due now");
    assert!(!subject.commit_trim(trim));
    assert_eq!((subject.left(), subject.status(1)), (vec![1], Status::Dropped));
    assert_eq!(subject.survey(0, old(0, 1), MANY).trim.ranges, []);
    assert_eq!(subject.trim(old(1, 0)).trim.dropped, 1);
}

/// An open delivery that is discarded ends its event as an attempt would: no survey has seen it finished.
pub fn a_pending_event_that_is_discarded_contradicts_no_survey(mut subject: Subject) {
    subject.ended(Next::Delivered);
    let event = subject.planned(vec![leased("hook")]);
    let trim = subject.survey(0, old(2, 2), MANY).trim;
    subject.discard(vec![DeliveryId { event: event.info.id, number: 1 }]);
    assert!(subject.commit_trim(trim));
    assert_eq!((subject.left(), subject.status(2)), (vec![2], Status::Dropped));
}

/// An attempt was under way when its delivery was cancelled, and its event is gone when it ends; or goes with it.
pub fn an_attempt_that_ends_late_brings_no_trimmed_delivery_back(mut subject: Subject) {
    subject.cancelled(1);
    let trim = subject.survey(0, old(1, 0), MANY).trim;
    let late = || vec![close(1, 1, 1, Next::Delivered)];
    let committed = subject.commit(Commit { closes: late(), trims: vec![trim], ..Commit::default() });
    assert_eq!(committed.trimmed, [true]);
    for _ in 0..2 {
        assert!(subject.left().is_empty());
        assert!(subject.log.attempts(1, 1).expect("the log reads").is_empty());
        assert_eq!(subject.undelivered(Undelivered::Cancelled), 0);
        subject.close(late());
    }
}

/// Were it taken twice, it would be counted twice.
pub fn a_survey_is_good_for_one_trim(mut subject: Subject) {
    subject.ended(Next::Delivered);
    let trim = subject.survey(0, old(1, 0), MANY).trim;
    let committed = subject.commit(Commit { trims: vec![trim.clone(), trim.clone()], ..Commit::default() });
    assert_eq!(committed.trimmed, [true, false]);
    assert!(!subject.commit_trim(trim));
    assert_eq!(subject.log.counts().trimmed, 1);
}

/// Also when nobody wanted a thousand events in a row, and the age ends in their midst.
pub fn steps_meet_and_leave_nothing_out(mut subject: Subject) {
    for _ in 0..4 {
        let seqs: Vec<u64> = subject.accept(300).iter().map(|event| event.seq).collect();
        let plan = |seq| Plan::new(seq, GenerationId(7), dropped());
        let plans = seqs.into_iter().map(plan).collect();
        subject.commit(Commit { plans, ..Commit::default() });
        subject.ended(Next::Delivered);
    }
    subject.ended(dead());
    let mut gone = 0;
    for age in [450, 451, 900, 1_205] {
        let mut after = subject.log.trimmed_through().finished;
        loop {
            let Survey { mut trim, reached, .. } = subject.survey(after, old(age, 0), 100);
            assert!(reached <= age, "{reached} > {age}");
            if reached == after {
                break;
            }
            (after, trim.through) = (reached, old(reached, 0));
            gone += trim.events();
            assert!(subject.commit_trim(trim));
        }
        let oldest = subject.left()[0];
        assert!(subject.log.plan(oldest).expect("the log reads").is_some(), "the plan of {oldest}");
    }
    assert_eq!((subject.left(), gone), (vec![1_205], 1_204));
}

/// What finishes behind the trim's back is found when it is looked for.
pub fn an_event_that_finishes_late_goes_with_another_look(mut subject: Subject) {
    subject.planned(vec![leased("hook")]);
    subject.ended(Next::Delivered);
    let revived = subject.ended(dead());
    subject.trim(old(3, 0));
    assert_eq!(subject.left(), [1, 3]);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    subject.revive(vec![DeliveryId { event: revived.info.id, number: 1 }]);
    assert_eq!(subject.survey(0, old(3, 0), MANY).pending, 1);
    subject.close(vec![close(3, 1, 1, Next::Delivered)]);
    assert_eq!(subject.trim(old(3, 0)).trim.delivered, 2);
    assert!(subject.left().is_empty());
}

/// Neither planned nor closed nor revived.
pub fn nothing_brings_a_trimmed_event_back(mut subject: Subject) {
    let event = subject.ended(dead());
    subject.accept(1);
    subject.plan(2, dropped());
    subject.trim(old(2, 2));
    subject.plan(1, Verdict::Actions(vec![leased("hook")]));
    subject.plan(2, Verdict::Held);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    assert_eq!(subject.revive(vec![DeliveryId { event: event.info.id, number: 1 }]), [None]);
    assert!(subject.left().is_empty());
    assert!(subject.due("hook").is_empty());
    assert!(subject.log.held_after(0, 9).expect("the log reads").is_empty());
    assert_eq!(subject.undelivered(Undelivered::Open), 0);
}

/// Positions are never given twice.
pub fn a_store_goes_on_where_it_was_when_all_its_events_are_gone(mut subject: Subject) {
    subject.ended(Next::Delivered);
    subject.ended(Next::Delivered);
    subject.trim(old(2, 2));
    assert_eq!((subject.log.accepted_through(), subject.log.mapped_through()), (2, 2));
    assert!(subject.log.events_before(None, 9).expect("the log reads").is_empty());
    assert_eq!(subject.ended(Next::Delivered).seq, 3);
    assert_eq!(subject.status(3), Status::Delivered);
}

/// By page, by id and by the beginning of one.
pub fn what_stays_among_trimmed_events_is_found(mut subject: Subject) {
    let mut kept = Vec::new();
    for number in 0..40 {
        subject.now += 1_000;
        if number % 10 == 3 {
            kept.push(subject.ended(dead()));
        } else {
            subject.ended(Next::Delivered);
        }
    }
    subject.trim(old(38, 0));
    let expected = [4, 14, 24, 34, 39, 40];
    assert_eq!(subject.left(), expected);
    let backwards = subject.log.events_before(None, 9).expect("the log reads");
    assert_eq!(positions(&backwards), [40, 39, 34, 24, 14, 4]);
    for event in kept {
        let digits = event.info.id.0.simple().to_string()[..14].to_owned();
        let found = subject.log.events_by_prefix(&digits, 9).expect("the log reads");
        assert_eq!(positions(&found), [event.seq]);
        assert!(subject.log.event(&event.info.id).expect("the log reads").is_some());
        let states = subject.log.deliveries(event.seq).expect("the log reads");
        assert!(matches!(states[0].progress, Progress::Dead { .. }));
    }
}

/// The last one before it, wherever trims have left holes.
pub fn the_position_of_a_time_is_found(mut subject: Subject) {
    let before = |subject: &Subject, at| subject.log.accepted_before(at).expect("the log reads");
    assert_eq!(before(&subject, i64::MAX), 0);
    for _ in 0..5 {
        subject.ended(Next::Delivered);
        subject.ended(Next::Delivered);
        subject.now += 10;
    }
    for (at, expected) in [(-1, 0), (0, 0), (1, 2), (10, 2), (11, 4), (40, 8), (41, 10), (99, 10)] {
        assert_eq!(before(&subject, START + at), expected, "{at}");
    }
    subject.trim(old(5, 0));
    for (at, least, most) in [(11, 0, 5), (21, 6, 6), (31, 8, 8), (99, 10, 10)] {
        let found = before(&subject, START + at);
        assert!((least..=most).contains(&found), "{at}: {found}");
    }
}
