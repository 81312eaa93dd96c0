//! Black-box tests of the daemon, by behaviour. Each starts a daemon of its own in a folder of its own.
//!
//! - [`answers`], [`limits`], [`schema`], [`numbers`]: what a sender is answered, and what is kept of what it sent
//! - [`dedup`]: what is the same event
//! - [`flow`], [`delivery`], [`knock`], [`routes`], [`scripts`]: from an event to an action
//! - [`reload`]: scripts that are replaced while the daemon runs
//! - [`sick`]: destinations that fail, beside one that does not
//! - [`backlog`]: a restart with many open deliveries
//! - [`replay`]: what is dead is tried again, and events are mapped again
//! - [`terms`]: when a `send` goes, and what keeps it from going
//! - [`documents`]: documents that show what the tools print
//! - [`tools`]: what helps with scripts, without a daemon
//! - [`cli`], [`secrets`]: what operators see, and what nobody may see
//! - [`retention`], [`verify`]: what becomes of old events, and whether all are accounted for
//! - [`stop`], [`crash`]: nothing that was answered is lost
//! - [`promises`]: the README's promises, by name
//! - [`tidy`]: the layout of the code

mod answers;
mod backlog;
mod cli;
mod crash;
mod dedup;
mod delivery;
mod documents;
mod failures;
mod flow;
mod knock;
mod limits;
mod numbers;
mod order;
mod promises;
mod reload;
mod replay;
mod retention;
mod routes;
mod schema;
mod scripts;
mod secrets;
mod sick;
mod stop;
mod terms;
mod tidy;
mod tools;
mod verify;
