//! The mapper: which events are next, and what is done with their plans.

use std::sync::Arc;

use super::before::Before;
use super::planner::{Planned, Planner};
use crate::clock::Clock;
use crate::mapping::{Generation, GenerationId, Scripts};
use crate::queues::mapping::{Asked, Left, MappedAgain, MappingQueue, Wanted};
use crate::store::{Event, Log, StoreError};

/// How many events are mapped again in one turn, beside those that are mapped for the first time.
const AGAIN_AT_ONCE: usize = 64;

/// Plans events in the order of their positions.
pub struct Mapper {
    scripts: Arc<dyn Scripts>,
    log: Arc<dyn Log>,
    queue: MappingQueue,
    planner: Planner,
    clock: Clock,
    batch_events: usize,
    /// The position of the next event.
    next: u64,
    held: Held,
}

/// Where the pass over the held events stands: each new generation may have the script that they wait for.
struct Held {
    generation: GenerationId,
    behind: Option<u64>,
}

impl Mapper {
    /// A mapper that looks at all held events first. It knows where to go on once it was told to [`Mapper::resume`].
    pub fn new(
        scripts: Arc<dyn Scripts>,
        log: Arc<dyn Log>,
        queue: MappingQueue,
        planner: Planner,
        clock: Clock,
        batch_events: usize,
    ) -> Self {
        let held = Held { generation: scripts.current().id(), behind: Some(0) };
        Self { scripts, log, queue, planner, clock, batch_events, next: 0, held }
    }

    /// Goes on where the plans on disk end. All plans that were brought before must be written.
    pub fn resume(&mut self) {
        self.next = self.log.mapped_through() + 1;
    }

    /// The queue it works on.
    pub fn queue(&self) -> &MappingQueue {
        &self.queue
    }

    /// Plans the next batch; empty when there is nothing to do. Bring the plans to the committer, then give the answers.
    pub fn turn(&mut self) -> Result<Planned, StoreError> {
        let generation = self.scripts.current();
        if generation.id() != self.held.generation {
            self.held = Held { generation: generation.id(), behind: Some(0) };
        }
        let mut events = self.next_held(&*generation)?;
        let were_held = !events.is_empty();
        if !were_held {
            events = self.next_events()?;
        }
        let now = self.clock.now();
        let mut planned = Planned { were_held, ..Planned::default() };
        generation.at_work(&mut || {
            for event in &events {
                self.planner.plan(event, &*generation, now, &mut planned);
            }
        });
        for Asked { wanted, answer } in self.queue.take_again(AGAIN_AT_ONCE) {
            let mapped = match self.to_map_again(&wanted)? {
                Ok((event, before)) => {
                    let by = wanted.generation.as_deref().unwrap_or(&*generation);
                    self.planner.plan_again(&event, &before, (by, wanted.how), now, &mut planned)
                }
                Err(left) => left,
            };
            planned.answers.push((answer, mapped));
        }
        Ok(planned)
    }

    /// An event that is wanted mapped again with what it has, else what is to be said of it.
    fn to_map_again(&self, wanted: &Wanted) -> Result<Result<(Arc<Event>, Before), MappedAgain>, StoreError> {
        let Some(event) = self.log.event(&wanted.id)? else { return Ok(Err(MappedAgain::Left(Left::Gone))) };
        let Some(plan) = self.log.plan(event.seq)? else { return Ok(Err(MappedAgain::Left(Left::Unmapped))) };
        if let Some(left) = wanted.leaves(&plan.verdict) {
            return Ok(Err(left));
        }
        Ok(Ok((event, Before::read(&*self.log, plan)?)))
    }

    fn next_events(&mut self) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut events = self.queue.take_from(self.next, self.batch_events);
        if events.is_empty() && self.log.accepted_through() >= self.next {
            events = self.log.events_after(self.next - 1, self.batch_events)?;
        }
        if let Some(last) = events.last() {
            self.next = last.seq + 1;
        }
        Ok(events)
    }

    /// Held events are planned anew under each generation; those that still have no script stay held and are not
    /// written again.
    fn next_held(&mut self, generation: &dyn Generation) -> Result<Vec<Arc<Event>>, StoreError> {
        while let Some(behind) = self.held.behind {
            let events = self.log.held_after(behind, self.batch_events)?;
            self.held.behind = events.last().map(|event| event.seq);
            let ready: Vec<_> =
                events.into_iter().filter(|event| generation.has_script(&event.info.source)).collect();
            if !ready.is_empty() {
                return Ok(ready);
            }
        }
        Ok(Vec::new())
    }
}
