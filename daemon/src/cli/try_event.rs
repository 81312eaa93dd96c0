//! `doorman try`: one event through the scripts, and how it went.

use std::fs;
use std::io::Read;
use std::path::Path;

use doorman_core::mapping::{Mapped, Place};
use doorman_mapping::World;
use doorman_mapping::samples::{EventError, Posted};
use doorman_mapping::trace::{Trace, Tracer};
use serde::Serialize;
use serde_json::value::RawValue;

use super::TryArgs;
use super::error::CliError;
use super::exit::Exit;
use super::pretty::pretty;
use super::screen::Screen;
use super::test::{compiled, scan};
use super::text::{counted, safe};

/// What is read as standard input.
const STDIN: &str = "-";

/// What came of the event.
#[derive(Serialize)]
struct Tried {
    event: String,
    source: String,
    environment: String,
    generation: String,
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<Line>>,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Actions { actions: Vec<Asked>, skipped: Vec<LeftOut> },
    Dropped { reason: String, place: Option<String> },
    Failed { error: String },
    NoScript,
}

#[derive(Serialize)]
struct Asked {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    content: Box<RawValue>,
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<String>,
}

#[derive(Serialize)]
struct LeftOut {
    action: &'static str,
    reason: String,
    place: String,
}

/// A line that ran, and what was seen there.
#[derive(Serialize)]
struct Line {
    script: String,
    line: u32,
    notes: Vec<String>,
}

/// Maps the event. [`Exit::Failed`] when the scripts fail or there is none for it.
pub fn run(
    root: &Path,
    world: &World,
    args: &TryArgs,
    stdin: &mut dyn Read,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let source = source(args, world)?;
    let text = text(&args.event, stdin)?;
    let posted = Posted::read(&text, source, args.env.as_deref(), world);
    let mut posted = posted.map_err(|error| CliError::Data(wrong(&args.event, &error)))?;
    posted.headers.extend(args.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())));
    let Some(tracer) = compiled(&scan(root)?, world) else {
        return Ok(Exit::Config);
    };
    let (mapped, trace) = tracer.run(&posted.event, &posted.headers);
    let tried = Tried::of(&posted, &tracer, &mapped, &trace, args.quiet);
    if screen.is_json() {
        screen.json(&tried)?;
    } else {
        tried.show((!args.quiet).then(|| tracer.text(&trace)), root, screen)?;
    }
    let is_good = matches!(tried.outcome, Outcome::Actions { .. } | Outcome::Dropped { .. });
    Ok(if is_good { Exit::Ok } else { Exit::Failed })
}

/// The source that is named, else the folder of a sample, else the only one.
fn source<'a>(args: &'a TryArgs, world: &'a World) -> Result<&'a str, CliError> {
    let all = || world.sources.join(", ");
    let Some(name) = args.source.as_deref().or_else(|| folder(&args.event)) else {
        return match world.sources.as_slice() {
            [only] => Ok(only),
            _ => Err(CliError::Usage(format!("say with --source whose event it is; there are {}", all()))),
        };
    };
    if world.sources.iter().any(|source| source == name) {
        return Ok(name);
    }
    Err(CliError::Usage(format!("there is no source `{}`; the configuration has {}", safe(name), all())))
}

/// `demo` of `samples/demo/order.event.json`.
fn folder(path: &str) -> Option<&str> {
    let mut parts = Path::new(path).iter().rev().skip(1);
    let folder = parts.next()?.to_str()?;
    (parts.next()? == "samples").then_some(folder)
}

fn text(path: &str, stdin: &mut dyn Read) -> Result<String, CliError> {
    let mut text = String::new();
    let read = match path {
        STDIN => stdin.read_to_string(&mut text).map(|_| text),
        path => fs::read_to_string(path),
    };
    read.map_err(|source| CliError::NoInput { path: path.to_owned(), source })
}

fn wrong(path: &str, error: &EventError) -> String {
    let place = if error.line > 0 { format!(":{}:{}", error.line, error.column) } else { String::new() };
    let help = error.help.as_deref().map(|help| format!("\nhelp: {}", safe(help))).unwrap_or_default();
    format!("{}{place}: {}{help}", safe(path), safe(&error.message))
}

impl Tried {
    fn of(posted: &Posted, tracer: &Tracer, mapped: &Mapped, trace: &Trace, quiet: bool) -> Self {
        use doorman_core::mapping::Generation;
        let info = &posted.event.info;
        let line = |visit: &doorman_mapping::trace::Visit| Line {
            script: visit.place.script.to_string(),
            line: visit.place.line,
            notes: visit.notes.iter().map(ToString::to_string).collect(),
        };
        Self {
            event: info.event.to_string(),
            source: info.source.to_string(),
            environment: info.environment.to_string(),
            generation: tracer.generation().id().to_string(),
            outcome: Outcome::of(mapped),
            trace: (!quiet).then(|| trace.visits.iter().map(line).collect()),
        }
    }

    fn show(&self, trace: Option<String>, root: &Path, screen: &mut Screen<'_>) -> Result<(), CliError> {
        if let Some(trace) = trace {
            let head = format!("{} from {} in {}", self.event, self.source, self.environment);
            screen.line(&safe(&head))?;
            screen.line("")?;
            for line in trace.lines() {
                screen.line(&safe(line))?;
            }
            if !trace.is_empty() {
                screen.line("")?;
            }
        }
        match &self.outcome {
            Outcome::Actions { actions, skipped } => show_actions(actions, skipped, screen)?,
            Outcome::Dropped { reason, place } => {
                let place = place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
                screen.line(&safe(&format!("dropped: {reason}{place}")))?;
            }
            Outcome::Failed { error } => {
                for line in error.lines() {
                    screen.line(&safe(line))?;
                }
            }
            Outcome::NoScript => {
                let script = root.join(format!("{}.rhai", self.source));
                screen.line(&format!("no script maps `{}` yet: write {}", self.source, script.display()))?;
            }
        }
        Ok(())
    }
}

fn show_actions(actions: &[Asked], skipped: &[LeftOut], screen: &mut Screen<'_>) -> Result<(), CliError> {
    screen.line(&counted(actions.len(), "action"))?;
    for (index, one) in actions.iter().enumerate() {
        let to = one.destination.as_ref().map(|name| format!(" to {}", safe(name))).unwrap_or_default();
        screen.line(&format!("{}. {}{to} ({})", index + 1, one.action, safe(&one.place)))?;
        if let Some(terms) = &one.terms {
            screen.line(&format!("   {}", safe(terms)))?;
        }
        for line in pretty(one.content.get()).lines() {
            screen.line(&format!("   {line}"))?;
        }
    }
    for one in skipped {
        screen.line(&safe(&format!("left out: {} ({}): {}", one.action, one.place, one.reason)))?;
    }
    Ok(())
}

impl Outcome {
    fn of(mapped: &Mapped) -> Self {
        match mapped {
            Mapped::Actions { said, skipped } => Self::Actions {
                actions: said
                    .iter()
                    .map(|one| Asked {
                        action: one.kind.as_str(),
                        destination: one.destination.as_ref().map(ToString::to_string),
                        content: (*one.content).to_owned(),
                        place: one.place.to_string(),
                        terms: one.terms.as_ref().map(|terms| terms.to_string()),
                    })
                    .collect(),
                skipped: skipped
                    .iter()
                    .map(|one| LeftOut {
                        action: one.kind.as_str(),
                        reason: one.reason.clone(),
                        place: one.place.to_string(),
                    })
                    .collect(),
            },
            Mapped::Dropped { reason, place } => {
                Self::Dropped { reason: reason.clone(), place: place.as_ref().map(Place::to_string) }
            }
            Mapped::Failed { error, .. } => Self::Failed { error: error.clone() },
            Mapped::NoScript => Self::NoScript,
        }
    }
}
