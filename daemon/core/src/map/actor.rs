//! The mapper's actix shell. It lives on an arbiter of its own, because scripts compute.

use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Context};

use super::mapper::Mapper;
use super::planner::Planned;
use crate::faults;
use crate::queues::commit::CommitQueue;
use crate::supervise::{Escalation, Lifeline, Supervisor};

/// How often the mapper looks for work that nobody told it of. It never should find any.
const LOOK: Duration = Duration::from_secs(1);
/// How long plans that nobody acts on may wait for the next batch of others.
const LEFT_FOR: Duration = Duration::from_millis(5);

/// Runs a [`Mapper`]: one batch at a time, each on disk before the next is brought, so that plans commit in order. It
/// holds nothing that is not also elsewhere: one that is made anew waits until what its predecessor brought is written,
/// and goes on behind it.
pub struct MapperActor {
    mapper: Mapper,
    commits: CommitQueue,
    supervisor: Supervisor,
    /// Plans are left for the next batch, and will be seen to.
    left: bool,
    _lifeline: Lifeline,
}

impl MapperActor {
    /// Brings its plans to `commits`.
    pub fn new(mapper: Mapper, commits: CommitQueue, supervisor: Supervisor, lifeline: Lifeline) -> Self {
        Self { mapper, commits, supervisor, left: false, _lifeline: lifeline }
    }

    fn resume(&self, ctx: &mut Context<Self>) {
        let commits = self.commits.clone();
        let written = async move { commits.written().await };
        ctx.spawn(written.into_actor(self).map(|written, actor, ctx| match written {
            Ok(()) => {
                actor.mapper.resume();
                actor.turn(ctx);
            }
            Err(error) => actor.fail(error.to_string()),
        }));
    }

    fn turn(&mut self, ctx: &mut Context<Self>) {
        let planned = self.mapper.turn();
        faults::point("mapper.planned");
        match planned {
            Ok(planned) if planned.plans.is_empty() => {
                Planned::answer(planned.answers);
                self.wait_for_more(ctx);
            }
            Ok(planned) if planned.nobody_acts() => self.leave(planned, ctx),
            Ok(planned) => self.commit(planned, ctx),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Plans that nobody acts on do not ask for an fsync of their own: the next events bring one soon enough.
    fn leave(&mut self, mut planned: Planned, ctx: &mut Context<Self>) {
        if let Err(plans) = self.commits.leave(std::mem::take(&mut planned.plans)) {
            planned.plans = plans;
            return self.commit(planned, ctx);
        }
        if !self.left {
            self.left = true;
            ctx.run_later(LEFT_FOR, |actor, _| {
                actor.left = false;
                actor.commits.wake();
            });
        }
        self.wait_for_more(ctx);
    }

    fn commit(&self, planned: Planned, ctx: &mut Context<Self>) {
        let commits = self.commits.clone();
        let Planned { plans, hand_over, answers, .. } = planned;
        let written = async move { commits.plan(plans, hand_over).await };
        ctx.spawn(written.into_actor(self).map(move |written, actor, ctx| match written {
            Ok(()) => {
                faults::point("mapper.committed");
                Planned::answer(answers);
                actor.turn(ctx);
            }
            Err(error) => actor.fail(format!("its plans were not written: {error}")),
        }));
        faults::point("mapper.brought");
    }

    fn wait_for_more(&self, ctx: &mut Context<Self>) {
        let queue = self.mapper.queue().clone();
        let more = async move {
            // A look that comes to nothing costs one comparison.
            let _ = tokio::time::timeout(LOOK, queue.more()).await;
        };
        ctx.spawn(more.into_actor(self).map(|(), actor, ctx| actor.turn(ctx)));
    }

    /// A store that fails ends the process.
    fn fail(&self, reason: String) {
        self.supervisor.escalate(Escalation::Failed { part: "mapper", reason });
    }
}

impl Actor for MapperActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.resume(ctx);
    }
}
