//! The committer's actix shell. It lives on an arbiter of its own, because an fsync blocks its thread.

use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Context};

use super::committer::Committer;
use crate::store::StoreError;
use crate::supervise::{Escalation, Lifeline, Supervisor};

/// Runs a [`Committer`]: a turn whenever something waits, and an fsync when ended attempts waited long enough for one.
pub struct CommitterActor {
    committer: Committer,
    supervisor: Supervisor,
    sync_idle: Duration,
    sync_scheduled: bool,
    _lifeline: Lifeline,
}

impl CommitterActor {
    /// `sync_idle`: how long an ended attempt may wait for the fsync of others.
    pub fn new(
        committer: Committer,
        supervisor: Supervisor,
        sync_idle: Duration,
        lifeline: Lifeline,
    ) -> Self {
        Self { committer, supervisor, sync_idle, sync_scheduled: false, _lifeline: lifeline }
    }

    fn turn(&mut self, ctx: &mut Context<Self>) {
        let result = self.committer.turn();
        self.escalate_on_error(result);
        if self.committer.is_unsynced() && !self.sync_scheduled {
            self.sync_scheduled = true;
            ctx.run_later(self.sync_idle, |actor, _| {
                actor.sync_scheduled = false;
                let result = actor.committer.sync();
                actor.escalate_on_error(result);
            });
        }
        self.wait_for_more(ctx);
    }

    fn wait_for_more(&self, ctx: &mut Context<Self>) {
        let queue = self.committer.queue().clone();
        let more = async move { queue.more().await };
        ctx.spawn(more.into_actor(self).map(|(), actor, ctx| actor.turn(ctx)));
    }

    /// A failed write is never tried again: the process ends, and recovers from what is on disk.
    fn escalate_on_error(&self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            self.supervisor.escalate(Escalation::Failed { part: "committer", reason: error.to_string() });
        }
    }
}

impl Actor for CommitterActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.turn(ctx);
    }
}
