//! The dispatcher's actix shell: makes the attempts, on a thread of its own, so that a destination that hangs, or a plugin
//! that blocks, holds up nobody.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Context, SpawnHandle};
use doorman_plugin::{Delivery, Plugin, Report};
use tokio::task::JoinSet;

use super::dispatcher::{Closed, Dispatcher, Ended};
use super::listed::ListedSecrets;
use crate::faults;
use crate::queues::commit::CommitQueue;
use crate::queues::delivery::DeliveryQueue;
use crate::store::Close;
use crate::supervise::{Escalation, Lifeline, Supervisor, panics};

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

/// Runs a [`Dispatcher`]. One that is made anew waits until what its predecessor brought is written, and then takes up
/// what that one had in its hands; attempts that were under way are broken off, and repeated under the same key.
pub struct DispatcherActor {
    dispatcher: Dispatcher,
    lane: Lane,
    supervisor: Supervisor,
    /// Ended with the actor.
    attempts: JoinSet<Ended>,
    /// Ended attempts that wait for the batch before them to be written.
    to_close: Vec<Close>,
    closing: bool,
    timer: Option<SpawnHandle>,
    _lifeline: Lifeline,
}

impl DispatcherActor {
    /// A dispatcher on its lane.
    pub fn new(dispatcher: Dispatcher, lane: Lane, supervisor: Supervisor, lifeline: Lifeline) -> Self {
        Self {
            dispatcher,
            lane,
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
        self.close(ctx);
        if let Err(error) = self.dispatcher.take_in() {
            return self.fail(error.to_string());
        }
        faults::point("dispatcher.taken-in");
        while let Some(delivery) = self.dispatcher.next_ready() {
            self.attempt(delivery);
        }
        self.set_timer(ctx);
    }

    fn take_ended(&mut self) {
        while let Some(ended) = self.attempts.try_join_next() {
            match ended {
                Ok(ended) => {
                    let close = self.dispatcher.ended(ended, fastrand::f64());
                    self.to_close.push(close);
                }
                // The delivery is still in our hands: whoever is made anew takes it up.
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                // Attempts are broken off with the actor only.
                Err(_) => {}
            }
        }
    }

    fn attempt(&mut self, delivery: Delivery) {
        let plugin = Arc::clone(&self.lane.plugin);
        let timeout = self.lane.timeout;
        let secrets = Arc::clone(&self.lane.secrets);
        let started_at = self.dispatcher.clock().now();
        let queue = self.dispatcher.queue().clone();
        self.attempts.spawn_local(async move {
            let _wakes = Wakes(queue);
            let started = Instant::now();
            let report = match secrets.fill(&delivery, plugin.shows_marks()) {
                Ok(filled) => secrets.masked(attempt(&*plugin, &filled, timeout).await),
                Err(report) => report,
            };
            Ended { delivery, started_at, latency: started.elapsed(), report }
        });
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

/// One attempt, within its deadline. A plugin that panics has failed this attempt only.
async fn attempt(plugin: &dyn Plugin, delivery: &Delivery, timeout: Duration) -> Report {
    let panicked = || {
        let why = panics::last_here().unwrap_or_else(|| "panicked".to_owned());
        Report::retry(format!("the plugin {why}"))
    };
    let Ok(delivering) = catch_unwind(AssertUnwindSafe(|| plugin.deliver(delivery))) else {
        return panicked();
    };
    match tokio::time::timeout(timeout, unwinding(delivering)).await {
        Ok(report) => report.unwrap_or_else(panicked),
        Err(_) => Report::retry(format!("no answer within {}", doorman_plugin::duration::format(timeout))),
    }
}

/// The future's output, or `None` when it panicked.
async fn unwinding<T>(mut future: doorman_plugin::BoxFuture<'_, T>) -> Option<T> {
    poll_fn(|cx| {
        // The future is not polled again after a panic, so no broken state is seen.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
