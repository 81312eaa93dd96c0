//! `doorman replay`: what is dead is tried again, or events are mapped again.

mod args;
mod diff;
mod pace;
mod selection;
mod shown;

use std::io::IsTerminal;

use doorman_core::id;
use doorman_plugin::EventId;

pub use args::ReplayArgs;

use self::pace::Pace;
use self::selection::Selection;
use super::client::AdminClient;
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::safe;
use crate::admin::view::{ReplayAnswer, ReplayRequest, Replayed};

/// How many events are sent in one request: what is answered in time even if each takes all that it may.
const IDS: usize = 100;
/// Of more events than this, only those are shown one by one that did not go well.
const SHOWN: usize = 20;

/// Replays events; [`Exit::Failed`] when one of them failed again or was left as it is.
pub async fn run(client: &AdminClient, args: &ReplayArgs, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let pace = Pace::new();
    let chosen = match args.chooses() {
        true => selection::find(client, args, &pace).await?,
        false => Selection { ids: args.ids.clone(), trimmed_before: None },
    };
    let chosen = chosen.behind(args.after.as_deref().and_then(position));
    if let Some(before) = &chosen.trimmed_before
        && !screen.is_json()
    {
        screen.line(&format!("events before {} are trimmed: none of them can be replayed", safe(before)))?;
    }
    if chosen.ids.is_empty() {
        return nothing(args, screen);
    }
    if !is_wanted(args, chosen.ids.len())? {
        screen.line("nothing is done")?;
        return Ok(Exit::Failed);
    }
    let all = replay(client, args, chosen.ids, (&pace, screen)).await?;
    if screen.is_json() {
        screen.json(&all)?;
    } else if all.events.len() > 1 {
        screen.line(&shown::summary(&all))?;
    }
    if !screen.is_json() && all.events.iter().any(shown::is_forgotten) {
        screen.line(shown::FORGOTTEN)?;
    }
    let well =
        all.events.iter().all(|event| matches!(event.outcome.as_str(), "mapped" | "retried" | "dropped"));
    Ok(if well { Exit::Ok } else { Exit::Failed })
}

/// A part at a time, oldest first, until it is interrupted.
async fn replay(
    client: &AdminClient,
    args: &ReplayArgs,
    ids: Vec<String>,
    (pace, screen): (&Pace, &mut Screen<'_>),
) -> Result<ReplayAnswer, CliError> {
    let mut all = ReplayAnswer { dry_run: args.dry_run, events: Vec::new() };
    let shows_all = ids.len() <= SHOWN || args.dry_run;
    pace.begin("replaying", ids.len());
    for part in ids.chunks(IDS) {
        let request = ReplayRequest {
            ids: part.to_vec(),
            dry_run: args.dry_run,
            scripts: args.scripts.clone(),
            as_new: args.as_new,
            destination: args.destination.clone().filter(|_| args.scripts.is_none()),
        };
        let asked = async { client.post::<ReplayAnswer>("/api/replay", &request).await };
        let answer = tokio::select! {
            answer = asked => answer?,
            // Whether this part was done, only the log can say; done twice, it is not sent twice.
            _ = tokio::signal::ctrl_c() => return Err(interrupted(pace, args, &all, ids.len())),
        };
        pace.step(answer.events.len());
        if !screen.is_json() {
            let shown = answer.events.iter().filter(|event| shows_all || shown::needs_a_look(event));
            pace.aside(|| shown.clone().try_for_each(|event| shown::write(screen, args.dry_run, event)))?;
        }
        all.events.extend(answer.events);
    }
    pace.end();
    Ok(all)
}

fn interrupted(pace: &Pace, args: &ReplayArgs, all: &ReplayAnswer, of: usize) -> CliError {
    pace.end();
    let done = all.events.len();
    let last = all.events.last().map(|event| event.id.as_str());
    let on = match last {
        Some(last) if args.chooses() => format!("the same with `--after {last}` goes on"),
        Some(last) => format!("the last one was {last}"),
        None => "none was done for sure".to_owned(),
    };
    CliError::EndedEarly(format!("interrupted after {done} of {of} events: {on}"))
}

fn nothing(args: &ReplayArgs, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    if screen.is_json() {
        screen.json(&ReplayAnswer { dry_run: args.dry_run, events: Vec::<Replayed>::new() })?;
    } else if args.failed {
        screen.line("no event whose mapping failed")?;
    } else {
        screen.line("no such event")?;
    }
    Ok(Exit::Ok)
}

/// Asks, where somebody is there to answer.
fn is_wanted(args: &ReplayArgs, count: usize) -> Result<bool, CliError> {
    let somebody = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if args.yes || args.dry_run || !args.chooses() || !somebody {
        return Ok(true);
    }
    eprint!("{count} {}: replay? (--dry-run shows what would come of it) [y/N] ", shown::events(count));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// The position of the event with this id, which must be whole.
fn position(text: &str) -> Option<u64> {
    text.parse::<EventId>().ok().map(|event| id::position(&event))
}
