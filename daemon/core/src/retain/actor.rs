//! The actix shell of [`Retention`]. It lives on an arbiter of its own, because a survey reads for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Context};

use super::retention::Retention;
use crate::faults;
use crate::queues::commit::{CommitQueue, NotWritten};
use crate::store::{Log, StoreError, Trim};
use crate::supervise::Lifeline;

/// Runs a [`Retention`]: a pass every so often, one step at a time, with a rest after each step that is as long as the
/// step was, so that a long pass takes half of a processor at most and leaves the committer its turns.
pub struct RetentionActor {
    retention: Retention,
    log: Arc<dyn Log>,
    commits: CommitQueue,
    every: Duration,
    /// Events that went in this pass.
    trimmed: u64,
    _lifeline: Lifeline,
}

impl RetentionActor {
    /// Brings its steps to `commits`. `every`: the time from the end of a pass to the beginning of the next.
    pub fn new(
        retention: Retention,
        log: Arc<dyn Log>,
        commits: CommitQueue,
        every: Duration,
        lifeline: Lifeline,
    ) -> Self {
        Self { retention, log, commits, every, trimmed: 0, _lifeline: lifeline }
    }

    fn begin(&mut self, ctx: &mut Context<Self>) {
        self.trimmed = 0;
        match self.retention.begin() {
            Ok(()) => self.step(ctx),
            Err(error) => self.give_up(&error, ctx),
        }
    }

    fn step(&mut self, ctx: &mut Context<Self>) {
        let begun = Instant::now();
        let step = self.retention.step();
        faults::point("retention.surveyed");
        match step {
            Ok(Some(trim)) => self.commit(trim, begun, ctx),
            Ok(None) => self.end(ctx),
            Err(error) => self.give_up(&error, ctx),
        }
    }

    fn commit(&self, trim: Trim, begun: Instant, ctx: &mut Context<Self>) {
        let commits = self.commits.clone();
        let events = trim.events();
        let written = async move { commits.trim(trim).await };
        ctx.spawn(written.into_actor(self).map(move |written, actor, ctx| match written {
            Ok(trimmed) => {
                actor.retention.done(trimmed);
                actor.trimmed += if trimmed { events } else { 0 };
                ctx.run_later(begun.elapsed(), Self::step);
            }
            // The committer has said why, and the process is ending.
            Err(NotWritten::Stopped | NotWritten::Busy) => {}
        }));
    }

    fn end(&self, ctx: &mut Context<Self>) {
        if self.trimmed > 0 {
            tracing::info!(events = self.trimmed, "trimmed events that are older than their retention");
        }
        // Also what an earlier pass could not release, or was not told of.
        match self.log.release() {
            Ok(()) => self.wait(ctx),
            Err(error) => self.give_up(&error, ctx),
        }
    }

    /// Old events that cannot be read are no reason to stop taking new ones.
    fn give_up(&self, error: &StoreError, ctx: &mut Context<Self>) {
        tracing::error!(%error, "events cannot be trimmed for now; `doorman store verify` shows what is wrong");
        self.wait(ctx);
    }

    fn wait(&self, ctx: &mut Context<Self>) {
        ctx.run_later(self.every, Self::begin);
    }
}

impl Actor for RetentionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.wait(ctx);
    }
}
