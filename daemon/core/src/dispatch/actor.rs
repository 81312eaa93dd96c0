//! The dispatcher's actix shell: makes the attempts, on a thread of its own, so that a destination that hangs, or a plugin
//! that blocks, holds up nobody.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Context, SpawnHandle};
use doorman_plugin::{Delivery, Plugin, Report};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::attempt::Means;
use super::dispatcher::{Closed, Dispatcher, Ended};
use super::listed::ListedSecrets;
use crate::faults;
use crate::queues::commit::CommitQueue;
use crate::queues::delivery::{Asked, DeliveryQueue, Wish};
use crate::store::Close;
use crate::supervise::{Escalation, Lifeline, Supervisor};

/// What a dispatcher's actor stands on.
pub struct Lane {
    /// Makes the attempts.
    pub plugin: Arc<dyn Plugin>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// What is filled in before each.
    pub secrets: Arc<ListedSecrets>,
    /// Where ended attempts are brought.
    pub commits: CommitQueue,
}

impl Lane {
    fn means(&self) -> Means<'_> {
        Means { plugin: &*self.plugin, secrets: &self.secrets, timeout: self.timeout }
    }
}

/// Runs a [`Dispatcher`]. One that is made anew waits until what its predecessor brought is written, and then takes up
/// what that one had in its hands; attempts that were under way are broken off, and repeated under the same key.
pub struct DispatcherActor {
    dispatcher: Dispatcher,
    lane: Arc<Lane>,
    batch_max: usize,
    supervisor: Supervisor,
    /// Ended with the actor.
    attempts: JoinSet<Vec<Ended>>,
    /// Ended attempts that wait for the batch before them to be written.
    to_close: Vec<Close>,
    closing: bool,
    timer: Option<SpawnHandle>,
    _lifeline: Lifeline,
}

impl DispatcherActor {
    /// A dispatcher on its lane.
    pub fn new(dispatcher: Dispatcher, lane: Lane, supervisor: Supervisor, lifeline: Lifeline) -> Self {
        lane.plugin.keep_secret(lane.secrets.seen());
        Self {
            dispatcher,
            batch_max: lane.plugin.batch_max(),
            lane: Arc::new(lane),
            supervisor,
            attempts: JoinSet::new(),
            to_close: Vec::new(),
            closing: false,
            timer: None,
            _lifeline: lifeline,
        }
    }

    fn resume(&self, ctx: &mut Context<Self>) {
        let commits = self.lane.commits.clone();
        let written = async move { commits.written().await };
        ctx.spawn(written.into_actor(self).map(|written, actor, ctx| {
            let resumed = written.map_err(|error| error.to_string());
            match resumed.and_then(|()| actor.dispatcher.resume().map_err(|error| error.to_string())) {
                Ok(()) => {
                    actor.turn(ctx);
                    actor.wait_for_more(ctx);
                }
                Err(reason) => actor.fail(reason),
            }
        }));
    }

    fn turn(&mut self, ctx: &mut Context<Self>) {
        self.take_ended();
        self.note_stops(Vec::new(), ctx);
        self.close(ctx);
        match self.dispatcher.take_in() {
            Ok(asked) => self.grant(asked, ctx),
            Err(error) => return self.fail(error.to_string()),
        }
        faults::point("dispatcher.taken-in");
        self.probe(ctx);
        while let Some(batch) = self.next_batch() {
            self.attempt(batch);
        }
        self.set_timer(ctx);
    }

    fn take_ended(&mut self) {
        while let Some(ended) = self.attempts.try_join_next() {
            match ended {
                Ok(ended) => {
                    let closes = ended.into_iter().map(|one| self.dispatcher.ended(one, fastrand::f64()));
                    self.to_close.extend(closes.flatten());
                }
                // The delivery is still in our hands: whoever is made anew takes it up.
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                // Attempts are broken off with the actor only.
                Err(_) => {}
            }
        }
    }

    /// What is attempted together next, if anything is.
    fn next_batch(&mut self) -> Option<Vec<Delivery>> {
        let mut batch = vec![self.dispatcher.next_ready()?];
        while batch.len() < self.batch_max {
            match self.dispatcher.next_ready() {
                Some(delivery) => batch.push(delivery),
                None => break,
            }
        }
        Some(batch)
    }

    fn attempt(&mut self, batch: Vec<Delivery>) {
        let lane = Arc::clone(&self.lane);
        let started_at = self.dispatcher.clock().now();
        let queue = self.dispatcher.queue().clone();
        self.attempts.spawn_local(async move {
            let _wakes = Wakes(queue);
            lane.means().attempt(batch, started_at).await
        });
    }

    /// Looks whether a destination that is held works again, when it is time.
    fn probe(&mut self, ctx: &mut Context<Self>) {
        if !self.dispatcher.probe_is_due() {
            return;
        }
        let lane = Arc::clone(&self.lane);
        if lane.means().probe().is_none() {
            if let Some(oldest) = self.dispatcher.next_probe() {
                self.attempt(vec![oldest]);
            }
            return;
        }
        self.dispatcher.probe_begins();
        let probing = async move {
            let means = lane.means();
            match means.probe() {
                Some(report) => report.await,
                None => Report::retry("it cannot tell whether it works"),
            }
        };
        ctx.spawn(probing.into_actor(self).map(|report, actor, ctx| {
            actor.dispatcher.probed(&report.outcome);
            actor.note_stops(Vec::new(), ctx);
            actor.turn(ctx);
        }));
    }

    /// Does what operators want, and answers them once it is on disk.
    fn grant(&mut self, asked: Vec<Asked>, ctx: &mut Context<Self>) {
        let mut answers = Vec::new();
        for Asked { wish, answer } in asked {
            match wish {
                Wish::Close => self.close_plugin(answer, ctx),
                _ => answers.push((answer, self.dispatcher.grant(wish))),
            }
        }
        self.note_stops(answers, ctx);
    }

    /// Brings a change of the destination's stops to the committer.
    fn note_stops(&mut self, answers: Vec<(oneshot::Sender<bool>, bool)>, ctx: &mut Context<Self>) {
        let stops = self.dispatcher.take_stops();
        if stops.is_none() && answers.is_empty() {
            return;
        }
        let name = Arc::clone(self.dispatcher.name());
        let commits = self.lane.commits.clone();
        let noted = async move {
            match stops {
                Some(stops) => commits.note_stops(name, stops).await,
                None => Ok(()),
            }
        };
        ctx.spawn(noted.into_actor(self).map(|noted, actor, _| match noted {
            Ok(()) => {
                for (answer, changed) in answers {
                    // An operator who went away has it done all the same.
                    let _ = answer.send(changed);
                }
            }
            Err(error) => actor.fail(error.to_string()),
        }));
    }

    fn close_plugin(&self, answer: oneshot::Sender<bool>, ctx: &mut Context<Self>) {
        let lane = Arc::clone(&self.lane);
        let closing = async move {
            lane.plugin.close().await;
            // Who stops the daemon does not wait for ever.
            let _ = answer.send(true);
        };
        ctx.spawn(closing.into_actor(self));
    }

    /// Brings what ended to the committer, one batch at a time.
    fn close(&mut self, ctx: &mut Context<Self>) {
        if self.closing || self.to_close.is_empty() {
            return;
        }
        faults::point("dispatcher.ended");
        let closes = std::mem::take(&mut self.to_close);
        let closed: Vec<Closed> = closes.iter().map(Closed::from).collect();
        self.closing = true;
        let commits = self.lane.commits.clone();
        let written = async move { commits.close(closes).await };
        ctx.spawn(written.into_actor(self).map(move |written, actor, ctx| match written {
            Ok(()) => {
                faults::point("dispatcher.written");
                actor.closing = false;
                actor.dispatcher.closed(closed);
                actor.turn(ctx);
            }
            Err(error) => actor.fail(error.to_string()),
        }));
    }

    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        if let Some(pause) = self.dispatcher.pause() {
            let queue = self.dispatcher.queue().clone();
            self.timer = Some(ctx.run_later(pause.max(SHORTEST_PAUSE), move |_, _| queue.wake()));
        }
    }

    fn wait_for_more(&self, ctx: &mut Context<Self>) {
        let queue = self.dispatcher.queue().clone();
        let more = async move { queue.more().await };
        ctx.spawn(more.into_actor(self).map(|(), actor, ctx| {
            actor.turn(ctx);
            actor.wait_for_more(ctx);
        }));
    }

    /// A store that fails ends the process.
    fn fail(&self, reason: String) {
        self.supervisor.escalate(Escalation::Failed { part: "dispatcher", reason });
    }
}

/// Wakes the dispatcher when an attempt is over, however that comes about.
struct Wakes(DeliveryQueue);

impl Drop for Wakes {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// Between two looks at the store.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

impl Actor for DispatcherActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.resume(ctx);
    }
}
