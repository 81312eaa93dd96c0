//! `GET /api/destinations`, `POST /api/destinations/{name}/pause` and `.../resume`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use doorman_core::queues::delivery::{Standing, Wish};
use doorman_core::store::Log;
use doorman_plugin::BoxFuture;
use hyper::StatusCode;

use super::Admin;
use super::answer::{self, Answer};
use super::problem::Problem;
use super::route::blocking;
use super::view::{DestinationRow, DestinationsPage, WishAnswer, time};

/// The most deliveries that are counted as waiting on disk; of more, it is said that there are so many at least.
const MAX_COUNTED: usize = 10_000;

/// The destinations of the running daemon.
pub trait Destinations: Send + Sync + 'static {
    /// Those in the configuration, in the order of their names.
    fn all(&self) -> Vec<Destination>;

    /// How one stands; `None` when it is not in the configuration.
    fn standing(&self, name: &str) -> Option<Standing>;

    /// Has the attempts of one stopped or begun: whether that changed anything, once it is on disk. `None` when it is not in
    /// the configuration. The error says what failed and what to do next.
    fn wish(&self, name: &str, wish: Wish) -> Option<BoxFuture<'static, Result<bool, String>>>;
}

/// A configured destination.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its name.
    pub name: Arc<str>,
    /// The plugin that delivers to it.
    pub plugin: String,
    /// How it stands.
    pub standing: Standing,
    /// How many deliveries it holds in memory.
    pub in_memory: usize,
    /// How long it remembers an idempotency key, where that is known.
    pub forgets_keys_after: Option<Duration>,
}

/// All destinations, those too that are not in the configuration any more and have deliveries waiting.
pub async fn list(admin: Arc<Admin>) -> Result<Answer, Problem> {
    blocking(move || {
        let configured = admin.destinations.all();
        let names: BTreeSet<Arc<str>> = configured.iter().map(|one| Arc::clone(&one.name)).collect();
        let mut rows = Vec::with_capacity(configured.len());
        for one in configured {
            rows.push(row(&*admin.log, one)?);
        }
        for name in admin.log.waiting_destinations()? {
            if !names.contains(&name) {
                rows.push(removed(&*admin.log, &name)?);
            }
        }
        answer::json(StatusCode::OK, &DestinationsPage { destinations: rows })
    })
    .await
}

/// Pauses or resumes a destination.
pub async fn wish(admin: Arc<Admin>, name: &str, wish: Wish) -> Result<Answer, Problem> {
    let Some(granted) = admin.destinations.wish(name, wish) else {
        return Err(unknown(&admin));
    };
    let failed = |message| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "destination_failed", message);
    let changed = granted.await.map_err(failed)?;
    answer::json(StatusCode::OK, &WishAnswer { destination: name.to_owned(), changed })
}

/// The problem that no configured destination has a name.
pub fn unknown(admin: &Admin) -> Problem {
    let known: Vec<String> = admin.destinations.all().iter().map(|one| one.name.to_string()).collect();
    Problem::not_found(format!("no destination has this name; the configuration has {}", known.join(", ")))
}

fn row(log: &dyn Log, one: Destination) -> Result<DestinationRow, Problem> {
    let mut row = DestinationRow {
        name: one.name.to_string(),
        plugin: Some(one.plugin),
        state: state(Some(&one.standing)).to_owned(),
        in_memory: one.in_memory,
        waiting: log.due(&one.name, i64::MAX, None, MAX_COUNTED)?.len(),
        ..DestinationRow::default()
    };
    match one.standing {
        Standing::Running => {}
        Standing::Paused { since } => row.since = Some(time(since)),
        Standing::Held { since, reason, probe_at } => {
            row.since = Some(time(since));
            row.reason = Some(reason);
            row.next_look_at = Some(time(probe_at));
        }
        Standing::Breaker { since, until } => {
            row.since = Some(time(since));
            row.next_look_at = Some(time(until));
        }
    }
    Ok(row)
}

fn removed(log: &dyn Log, name: &str) -> Result<DestinationRow, Problem> {
    Ok(DestinationRow {
        name: name.to_owned(),
        state: state(None).to_owned(),
        reason: Some("it is not in the configuration any more".to_owned()),
        waiting: log.due(name, i64::MAX, None, MAX_COUNTED)?.len(),
        ..DestinationRow::default()
    })
}

/// How a destination stands in one word: also the reason of its open deliveries, unless it is `running`.
pub fn state(standing: Option<&Standing>) -> &'static str {
    match standing {
        Some(Standing::Running) => "running",
        Some(Standing::Paused { .. }) => "paused",
        Some(Standing::Held { .. }) => "held_auth",
        Some(Standing::Breaker { .. }) => "breaker",
        None => "held_removed",
    }
}
