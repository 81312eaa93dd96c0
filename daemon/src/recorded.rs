//! The destination `recorded`: where a route that is `false` leads. What goes there is kept in the log, and that is all.

use std::sync::Arc;
use std::time::Duration;

use doorman_core::dispatch::{ListedSecrets, Pace};
use doorman_core::map::Order;
use doorman_plugin::{BoxFuture, Delivery, Plugin, Report};

use crate::config::RECORDED;
use crate::pipeline::Destination;

struct Recorded;

impl Plugin for Recorded {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        let environment = &delivery.event.environment;
        let receipt = format!("only recorded, by [environments.{environment}.routes]");
        Box::pin(async move { Report::delivered().with_receipt(receipt) })
    }

    fn shows_marks(&self) -> bool {
        true
    }
}

/// The destination. Its attempts take no time and never fail.
pub fn destination() -> Destination {
    Destination {
        name: RECORDED.into(),
        plugin: Arc::new(Recorded),
        pace: Pace::default(),
        timeout: Duration::from_secs(1),
        queue_deliveries: 1_024,
        order: Order::default(),
        secrets: ListedSecrets::default(),
    }
}
