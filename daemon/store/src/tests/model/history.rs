//! What can happen, and what the model makes of it.

use std::fmt;
use std::ops::Range;

use doorman_core::clock::UnixMillis;
use doorman_core::id;
use doorman_core::store::contract::DEDUP_WINDOW;
use doorman_core::store::model::MemoryStore;
use doorman_core::store::{
    Appended, Attempt, Close, Commit, Committed, Dedup, Journal, Log, NewEvent, Next, Plan, Stretch, Survey,
    Through, Trim, Undelivered,
};
use doorman_plugin::DeliveryId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::made::{self, Made, destination};
use crate::tests::{NOW, event};

/// A time is so many milliseconds from now.
pub(super) const SOON: Range<UnixMillis> = -50..100_000;
/// A clock jump: often beyond the dedup window, in both directions.
const JUMP: Range<UnixMillis> = -2_000_000..1_500_000;
/// Picks the last position.
const LAST: u8 = u8::MAX;
/// So few that most repeat one that was there.
const IDENTITIES: Range<u8> = 0..6;

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// All of it in one commit, which is durable if it must be, or if it is asked for.
    Commit { acts: Vec<Act>, durable: bool },
    /// What may be trimmed is surveyed, to be brought to the committer later.
    Survey(Question),
    /// The writer is made anew after a panic, and writes once more what the last commit had but its events.
    Again,
    /// What was written is made durable.
    Sync,
    /// RocksDB compacts its tables.
    Compact,
    /// The wall clock jumps.
    Clock(UnixMillis),
    /// The process is gone; all that it wrote is there.
    Kill,
    /// The power is gone, and with it a part of what was not durable: `keep` says how many commits are left, `torn` how
    /// much of the next.
    Cut { keep: u8, torn: u16 },
}

/// What is brought to the committer. Numbers pick among what there is, so that a shorter history still makes sense.
#[derive(Clone, Debug)]
pub enum Act {
    Submit {
        identity: Option<u8>,
        body: u8,
    },
    PlanNext(Made),
    PlanAgain(u8, Made),
    /// An attempt of an open delivery ends.
    End(u8, Ending),
    /// An attempt ends of which nobody knows any more.
    EndLate(u8, u32, Ending),
    Revive(u8),
    Release(u8),
    Move(u8, bool),
    Discard(u8),
    /// The last survey's trim, however old it is, and whether it was done already.
    Trim,
}

/// What is asked of a survey; numbers pick among the positions that there are.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    after: u8,
    finished: u8,
    dead: u8,
    limit: u8,
}

/// How an attempt ends.
#[derive(Clone, Debug)]
pub enum Ending {
    Delivered,
    Retry(UnixMillis),
    Held(UnixMillis),
    Dead,
}

/// A commit as both stores get it: deliveries by position, since the stores' ids differ.
#[derive(Clone, Default)]
pub struct Asked {
    events: Vec<NewEvent>,
    plans: Vec<Plan>,
    closes: Vec<Close>,
    revivals: Vec<(u64, u16)>,
    releases: Vec<(u64, u16)>,
    moves: Vec<((u64, u16), bool)>,
    discards: Vec<(u64, u16)>,
    trims: usize,
}

impl Asked {
    /// For a store that says so of its events, and has made this survey.
    pub fn of(&self, log: &dyn Log, surveyed: Option<&Trim>) -> Commit {
        let id = |(seq, number): &(u64, u16)| {
            let found = log.events_after(seq - 1, 1).unwrap();
            let event = found.first().filter(|event| event.seq == *seq);
            let event = event.map_or_else(|| id::event_id(*seq, NOW, 0), |event| event.info.id);
            DeliveryId { event, number: *number }
        };
        Commit {
            events: self.events.clone(),
            plans: self.plans.clone(),
            closes: self.closes.clone(),
            revivals: self.revivals.iter().map(id).collect(),
            releases: self.releases.iter().map(id).collect(),
            moves: self.moves.iter().map(|(key, other)| (id(key), destination(*other))).collect(),
            discards: self.discards.iter().map(id).collect(),
            stops: Vec::new(),
            trims: surveyed.into_iter().flat_map(|trim| vec![trim.clone(); self.trims]).collect(),
        }
    }

    /// All acts in one commit, on what the log has.
    fn resolve(log: &MemoryStore, acts: &[Act], now: UnixMillis) -> Self {
        let mut asked = Self::default();
        let deliveries = Deliveries::of(log);
        let (accepted, mapped) = (log.accepted_through(), log.mapped_through());
        let mut next = mapped + 1;
        for act in acts {
            match act {
                Act::Submit { identity, body } => asked.events.push(new_event(*identity, *body)),
                Act::PlanNext(made) if next <= accepted => {
                    asked.plans.push(made.plan(next, now));
                    next += 1;
                }
                Act::PlanNext(_) => {}
                Act::PlanAgain(pick, made) => {
                    asked.plans.push(made.plan_again(log, u64::from(*pick) % (mapped + 1), now));
                }
                Act::End(pick, ending) => {
                    let open = pick_of(&deliveries.open, *pick);
                    asked.closes.extend(open.map(|(key, attempts)| close(key, attempts + 1, ending, now)));
                }
                Act::EndLate(pick, number, ending) => {
                    let any = deliveries.pick(&deliveries.all, *pick);
                    asked.closes.extend(any.map(|key| close(key, *number, ending, now)));
                }
                Act::Revive(pick) => asked.revivals.extend(deliveries.pick(&deliveries.ended, *pick)),
                Act::Release(pick) => asked.releases.extend(deliveries.pick(&deliveries.open, *pick)),
                Act::Move(pick, other) => {
                    asked.moves.extend(deliveries.pick(&deliveries.open, *pick).map(|key| (key, *other)));
                }
                Act::Discard(pick) => asked.discards.extend(deliveries.pick(&deliveries.all, *pick)),
                Act::Trim => asked.trims += 1,
            }
        }
        asked
    }
}

impl Question {
    /// About positions with which a commit ended: no run of dropped events goes beyond one, so that every store must
    /// find the same.
    pub fn at_ends(self, ends: &[u64]) -> (Stretch, Through) {
        let at = |pick: u8| match pick {
            LAST => ends[ends.len() - 1],
            _ => ends[usize::from(pick) % ends.len()],
        };
        Self::about(at(self.after), at(self.finished), at(self.dead))
    }

    /// About any positions, from the end of a commit on, and how many events to look at.
    pub fn anywhere(self, ends: &[u64]) -> (Stretch, Through, usize) {
        let last = ends.iter().max().copied().unwrap_or(0);
        let at = |pick: u8| (u64::from(pick) + u64::from(self.limit)) % (last + 2);
        let after = ends[usize::from(self.after) % ends.len()];
        let (stretch, old) = Self::about(after, at(self.finished), at(self.dead));
        (stretch, old, usize::from(self.limit))
    }

    fn about(after: u64, finished: u64, dead: u64) -> (Stretch, Through) {
        (Stretch { after, through: finished.max(dead).max(after) }, Through { finished, dead })
    }
}

/// The deliveries that there are, each with its attempts.
struct Deliveries {
    open: Vec<((u64, u16), u32)>,
    ended: Vec<((u64, u16), u32)>,
    all: Vec<((u64, u16), u32)>,
}

impl Deliveries {
    fn of(log: &MemoryStore) -> Self {
        let list = |standing| -> Vec<_> {
            let states = log.undelivered(standing, None, usize::MAX).unwrap();
            states.into_iter().map(|state| ((state.seq, state.id.number), state.attempts)).collect()
        };
        let every = (1..=log.accepted_through()).flat_map(|seq| log.deliveries(seq).unwrap());
        let all = every.map(|state| ((state.seq, state.id.number), state.attempts)).collect();
        let ended = [list(Undelivered::Dead), list(Undelivered::Cancelled)].concat();
        Self { open: list(Undelivered::Open), ended, all }
    }

    /// One of a list; now and then one that is not in it, or not there.
    fn pick(&self, list: &[((u64, u16), u32)], pick: u8) -> Option<(u64, u16)> {
        match pick {
            0 => Some((1 + self.all.len() as u64, 1)),
            1 => Some((1, 0)),
            2..20 => pick_of(&self.all, pick).map(|(key, _)| key),
            _ => pick_of(list, pick).map(|(key, _)| key),
        }
    }
}

fn pick_of<T: Copy>(list: &[T], pick: u8) -> Option<T> {
    list.get(usize::from(pick).checked_rem(list.len())?).copied()
}

fn new_event(identity: Option<u8>, body: u8) -> NewEvent {
    let dedup = match identity {
        Some(identity) => Dedup::Identity { identity: [identity; 16], body_hash: [body; 16] },
        None => Dedup::NoMessageId,
    };
    NewEvent { dedup, ..event(0) }
}

fn close((seq, number): (u64, u16), attempt: u32, ending: &Ending, now: UnixMillis) -> Close {
    let next = match ending {
        Ending::Delivered => Next::Delivered,
        Ending::Retry(after) => Next::Retry { at: now + after, reason: "busy".to_owned() },
        Ending::Held(after) => Next::Held { at: now + after, reason: "401".to_owned() },
        Ending::Dead => Next::Dead { reason: "gone".to_owned() },
    };
    let attempt = Attempt {
        number: attempt,
        started_at: now,
        latency_ms: 1,
        status: None,
        answer: None,
        receipt: None,
        next,
    };
    Close { seq, number, attempt }
}

/// What a commit answered, without ids.
pub fn answers(committed: &Committed) -> String {
    let of = |appended: &Appended| match appended {
        Appended::Accepted(event) => (event.seq, event.received_at, None),
        Appended::Duplicate { of, conflict } => (id::position(of), id::unix_ms(of), Some(*conflict)),
    };
    let events: Vec<_> = committed.events.iter().map(of).collect();
    let mut advanced = committed.advanced.clone();
    advanced.sort();
    let cancelled = committed.cancelled.iter().map(|(_, id)| (id::position(&id.event), id.number));
    let mut cancelled: Vec<_> = cancelled.collect();
    cancelled.sort_unstable();
    format!(
        "{events:?} {:?} {:?} {:?} {:?} {:?} {advanced:?} {cancelled:?}",
        committed.revived, committed.released, committed.moved, committed.discarded, committed.trimmed
    )
}

/// What the model says. Each store in it is as some commit left it, and never changes.
#[derive(Clone)]
pub struct World {
    /// What is durable; behind it, what each later commit made of it.
    pub since: Vec<MemoryStore>,
    /// What the wall clock says.
    pub wall: UnixMillis,
    /// What the last commit was, and what it answered.
    pub asked: Asked,
    pub answered: String,
    /// Whether the last step promised that all is durable.
    pub promised: bool,
    /// How many commits the last power cut left.
    pub kept: usize,
    /// The highest mapped position at the end of each commit that is left.
    pub ends: Vec<u64>,
    /// What the model found when it was last asked; gone with its process.
    pub surveyed: Option<Survey>,
}

impl World {
    /// What is there now.
    pub fn now(&self) -> &MemoryStore {
        self.since.last().expect("what is durable is there")
    }

    fn commit(&mut self, acts: &[Act], durable: bool) {
        self.asked = Asked::resolve(self.now(), acts, self.wall);
        self.write(self.now().copy(), durable);
    }

    /// A new writer commits once more what the last one had taken; events are not among it.
    fn again(&mut self) {
        self.asked.events.clear();
        let anew = self.now().copy();
        anew.renew_writer();
        self.write(anew, false);
    }

    fn write(&mut self, mut after: MemoryStore, durable: bool) {
        let before = self.now().clone();
        let mut commit = self.asked.of(&after, self.surveyed.as_ref().map(|survey| &survey.trim));
        let durable = durable || commit.must_be_durable();
        let answered = after.commit(&mut commit, self.wall, durable).unwrap();
        // What was brought in vain needs no fsync: it changed nothing.
        let mapped = after.mapped_through() > before.mapped_through();
        let accepted = after.accepted_through() > before.accepted_through();
        let done = [&answered.revived, &answered.released, &answered.moved, &answered.discarded];
        let operated = done.into_iter().flatten().any(Option::is_some);
        let trimmed = answered.trimmed.contains(&true);
        let replaced = !answered.cancelled.is_empty();
        self.promised = durable && (mapped || accepted || operated || trimmed || replaced);
        self.answered = answers(&answered);
        self.ends.push(after.mapped_through());
        self.since.push(after);
    }

    fn survey(&mut self, question: Question) {
        let (stretch, old) = question.at_ends(&self.ends);
        let mut survey = self.now().survey(stretch, old, usize::MAX).unwrap();
        survey.trim.through.finished = survey.reached;
        self.surveyed = Some(survey);
    }

    /// Another process opens what the commit at this index left.
    fn reopen(&mut self, at: usize) {
        let left = self.since[at].copy();
        left.reopen();
        self.ends.retain(|end| *end <= left.mapped_through());
        self.surveyed = None;
        self.asked = Asked::default();
        self.since = vec![left];
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.now().counts())
    }
}

/// The model's side of the test.
pub struct History;

impl ReferenceStateMachine for History {
    type State = World;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<World> {
        let begin = || World {
            since: vec![MemoryStore::new(DEDUP_WINDOW)],
            wall: NOW,
            asked: Asked::default(),
            answered: String::new(),
            promised: false,
            kept: 0,
            ends: vec![0],
            surveyed: None,
        };
        Just(()).prop_map(move |()| begin()).boxed()
    }

    fn transitions(_: &World) -> BoxedStrategy<Step> {
        prop_oneof![
            40 => (vec(act(), 1..6), prop::bool::weighted(0.1))
                .prop_map(|(acts, durable)| Step::Commit { acts, durable }),
            6 => question().prop_map(Step::Survey),
            2 => Just(Step::Again),
            1 => Just(Step::Compact),
            4 => Just(Step::Sync),
            4 => JUMP.prop_map(Step::Clock),
            2 => Just(Step::Kill),
            2 => (any::<u8>(), any::<u16>()).prop_map(|(keep, torn)| Step::Cut { keep, torn }),
        ]
        .boxed()
    }

    fn apply(mut world: World, step: &Step) -> World {
        world.promised = false;
        world.wall += 1;
        match step {
            Step::Commit { acts, durable } => world.commit(acts, *durable),
            Step::Survey(question) => world.survey(*question),
            Step::Again => world.again(),
            Step::Sync | Step::Compact => world.promised = true,
            Step::Clock(by) => world.wall += by,
            Step::Kill => world.reopen(world.since.len() - 1),
            Step::Cut { keep, .. } => {
                world.kept = usize::from(*keep) % world.since.len();
                world.reopen(world.kept);
            }
        }
        if world.promised {
            world.since.drain(..world.since.len() - 1);
        }
        world
    }
}

/// Mostly about all that there is, so that much of it goes, or is refused.
fn question() -> impl Strategy<Value = Question> {
    let some = |all: u8| prop_oneof![2 => Just(all), 1 => any::<u8>()];
    (some(0), some(LAST), some(LAST), 1..40_u8).prop_map(|(after, finished, dead, limit)| Question {
        after,
        finished,
        dead,
        limit,
    })
}

fn act() -> impl Strategy<Value = Act> {
    let submit = (prop::option::weighted(0.9, IDENTITIES), 0..2_u8);
    prop_oneof![
        5 => submit.prop_map(|(identity, body)| Act::Submit { identity, body }),
        5 => made::made().prop_map(Act::PlanNext),
        3 => (any::<u8>(), made::made()).prop_map(|(pick, made)| Act::PlanAgain(pick, made)),
        6 => (any::<u8>(), ending()).prop_map(|(pick, ending)| Act::End(pick, ending)),
        1 => (any::<u8>(), 1..4_u32, ending()).prop_map(|(pick, number, ending)| Act::EndLate(pick, number, ending)),
        2 => any::<u8>().prop_map(Act::Revive), 2 => any::<u8>().prop_map(Act::Release),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(pick, other)| Act::Move(pick, other)),
        2 => any::<u8>().prop_map(Act::Discard),
        3 => Just(Act::Trim),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        3 => Just(Ending::Delivered), 3 => SOON.prop_map(Ending::Retry),
        1 => SOON.prop_map(Ending::Held), 3 => Just(Ending::Dead),
    ]
}
