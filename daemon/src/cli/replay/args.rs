//! What `doorman replay` is told.

use chrono::{DateTime, Utc};
use clap::Args;
use doorman_plugin::{EventId, duration};

/// The arguments that choose events, each of which can do without the others.
const CHOICES: [&str; 8] = ["failed", "status", "source", "env", "event", "destination", "since", "until"];

/// `doorman replay`.
#[derive(Clone, Debug, Default, Args)]
pub struct ReplayArgs {
    /// Event ids, the beginnings of some, or @last
    #[arg(required_unless_present_any = CHOICES, conflicts_with_all = CHOICES, value_name = "EVENT")]
    pub ids: Vec<String>,
    /// Map them again, by these scripts: current, original, or a generation [default: retry what is dead, and map what could
    /// not be mapped]
    #[arg(long, value_name = "SCRIPTS")]
    pub scripts: Option<String>,
    /// With --scripts: do also what was done before, under keys of its own
    #[arg(long, requires = "scripts")]
    pub as_new: bool,
    /// Only say what would come of it
    #[arg(long)]
    pub dry_run: bool,
    /// All events whose mapping failed
    #[arg(long, conflicts_with = "status")]
    pub failed: bool,
    /// All events with this status [default without --scripts: those of which something is dead]
    #[arg(long, value_parser = ["pending", "delivered", "dead", "dropped"])]
    pub status: Option<String>,
    /// All events of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// All events of this environment
    #[arg(long, alias = "environment", value_name = "NAME")]
    pub env: Option<String>,
    /// All events of this name
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    /// All events with a delivery for it; without --scripts, only what is dead of those deliveries
    #[arg(long, value_name = "NAME")]
    pub destination: Option<String>,
    /// All events that came so long ago or later, as in 2h; or since a time, as in 2026-11-24T10:15:30Z
    #[arg(long, value_name = "TIME", value_parser = read_since)]
    pub since: Option<DateTime<Utc>>,
    /// All events that came longer ago, as in 30m; or before a time
    #[arg(long, value_name = "TIME", value_parser = read_since)]
    pub until: Option<DateTime<Utc>>,
    /// So many at most, the newest
    #[arg(long, conflicts_with = "ids", value_name = "EVENTS", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Only events behind this one, given whole: to go on after an interruption
    #[arg(long, conflicts_with = "ids", value_name = "EVENT", value_parser = read_whole_id)]
    pub after: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

impl ReplayArgs {
    /// Whether events are chosen by what they are.
    pub fn chooses(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Reads `2h` (so long ago) or a time as RFC 3339 writes it.
pub fn read_since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let ago = duration::parse(text).ok().and_then(|ago| chrono::Duration::from_std(ago).ok());
    let since = ago.and_then(|ago| Utc::now().checked_sub_signed(ago));
    since.ok_or_else(|| {
        "expected how long ago, as in `2h`, or a time, as in `2026-11-24T10:15:30Z`".to_owned()
    })
}

fn read_whole_id(text: &str) -> Result<String, String> {
    match text.parse::<EventId>() {
        Ok(id) => Ok(id.to_string()),
        Err(_) => Err("expected the whole id of an event".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_time_or_how_long_ago() {
        let ago = chrono::Utc::now() - read_since("2h").unwrap();
        assert!((119..=121).contains(&ago.num_minutes()), "{ago}");
        assert_eq!(
            read_since("2026-11-24T10:15:30+01:00").unwrap().to_rfc3339(),
            "2026-11-24T09:15:30+00:00"
        );
        assert!(read_since("99999999999999d").is_err());
    }
}
