//! The destinations of the running daemon, as operators see them and may stop them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use doorman_core::queues::delivery::{DeliveryQueue, Standing, Wish};
use doorman_plugin::BoxFuture;

use crate::{admin, plugins};

/// How long a dispatcher is waited for: less than the command line waits for an answer.
const WISH_WAIT: Duration = Duration::from_secs(20);

/// The dispatchers' queues, with the plugins' names.
pub struct Destinations {
    by_name: BTreeMap<Arc<str>, (String, DeliveryQueue)>,
}

impl Destinations {
    /// Of these queues; `plugin_of` gives the name of a destination's plugin.
    pub fn new<'q>(
        queues: impl IntoIterator<Item = (&'q Arc<str>, &'q DeliveryQueue)>,
        plugin_of: impl Fn(&str) -> String,
    ) -> Self {
        let named = |(name, queue): (&'q Arc<str>, &'q DeliveryQueue)| {
            (Arc::clone(name), (plugin_of(name), queue.clone()))
        };
        Self { by_name: queues.into_iter().map(named).collect() }
    }
}

impl admin::Destinations for Destinations {
    fn all(&self) -> Vec<admin::Destination> {
        let row = |(name, (plugin, queue)): (&Arc<str>, &(String, DeliveryQueue))| admin::Destination {
            name: Arc::clone(name),
            plugin: plugin.clone(),
            standing: queue.standing(),
            in_memory: queue.taken(),
            forgets_keys_after: plugins::find(plugin).and_then(|plugin| plugin.forgets_keys_after),
        };
        self.by_name.iter().map(row).collect()
    }

    fn standing(&self, name: &str) -> Option<Standing> {
        self.by_name.get(name).map(|(_, queue)| queue.standing())
    }

    fn wish(&self, name: &str, wish: Wish) -> Option<BoxFuture<'static, Result<bool, String>>> {
        let (_, queue) = self.by_name.get(name)?;
        let answer = queue.ask(wish);
        Some(Box::pin(async move {
            match tokio::time::timeout(WISH_WAIT, answer).await {
                Ok(Ok(changed)) => Ok(changed),
                Ok(Err(_)) => Err("the dispatcher failed and is made anew: try again".to_owned()),
                Err(_) => {
                    Err("the destination's plugin blocks its dispatcher: it is done once that ends"
                        .to_owned())
                }
            }
        }))
    }
}
