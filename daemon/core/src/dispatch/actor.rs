//! The dispatcher's actix shell: makes the attempts, on the arbiter of all dispatchers. Nothing in it blocks, so a
//! destination that hangs holds up nobody.

use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Context, SpawnHandle};
use doorman_plugin::{Plugin, Report};

use super::dispatcher::{Dispatcher, Ended, Ready};
use crate::queues::commit::CommitQueue;
use crate::queues::delivery::DeliveryQueue;
use crate::store::Close;
use crate::supervise::{Escalation, Lifeline, Supervisor};

/// What a dispatcher's actor stands on.
pub struct Lane {
    /// Makes the attempts.
    pub plugin: Arc<dyn Plugin>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Where ended attempts are brought.
    pub commits: CommitQueue,
}

/// Runs a [`Dispatcher`].
pub struct DispatcherActor {
    dispatcher: Dispatcher,
    lane: Lane,
    supervisor: Supervisor,
    ended: Rc<RefCell<Vec<Ended>>>,
    /// Ended attempts that wait for the batch before them to be written.
    to_close: Vec<Close>,
    closing: bool,
    timer: Option<SpawnHandle>,
    _lifeline: Lifeline,
}

impl DispatcherActor {
    /// A dispatcher on its lane.
    pub fn new(dispatcher: Dispatcher, lane: Lane, supervisor: Supervisor, lifeline: Lifeline) -> Self {
        let ended = Rc::default();
        Self {
            dispatcher,
            lane,
            supervisor,
            ended,
            to_close: Vec::new(),
            closing: false,
            timer: None,
            _lifeline: lifeline,
        }
    }

    fn turn(&mut self, ctx: &mut Context<Self>) {
        for ended in std::mem::take(&mut *self.ended.borrow_mut()) {
            let close = self.dispatcher.ended(ended, fastrand::f64());
            self.to_close.push(close);
        }
        self.close(ctx);
        if let Err(error) = self.dispatcher.take_in() {
            let reason = error.to_string();
            self.supervisor.escalate(Escalation::Failed { part: "dispatcher", reason });
            return;
        }
        while let Some(ready) = self.dispatcher.next_ready() {
            self.attempt(ready);
        }
        self.set_timer(ctx);
    }

    fn attempt(&self, ready: Ready) {
        let plugin = Arc::clone(&self.lane.plugin);
        let timeout = self.lane.timeout;
        let started_at = self.dispatcher.clock().now();
        let ended = Rc::clone(&self.ended);
        let queue = self.dispatcher.queue().clone();
        actix::spawn(async move {
            let started = Instant::now();
            let report = attempt(&*plugin, &ready, timeout).await;
            report_end(&ended, &queue, Ended { ready, started_at, latency: started.elapsed(), report });
        });
    }

    /// Brings what ended to the committer, one batch at a time.
    fn close(&mut self, ctx: &mut Context<Self>) {
        if self.closing || self.to_close.is_empty() {
            return;
        }
        let closes = std::mem::take(&mut self.to_close);
        self.closing = true;
        let commits = self.lane.commits.clone();
        let brought = closes.clone();
        let written = async move { commits.close(brought).await };
        ctx.spawn(written.into_actor(self).map(move |written, actor, ctx| match written {
            Ok(()) => {
                actor.closing = false;
                actor.dispatcher.closed(&closes);
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

    fn fail(&self, reason: String) {
        self.supervisor.escalate(Escalation::Failed { part: "dispatcher", reason });
    }
}

/// Between two looks at the store.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

impl Actor for DispatcherActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.turn(ctx);
        self.wait_for_more(ctx);
    }
}

/// One attempt, within its deadline. A plugin that panics has failed this attempt only.
async fn attempt(plugin: &dyn Plugin, ready: &Ready, timeout: Duration) -> Report {
    let panicked = || Report::retry("the plugin panicked; the daemon's log has the place");
    let Ok(delivery) = catch_unwind(AssertUnwindSafe(|| plugin.deliver(&ready.delivery))) else {
        return panicked();
    };
    match tokio::time::timeout(timeout, unwinding(delivery)).await {
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

fn report_end(list: &RefCell<Vec<Ended>>, queue: &DeliveryQueue, ended: Ended) {
    let mut list = list.borrow_mut();
    let first = list.is_empty();
    list.push(ended);
    if first {
        queue.wake();
    }
}
