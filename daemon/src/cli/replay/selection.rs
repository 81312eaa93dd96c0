//! Which events are meant. All are found before the first is replayed, so that none is met twice that fails again.

use chrono::{DateTime, SecondsFormat, Utc};

use super::args::ReplayArgs;
use super::pace::Pace;
use super::position;
use crate::admin::view::{EventRow, EventsPage};
use crate::cli::client::{AdminClient, with_parameters};
use crate::cli::error::CliError;

/// The rows of one page of the list.
const PAGE_ROWS: &str = "500";

/// The events that are meant, oldest first.
pub struct Selection {
    /// Their ids.
    pub ids: Vec<String>,
    /// Of what came before this time, some is trimmed that may have been meant.
    pub trimmed_before: Option<String>,
}

impl Selection {
    /// Those behind a position.
    pub fn behind(mut self, after: Option<u64>) -> Self {
        if let Some(after) = after {
            self.ids.retain(|id| position(id).is_none_or(|position| position > after));
        }
        self
    }
}

/// Finds the events that the arguments choose.
pub async fn find(client: &AdminClient, args: &ReplayArgs, pace: &Pace) -> Result<Selection, CliError> {
    let limit = args.limit.map_or(usize::MAX, |limit| limit as usize);
    let [since, until] = [args.since, args.until].map(|time| time.map(written));
    let is_retry = args.scripts.is_none() && !args.failed && args.status.is_none();
    let mut ids: Vec<String> = Vec::new();
    let mut before = None;
    pace.look("looking for events");
    loop {
        let parameters = [
            ("verdict", args.failed.then_some("failed")),
            ("status", args.status.as_deref()),
            ("has", is_retry.then_some("dead")),
            ("source", args.source.as_deref()),
            ("environment", args.env.as_deref()),
            ("event", args.event.as_deref()),
            ("destination", args.destination.as_deref()),
            ("since", since.as_deref()),
            ("until", until.as_deref()),
            ("limit", Some(PAGE_ROWS)),
            ("before", before.as_deref()),
        ];
        let page: EventsPage<EventRow> = client.get(&with_parameters("/api/events", &parameters)).await?;
        ids.extend(page.events.into_iter().map(|row| row.id));
        pace.found(ids.len());
        before = page.next;
        if before.is_none() || ids.len() >= limit {
            pace.end();
            ids.truncate(limit);
            ids.reverse();
            let trimmed_before = page.oldest.filter(|oldest| is_before(args.since, oldest));
            return Ok(Selection { ids, trimmed_before });
        }
    }
}

/// Whether events were asked for that came before another.
fn is_before(since: Option<DateTime<Utc>>, oldest: &str) -> bool {
    let oldest = DateTime::parse_from_rfc3339(oldest).map(|time| time.to_utc());
    since.is_none_or(|since| oldest.is_ok_and(|oldest| since < oldest))
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
