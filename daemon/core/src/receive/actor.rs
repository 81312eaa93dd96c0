//! The receiver's actix shell: holds the accept loop while it lives. Connections run on the runtime's own threads, never
//! on an arbiter's.

use std::sync::Arc;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, ActorContext, AsyncContext, Context};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::handler::Receiver;
use super::server;
use crate::supervise::{Lifeline, panics};

/// Serves one listener until it is drained.
pub struct ReceiverActor {
    listener: Option<TcpListener>,
    receiver: Arc<Receiver>,
    drain: watch::Receiver<bool>,
    ended: Arc<watch::Sender<bool>>,
    runtime: Handle,
    lifeline: Option<Lifeline>,
}

impl ReceiverActor {
    /// Serves `listener` on `runtime` until `drain` turns true; `ended` turns true once the last connection has ended.
    /// Without a listener it ends at once.
    pub fn new(
        listener: Option<TcpListener>,
        receiver: Arc<Receiver>,
        drain: watch::Receiver<bool>,
        ended: Arc<watch::Sender<bool>>,
        runtime: Handle,
        lifeline: Lifeline,
    ) -> Self {
        Self { listener, receiver, drain, ended, runtime, lifeline: Some(lifeline) }
    }
}

impl Actor for ReceiverActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Some(listener) = self.listener.take() else {
            // There is nothing to drain.
            self.ended.send_replace(true);
            return ctx.stop();
        };
        let served =
            self.runtime.spawn(server::serve(listener, Arc::clone(&self.receiver), self.drain.clone()));
        ctx.spawn(served.into_actor(self).map(|served, actor, ctx| {
            let lifeline = actor.lifeline.take();
            match served {
                Ok(()) => {
                    actor.ended.send_replace(true);
                    if let Some(lifeline) = lifeline {
                        lifeline.farewell();
                    }
                }
                // A panic in the loop: the supervisor makes a new actor. Connections go on meanwhile.
                Err(error) => {
                    let why = error.try_into_panic().map(|payload| panics::message(&*payload));
                    let why = why.unwrap_or_else(|_| "its runtime is gone".to_owned());
                    if let Some(lifeline) = lifeline {
                        lifeline.died(why);
                    }
                }
            }
            ctx.stop();
        }));
    }
}
