//! From what a script said to a plan: destinations, idempotency keys, leases.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use doorman_plugin::{ActionKind, Delivery, DeliveryId};
use tokio::sync::oneshot;

use super::before::Before;
use super::flood::FloodGuard;
use super::order::{Lanes, Order};
use super::terms;
use super::unwanted::Unwanted;
use crate::clock::UnixMillis;
use crate::identity::{IdempotencyKeys, KeySubject};
use crate::mapping::{Generation, GenerationId, Mapped, Said};
use crate::queues::commit::HandOver;
use crate::queues::delivery::{DeliveryQueue, Leased, Place};
use crate::queues::mapping::{How, MappedAgain};
use crate::store::{Action, Event, For, Lease, Line, Plan, Verdict};
use crate::supervise::panics;

/// Where the actions of one environment's events go.
#[derive(Clone, Debug)]
pub struct Route {
    /// The destination of the workflow kinds of action.
    pub workflows: Arc<str>,
    /// Names that mean another destination in this environment.
    pub routes: HashMap<Arc<str>, Arc<str>>,
}

/// A destination, as the planner knows it.
#[derive(Clone)]
pub struct Target {
    /// Its dispatcher's queue.
    pub queue: DeliveryQueue,
    /// Which of its deliveries wait for one another.
    pub order: Order,
}

/// Makes plans.
pub struct Planner {
    routes: HashMap<Arc<str>, Route>,
    destinations: HashMap<Arc<str>, Target>,
    flood: FloodGuard,
    unwanted: Unwanted,
}

/// A batch of plans, and what follows once they are on disk.
#[derive(Default)]
pub struct Planned {
    /// The plans, in the order of positions.
    pub plans: Vec<Plan>,
    /// What follows once they are on disk.
    pub hand_over: HandOver,
    /// They are of events that were held: until they are written, a look into the store would find those held still.
    pub were_held: bool,
    /// What those are told, once the plans are on disk, who asked for events to be mapped again.
    pub answers: Vec<(oneshot::Sender<MappedAgain>, MappedAgain)>,
    /// Deliveries take no places, and go by way of the store.
    pub by_store: bool,
    /// Its actions have keys of their own, as those of this plan of their events.
    pub as_new: Option<u16>,
}

impl Planner {
    /// A planner for these environments and destinations.
    pub fn new(
        routes: HashMap<Arc<str>, Route>,
        destinations: HashMap<Arc<str>, Target>,
        flood: FloodGuard,
    ) -> Self {
        Self { routes, destinations, flood, unwanted: Unwanted::default() }
    }

    /// Maps an event with a generation and adds its plan.
    pub fn plan(
        &mut self,
        event: &Event,
        generation: &dyn Generation,
        now: UnixMillis,
        planned: &mut Planned,
    ) {
        let plan = self.make(event, generation, now, planned);
        log_verdict(event, plan.generation, &plan.verdict);
        planned.plans.push(plan);
    }

    /// Maps an event again, and adds its plan unless it is a `dry_run`; says what came of it. That is so once the plan is
    /// written: a delivery that arrives until then is not sent again, either.
    pub fn plan_again(
        &mut self,
        event: &Event,
        before: &Before,
        (generation, how): (&dyn Generation, How),
        now: UnixMillis,
        planned: &mut Planned,
    ) -> MappedAgain {
        // The event may be gone by age before its plan is written: then nobody must have its deliveries yet.
        let number = before.plan.number().saturating_add(1);
        let as_new = how.as_new.then_some(number);
        let mut again = Planned { by_store: true, as_new, ..Planned::default() };
        let plan = self.make(event, generation, now, &mut again).after(&before.plan);
        let mapped = before.comes_to(&plan);
        if !how.dry_run && before.is_changed_by(&mapped) {
            tracing::info!(event_id = %event.info.id, generation = %plan.generation, plan = number, "mapped again");
            planned.plans.push(plan);
            for (destination, at) in again.hand_over.parked {
                planned.hand_over.parked.entry(destination).or_insert(at);
            }
        }
        mapped
    }

    /// The plan of an event; what follows from it is added to `planned`.
    fn make(
        &mut self,
        event: &Event,
        generation: &dyn Generation,
        now: UnixMillis,
        planned: &mut Planned,
    ) -> Plan {
        let (mut left_out, mut cancels) = (Vec::new(), Vec::new());
        let verdict = match map(generation, event) {
            Mapped::Actions { mut said, skipped } => {
                left_out = skipped;
                cancels = terms::take_cancels(event, &mut said);
                match said.is_empty() {
                    true => terms::only_cancels(&cancels),
                    false => self.resolve(event, said, now, planned),
                }
            }
            Mapped::Dropped { reason, place } => {
                if place.is_none() {
                    self.unwanted.note(event, &reason, now);
                }
                Verdict::Dropped { reason, place }
            }
            Mapped::Failed { error, place } => Verdict::Failed { error, place },
            Mapped::NoScript => Verdict::Held,
        };
        if let Verdict::Failed { .. } = verdict {
            cancels.clear();
        }
        Plan { skipped: left_out, cancels, ..Plan::new(event.seq, generation.id(), verdict) }
    }

    fn resolve(&mut self, event: &Event, said: Vec<Said>, now: UnixMillis, planned: &mut Planned) -> Verdict {
        let held = self.too_many(event, &said, now, planned);
        let mut targets = Vec::with_capacity(said.len());
        for one in &said {
            match self.target(event, one) {
                Ok(target) => targets.push(target),
                Err(error) => return Verdict::Failed { error, place: Some(one.place.clone()) },
            }
        }
        let lines = lines(event, &said, &targets);
        let keys = IdempotencyKeys::new(&event.info.environment, &event.info.source, key_subject(event));
        let mut keys = match planned.as_new {
            Some(plan) => keys.as_new(plan),
            None => keys,
        };
        let actions =
            said.into_iter().zip(targets).zip(lines).enumerate().map(|(index, ((one, target), line))| {
                let (name, Target { queue, .. }) = target;
                let held = held.get(index).copied().unwrap_or(false);
                let terms = terms::of(event, name, one.terms, now);
                let waits = terms.as_ref().is_some_and(|terms| terms.not_before > 0 || terms.once.is_some());
                let goes_by_store = planned.by_store || held || line.is_some() || waits;
                let place = if goes_by_store { None } else { queue.take_place() };
                let not_before = terms.as_ref().map_or(0, |terms| terms.not_before);
                let action = Action {
                    kind: one.kind,
                    idempotency_key: keys.next(name, one.kind, one.content.get()),
                    destination: Arc::clone(name),
                    content: one.content,
                    place: one.place,
                    lease: match &place {
                        _ if held => Lease::Waits(For::Operator),
                        Some(_) => Lease::Dispatcher,
                        None => Lease::Due(now.max(not_before)),
                    },
                    line: line.map(|line| Line { not_before, ..line }),
                    terms,
                };
                planned.note(event, index, &action, place, now);
                action
            });
        Verdict::Actions(actions.collect())
    }

    /// For each action whether it is beyond its source's budget; empty where none is. What an operator wants mapped again
    /// is what it is.
    fn too_many(&mut self, event: &Event, said: &[Said], now: UnixMillis, planned: &Planned) -> Vec<bool> {
        if planned.by_store {
            return Vec::new();
        }
        let source = &event.info.source;
        let held: Vec<bool> = said.iter().map(|one| !self.flood.lets(source, one.kind, now)).collect();
        if held.contains(&true) { held } else { Vec::new() }
    }

    fn target(&self, event: &Event, said: &Said) -> Result<(&Arc<str>, &Target), String> {
        let environment = &event.info.environment;
        let route = self.routes.get(environment);
        let name = match (&said.destination, route) {
            (Some(name), _) => name,
            (None, Some(route)) => &route.workflows,
            (None, None) => {
                return Err(format!("the environment `{environment}` is not in the configuration any more"));
            }
        };
        let meant = route.and_then(|route| route.routes.get(name)).unwrap_or(name);
        self.destinations.get_key_value(meant).ok_or_else(|| self.nowhere(environment, name))
    }

    fn nowhere(&self, environment: &str, name: &str) -> String {
        let mut known: Vec<&str> = self.destinations.keys().map(|name| &**name).collect();
        known.sort_unstable();
        format!(
            "there is no destination `{name}`, and `{environment}` has no route of that name; the configuration has {} \
             (add [destinations.{name}], or {name} = \"...\" to [environments.{environment}.routes])",
            known.join(", ")
        )
    }
}

impl Planned {
    /// Whether no plan has deliveries, and none is a hold: what is held is looked for in the store when scripts change. Nor
    /// does anybody wait for one.
    pub fn nobody_acts(&self) -> bool {
        !self.were_held
            && self.answers.is_empty()
            && self
                .plans
                .iter()
                .all(|plan| matches!(plan.verdict, Verdict::Dropped { .. } | Verdict::Failed { .. }))
    }

    /// The plans are on disk: tells those who wait.
    pub fn answer(answers: Vec<(oneshot::Sender<MappedAgain>, MappedAgain)>) {
        for (waiter, mapped) in answers {
            // An operator who went away has it done all the same.
            let _ = waiter.send(mapped);
        }
    }

    fn note(&mut self, event: &Event, index: usize, action: &Action, place: Option<Place>, now: UnixMillis) {
        let destination = Arc::clone(&action.destination);
        let Some(place) = place else {
            let at = action.lease.due_at().unwrap_or(now);
            let earliest = self.hand_over.parked.entry(destination).or_insert(at);
            *earliest = at.min(*earliest);
            return;
        };
        let delivery = Delivery {
            id: DeliveryId { event: event.info.id, number: delivery_number(index) },
            idempotency_key: Arc::clone(&action.idempotency_key),
            kind: action.kind,
            destination: Arc::clone(&destination),
            content: Arc::clone(&action.content),
            event: Arc::clone(&event.info),
            attempt: 1,
            since_ms: now,
        };
        self.hand_over.leased.entry(destination).or_default().push(Leased { delivery, place });
    }
}

/// What each action waits for. Almost always there is one action, and nothing that it could wait for.
fn lines(event: &Event, said: &[Said], targets: &[(&Arc<str>, &Target)]) -> Vec<Option<Line>> {
    if let [(_, target)] = targets
        && target.order.lanes == Lanes::None
    {
        return vec![None];
    }
    let mut of_destination: HashMap<&str, (Option<Arc<str>>, Vec<ActionKind>)> = HashMap::new();
    for (one, (name, target)) in said.iter().zip(targets) {
        let lane = || (target.order.lane(event), Vec::new());
        of_destination.entry(name).or_insert_with(lane).1.push(one.kind);
    }
    let line = |(one, (name, target)): (&Said, &(&Arc<str>, &Target))| {
        let (lane, kinds) = of_destination.get(&***name)?;
        target.order.line(lane.as_ref(), one.kind, kinds)
    };
    said.iter().zip(targets).map(line).collect()
}

/// Maps an event. A generation does not panic; one that does all the same fails that event, and not the mapper with each
/// that comes after.
fn map(generation: &dyn Generation, event: &Event) -> Mapped {
    catch_unwind(AssertUnwindSafe(|| generation.map(event))).unwrap_or_else(|_| {
        let why = panics::last_here().unwrap_or_else(|| "panicked".to_owned());
        Mapped::Failed { error: format!("the script engine {why}: please report this"), place: None }
    })
}

/// The number of the delivery of an event's action at `index`.
fn delivery_number(index: usize) -> u16 {
    // A script's actions are limited to far less than 65,535 an event (`max_actions_per_event`).
    u16::try_from(index + 1).unwrap_or(u16::MAX)
}

fn key_subject(event: &Event) -> KeySubject<'_> {
    match &event.info.message_id {
        Some(message_id) => KeySubject::Message { message_id, event: &event.info.event },
        None => KeySubject::Event(event.info.id),
    }
}

fn log_verdict(event: &Event, generation: GenerationId, verdict: &Verdict) {
    let info = &event.info;
    match verdict {
        Verdict::Actions(actions) => {
            tracing::debug!(event_id = %info.id, event = &*info.event, %generation, actions = actions.len(), "mapped");
        }
        Verdict::Dropped { reason, .. } => {
            tracing::debug!(event_id = %info.id, source = &*info.source, "dropped: {reason}");
        }
        Verdict::Failed { error, .. } => {
            tracing::warn!(event_id = %info.id, source = &*info.source, "the script failed on `{}`:\n{error}", info.event);
        }
        Verdict::Held => {
            tracing::debug!(event_id = %info.id, source = &*info.source, "held: the source has no script yet");
        }
    }
}
