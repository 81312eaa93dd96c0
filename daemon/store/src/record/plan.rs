//! Plans.

use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::mapping::{GenerationId, Place, Skipped};
use doorman_core::store::{Action, For, Lease, Plan, Verdict};
use doorman_plugin::ActionKind;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::delivery::{LineRecord, due_of, lease_of};
use super::terms::{AgainRecord, CancelSendRecord, TermsRecord};
use super::{Malformed, decode};

/// A plan. The event's position is in the key.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanRecord<'a> {
    generation: u64,
    #[serde(borrow)]
    verdict: VerdictRecord<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
enum VerdictRecord<'a> {
    #[serde(borrow)]
    Actions(Vec<ActionRecord<'a>>),
    Dropped {
        reason: &'a str,
        place: Option<PlaceRecord<'a>>,
    },
    Failed {
        error: &'a str,
        place: Option<PlaceRecord<'a>>,
    },
    Held,
    /// Dropped because no handler wants it, and so were the events behind it: `count` in all.
    Run {
        reason: &'a str,
        count: u64,
    },
    /// Actions, and others that were asked for and left out.
    Partly {
        #[serde(borrow)]
        actions: Vec<ActionRecord<'a>>,
        #[serde(borrow)]
        skipped: Vec<SkippedRecord<'a>>,
    },
    /// The same, with what each action waits for: whether for an operator, and its line.
    Lined {
        #[serde(borrow)]
        actions: Vec<ActionRecord<'a>>,
        #[serde(borrow)]
        skipped: Vec<SkippedRecord<'a>>,
        #[serde(borrow)]
        lines: Vec<(bool, Option<LineRecord<'a>>)>,
    },
    /// Dropped, and what earlier events sent is cancelled.
    OnlyCancels {
        reason: &'a str,
        place: Option<PlaceRecord<'a>>,
        #[serde(borrow)]
        cancels: Vec<CancelSendRecord<'a>>,
    },
    /// Actions with all that there can be.
    Whole {
        #[serde(borrow)]
        actions: Vec<ActionRecord<'a>>,
        #[serde(borrow)]
        skipped: Vec<SkippedRecord<'a>>,
        #[serde(borrow)]
        lines: Vec<(bool, Option<LineRecord<'a>>)>,
        #[serde(borrow)]
        terms: Vec<Option<TermsRecord<'a>>>,
        #[serde(borrow)]
        cancels: Vec<CancelSendRecord<'a>>,
        again: Option<AgainRecord>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct SkippedRecord<'a> {
    kind: u8,
    reason: &'a str,
    #[serde(borrow)]
    place: PlaceRecord<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ActionRecord<'a> {
    kind: u8,
    destination: &'a str,
    content: &'a str,
    idempotency_key: &'a str,
    #[serde(borrow)]
    place: PlaceRecord<'a>,
    /// `None`: leased to the dispatcher.
    due: Option<UnixMillis>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PlaceRecord<'a> {
    script: &'a str,
    line: u32,
}

/// What a plan comes to, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outline {
    /// So many actions.
    Actions(u16),
    /// Nothing is to be done.
    Dropped,
    /// The script failed.
    Failed,
    /// It waits for a script.
    Held,
    /// Nothing is to be done for so many events in a row, of which this is the first.
    Run(u64),
}

impl Outline {
    /// How many events it is about.
    pub fn events(self) -> u64 {
        match self {
            Outline::Run(count) => count.max(1),
            _ => 1,
        }
    }
}

impl<'a> PlanRecord<'a> {
    /// For storing.
    pub fn of(plan: &'a Plan) -> Self {
        let verdict = match &plan.verdict {
            Verdict::Actions(actions) => VerdictRecord::of_actions(actions, plan),
            Verdict::Dropped { reason, place } if !plan.cancels.is_empty() => VerdictRecord::OnlyCancels {
                reason,
                place: place.as_ref().map(PlaceRecord::of),
                cancels: plan.cancels.iter().map(CancelSendRecord::of).collect(),
            },
            Verdict::Dropped { reason, place } => {
                VerdictRecord::Dropped { reason, place: place.as_ref().map(PlaceRecord::of) }
            }
            Verdict::Failed { error, place } => {
                VerdictRecord::Failed { error, place: place.as_ref().map(PlaceRecord::of) }
            }
            Verdict::Held => VerdictRecord::Held,
        };
        Self { generation: plan.generation.0, verdict }
    }

    /// One row for `count` events in a row that nobody wants, under the position of the first.
    pub fn of_run(generation: GenerationId, reason: &'a str, count: u64) -> Self {
        Self { generation: generation.0, verdict: VerdictRecord::Run { reason, count } }
    }

    /// Reads what a plan comes to.
    pub fn outline(value: &'a [u8]) -> Result<Outline, Malformed> {
        let record: Self = decode(value)?;
        Ok(match record.verdict {
            VerdictRecord::Actions(actions)
            | VerdictRecord::Partly { actions, .. }
            | VerdictRecord::Lined { actions, .. }
            | VerdictRecord::Whole { actions, .. } => {
                Outline::Actions(u16::try_from(actions.len()).unwrap_or(u16::MAX))
            }
            VerdictRecord::Dropped { .. } | VerdictRecord::OnlyCancels { .. } => Outline::Dropped,
            VerdictRecord::Failed { .. } => Outline::Failed,
            VerdictRecord::Held => Outline::Held,
            VerdictRecord::Run { count, .. } => Outline::Run(count),
        })
    }

    /// Reads the plan of the event at `seq` from the row under `first`; `None` when that row is not about it.
    pub fn parse(first: u64, seq: u64, value: &'a [u8]) -> Result<Option<Plan>, Malformed> {
        let record: Self = decode(value)?;
        let covered = match record.verdict {
            VerdictRecord::Run { count, .. } => count,
            _ => 1,
        };
        if seq < first || seq - first >= covered {
            return Ok(None);
        }
        let (mut skipped, mut cancelled, mut more) = (Vec::new(), Vec::new(), None);
        let verdict = match record.verdict {
            VerdictRecord::Actions(actions) => Verdict::Actions(all_actions(actions)?),
            VerdictRecord::Partly { actions, skipped: left_out } => {
                skipped = all_skipped(left_out)?;
                Verdict::Actions(all_actions(actions)?)
            }
            VerdictRecord::Lined { actions, skipped: left_out, lines } => {
                skipped = all_skipped(left_out)?;
                Verdict::Actions(lined(all_actions(actions)?, lines))
            }
            VerdictRecord::Whole { actions, skipped: left_out, lines, terms, cancels, again } => {
                skipped = all_skipped(left_out)?;
                cancelled = cancels.into_iter().map(CancelSendRecord::cancel).collect();
                more = again.map(|again| Box::new(again.again()));
                let mut actions = lined(all_actions(actions)?, lines);
                for (action, terms) in actions.iter_mut().zip(terms) {
                    action.terms = terms.map(|terms| Box::new(terms.terms()));
                }
                Verdict::Actions(actions)
            }
            VerdictRecord::OnlyCancels { reason, place, cancels } => {
                cancelled = cancels.into_iter().map(CancelSendRecord::cancel).collect();
                Verdict::Dropped { reason: reason.to_owned(), place: place.map(PlaceRecord::place) }
            }
            VerdictRecord::Dropped { reason, place } => {
                Verdict::Dropped { reason: reason.to_owned(), place: place.map(PlaceRecord::place) }
            }
            VerdictRecord::Failed { error, place } => {
                Verdict::Failed { error: error.to_owned(), place: place.map(PlaceRecord::place) }
            }
            VerdictRecord::Held => Verdict::Held,
            VerdictRecord::Run { reason, .. } => Verdict::Dropped { reason: reason.to_owned(), place: None },
        };
        let plan = Plan::new(seq, GenerationId(record.generation), verdict);
        Ok(Some(Plan { skipped, cancels: cancelled, again: more, ..plan }))
    }
}

impl<'a> VerdictRecord<'a> {
    fn of_actions(actions: &'a [Action], plan: &'a Plan) -> Self {
        let records = actions.iter().map(ActionRecord::of).collect();
        let left_out = || plan.skipped.iter().map(SkippedRecord::of).collect();
        let is_held = |action: &Action| action.lease == Lease::Waits(For::Operator);
        let line = |action: &'a Action| (is_held(action), action.line.as_ref().map(LineRecord::of));
        let lines = || actions.iter().map(line).collect();
        let has_terms = actions.iter().any(|action| action.terms.is_some());
        if plan.again.is_some() || !plan.cancels.is_empty() || has_terms {
            return Self::Whole {
                actions: records,
                skipped: left_out(),
                lines: lines(),
                terms: actions.iter().map(|action| action.terms.as_deref().map(TermsRecord::of)).collect(),
                cancels: plan.cancels.iter().map(CancelSendRecord::of).collect(),
                again: plan.again.as_deref().map(AgainRecord::of),
            };
        }
        if actions.iter().any(|action| action.line.is_some() || is_held(action)) {
            return Self::Lined { actions: records, skipped: left_out(), lines: lines() };
        }
        if plan.skipped.is_empty() {
            Self::Actions(records)
        } else {
            Self::Partly { actions: records, skipped: left_out() }
        }
    }
}

impl<'a> ActionRecord<'a> {
    fn of(action: &'a Action) -> Self {
        Self {
            kind: action.kind.code(),
            destination: &action.destination,
            content: action.content.get(),
            idempotency_key: &action.idempotency_key,
            place: PlaceRecord::of(&action.place),
            due: due_of(action.lease),
        }
    }

    fn action(self) -> Result<Action, Malformed> {
        let kind = kind_of(self.kind)?;
        let content = RawValue::from_string(self.content.to_owned())
            .map_err(|error| Malformed::because(format!("content that is not JSON: {error}")))?;
        Ok(Action {
            kind,
            destination: self.destination.into(),
            content: Arc::from(content),
            idempotency_key: self.idempotency_key.into(),
            place: self.place.place(),
            lease: lease_of(self.due),
            line: None,
            terms: None,
        })
    }
}

impl<'a> SkippedRecord<'a> {
    fn of(skipped: &'a Skipped) -> Self {
        Self { kind: skipped.kind.code(), reason: &skipped.reason, place: PlaceRecord::of(&skipped.place) }
    }

    fn skipped(self) -> Result<Skipped, Malformed> {
        Ok(Skipped { kind: kind_of(self.kind)?, reason: self.reason.to_owned(), place: self.place.place() })
    }
}

fn lined(mut actions: Vec<Action>, lines: Vec<(bool, Option<LineRecord<'_>>)>) -> Vec<Action> {
    for (action, (is_held, line)) in actions.iter_mut().zip(lines) {
        action.line = line.map(LineRecord::line);
        if is_held {
            action.lease = Lease::Waits(For::Operator);
        }
    }
    actions
}

fn all_skipped(records: Vec<SkippedRecord<'_>>) -> Result<Vec<Skipped>, Malformed> {
    records.into_iter().map(SkippedRecord::skipped).collect()
}

fn all_actions(records: Vec<ActionRecord<'_>>) -> Result<Vec<Action>, Malformed> {
    records.into_iter().map(ActionRecord::action).collect()
}

fn kind_of(code: u8) -> Result<ActionKind, Malformed> {
    ActionKind::from_code(code)
        .ok_or_else(|| Malformed::because(format!("a kind of action with the code {code}")))
}

impl<'a> PlaceRecord<'a> {
    pub(super) fn of(place: &'a Place) -> Self {
        Self { script: &place.script, line: place.line }
    }

    pub(super) fn place(self) -> Place {
        Place { script: Arc::from(self.script), line: self.line }
    }
}
