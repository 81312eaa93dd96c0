//! The command line: what can be typed, and the commands that talk to the running daemon.
//!
//! - [`client`]: the admin API's client, over [`http`]
//! - [`status`], [`events`], [`deliveries`], [`destinations`], [`operations`], [`reload`], [`replay`], [`send`], [`store`]: the commands, each
//!   a function that
//!   writes to a [`Screen`]
//! - [`check`], [`test`], [`try_event`], [`definitions`]: the tools for scripts, which need no daemon
//! - [`timeline`]: one event as a text
//! - [`screen`], [`table`], [`text`], [`pretty`]: what is written and how; whatever came from outside is escaped
//! - [`error`], [`exit`]: what can go wrong, and the exit codes

pub mod check;
pub mod client;
pub mod definitions;
pub mod deliveries;
pub mod destinations;
pub mod error;
pub mod events;
pub mod exit;
pub mod http;
pub mod operations;
pub mod pretty;
pub mod reload;
pub mod replay;
pub mod screen;
pub mod send;
pub mod status;
pub mod store;
pub mod table;
pub mod test;
#[cfg(test)]
mod tests;
pub mod text;
pub mod timeline;
pub mod try_event;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use client::AdminClient;
pub use error::CliError;
pub use exit::Exit;
pub use replay::ReplayArgs;
pub use screen::Screen;

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "doorman",
    version,
    about = "Takes events over HTTP, maps them with scripts, dispatches the actions"
)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "PATH", default_value = "/etc/doorman/doorman.toml")]
    pub config: PathBuf,
    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line. On `--help` and `--version`, and when it is wrong, says so and returns the exit code.
    pub fn read() -> Result<Self, Exit> {
        Self::try_parse().map_err(|error| {
            // Nothing is left to do when even this cannot be written.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Ok }
        })
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// For programs: the API's own JSON
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon in the foreground
    Run {
        /// Print a curl line that posts a sample event, once it runs
        #[arg(long)]
        curl: bool,
    },
    /// Check the configuration, the scripts, the tables and the samples, without a running daemon (exit code 78 when
    /// something is wrong)
    Check(CheckArgs),
    /// Run the samples: do the scripts do to each event what they must? (exit code 1 when they do not)
    Test(TestArgs),
    /// Map one event without a running daemon, and show how it goes (exit code 1 when the scripts fail)
    Try(TryArgs),
    /// Describe every function of the scripts' language, for editors
    Definitions(DefinitionsArgs),
    /// Show each source's URL per environment, also without a running daemon
    Sources,
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Post a sample event to a source
    Send(SendArgs),
    /// Show how the running daemon does (exit code 1 when it is not ready)
    Status,
    /// Take the scripts on disk at once, and show what changed or what is wrong (exit code 78 when they are refused)
    Reload {
        /// Scripts that are gone or empty are meant to be
        #[arg(long)]
        force: bool,
    },
    /// Look after the store, also without a running daemon
    #[command(subcommand)]
    Store(StoreCommand),
    /// Show what came in and what became of it
    #[command(subcommand)]
    Events(EventsCommand),
    /// Show what is on its way, and retry or discard what did not arrive
    #[command(subcommand, visible_aliases = ["dlq", "dead"])]
    Deliveries(DeliveriesCommand),
    /// Show how the destinations stand; pause one, and let one go on that was paused or is held
    #[command(subcommand)]
    Destinations(DestinationsCommand),
    /// Try again what is dead, map what could not be mapped, or with --scripts map any event again (exit code 1 when one of
    /// them failed again, or was left as it is)
    Replay(ReplayArgs),
}

/// `doorman config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every value in force, defaults and overrides included; secrets stay references
    Show,
}

/// `doorman store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Recount everything from the rows, and name what is wrong (exit code 1 when something is); changes nothing
    Verify,
}

/// `doorman events`.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// The newest events
    #[command(visible_alias = "ls")]
    List(EventsListArgs),
    /// One event: what came, what the script made of it, every attempt
    Show {
        /// The event's id, the beginning of it, or @last
        id: String,
    },
}

/// `doorman events list`.
#[derive(Clone, Debug, Args)]
pub struct EventsListArgs {
    /// Only events with this status
    #[arg(long, value_parser = ["pending", "delivered", "dead", "dropped"])]
    pub status: Option<String>,
    /// Only events of this source
    #[arg(long)]
    pub source: Option<String>,
    /// Only events of this environment
    #[arg(long, alias = "environment")]
    pub env: Option<String>,
    /// Only events with this name
    #[arg(long)]
    pub event: Option<String>,
    /// The rows to show.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Which rows of a list are shown.
#[derive(Clone, Debug, Args)]
pub struct PageArgs {
    /// How many at most
    #[arg(long, value_name = "ROWS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Go on where an earlier list ended: its `next`
    #[arg(long, value_name = "CURSOR")]
    pub before: Option<String>,
}

/// `doorman deliveries`.
#[derive(Debug, Subcommand)]
pub enum DeliveriesCommand {
    /// Deliveries that are open, with --dead the dead letters, with --cancelled the discarded; newest first
    #[command(visible_alias = "ls")]
    List(DeliveriesListArgs),
    /// Make dead or cancelled deliveries due again (exit code 1 when one of them was neither)
    Retry {
        /// Which.
        #[command(flatten)]
        chosen: ChosenArgs,
        /// With --all: those that were discarded, instead of the dead letters
        #[arg(long, requires = "all", conflicts_with = "ids")]
        cancelled: bool,
    },
    /// Let deliveries go that the flood guard holds (exit code 1 when one that was named was not held)
    Release {
        /// Which.
        #[command(flatten)]
        chosen: ChosenArgs,
    },
    /// Cancel dead or open deliveries: they are not attempted any more, until they are retried (exit code 1 when one of
    /// them was neither)
    Discard {
        /// Which.
        #[command(flatten)]
        chosen: ChosenArgs,
        /// With --all: those that are open, instead of the dead letters
        #[arg(long, requires = "all", conflicts_with = "ids")]
        open: bool,
    },
}

/// `doorman destinations`.
#[derive(Debug, Subcommand)]
pub enum DestinationsCommand {
    /// All of them, with how they stand
    #[command(visible_alias = "ls")]
    List,
    /// Make no attempt until it is resumed, also after a restart
    Pause {
        /// The destination
        name: String,
    },
    /// Have all its open deliveries go to another one, also of one that is not in the configuration any more
    Move {
        /// The destination that they are for
        name: String,
        /// The one that they are to go to
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Make attempts again: of one that was paused, or is held, or whose breaker is open
    Resume {
        /// The destination
        name: String,
    },
}

/// Which deliveries are meant.
#[derive(Clone, Debug, Args)]
pub struct ChosenArgs {
    /// Delivery ids: <event id>.<number>; the event id may be shortened, or @last
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ID")]
    pub ids: Vec<String>,
    /// All dead letters; for `release` all that the flood guard holds
    #[arg(long)]
    pub all: bool,
    /// With --all: only those of this destination
    #[arg(long, requires = "all", conflicts_with = "ids", value_name = "NAME")]
    pub destination: Option<String>,
}

/// `doorman deliveries list`.
#[derive(Clone, Debug, Args)]
pub struct DeliveriesListArgs {
    /// Those that ended undelivered
    #[arg(long)]
    pub dead: bool,
    /// Those that were discarded
    #[arg(long, conflicts_with = "dead")]
    pub cancelled: bool,
    /// Only those of this destination
    #[arg(long, value_name = "NAME")]
    pub destination: Option<String>,
    /// The rows to show.
    #[command(flatten)]
    pub page: PageArgs,
}

/// `doorman send`.
#[derive(Clone, Debug, Args)]
pub struct SendArgs {
    /// The source to post to
    pub source: String,
    /// The event's name, as in `order.created`
    pub event: String,
    /// The environment; needed when the source has several
    #[arg(long, alias = "environment")]
    pub env: Option<String>,
    /// Its properties: a JSON object, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON")]
    pub data: Option<String>,
    /// Its userId
    #[arg(long)]
    pub user: Option<String>,
    /// Its messageId: the same id again is a duplicate
    #[arg(long)]
    pub message_id: Option<String>,
    /// Wait until it is done (30 s at most) and show what became of it (exit code 1 when it is dead)
    #[arg(long)]
    pub wait: bool,
}

/// `doorman check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// How problems are written
    #[arg(long, value_enum, default_value_t = check::Format::Full)]
    pub format: check::Format,
}

/// `doorman test`.
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// Sources, and parts of the names of samples; all samples without
    #[arg(value_name = "SOURCE | NAME")]
    pub filters: Vec<String>,
    /// Write what comes out as what must come out
    #[arg(long)]
    pub update: bool,
}

/// `doorman try`.
#[derive(Clone, Debug, Args)]
pub struct TryArgs {
    /// A file with an event as it would be posted, or a sample; - for standard input
    #[arg(value_name = "EVENT.json")]
    pub event: String,
    /// The source; needed when there are several, and the file is no sample
    #[arg(long)]
    pub source: Option<String>,
    /// The environment; the first of the source's without
    #[arg(long, alias = "environment")]
    pub env: Option<String>,
    /// A header that it came with; may be repeated
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub headers: Vec<(String, String)>,
    /// Show only what comes of it
    #[arg(long)]
    pub quiet: bool,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// `doorman definitions`.
#[derive(Clone, Debug, Args)]
pub struct DefinitionsArgs {
    /// Write them as files into this folder, instead of printing them
    #[arg(long)]
    pub dir: Option<PathBuf>,
}
