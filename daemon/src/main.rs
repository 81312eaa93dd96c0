//! Doorman, the binary.
//!
//! - [`cli`]: the command line, and the commands that talk to the running daemon
//! - [`commands`]: the commands that need no daemon (`check`, `sources`, `config show`), and who carries out the others
//! - [`config`], [`tokens`]: what operators write, and the endpoints' tokens
//! - [`run`]: the daemon's start, and [`startup`]: what can go wrong on the way; [`stopping`]: its end
//! - [`foundation`]: from the configuration to the parts' settings; [`plugins`]: which plugins there are;
//!   [`recorded`]: the destination that is made by itself
//! - [`pipeline`]: the wiring of the stages
//! - [`reload`]: the scripts in force
//! - [`admin`], [`operating`], [`destinations`]: the admin listener, and what it is told
//! - [`listening`], [`disk`], [`ballast`], [`logging`]: ports, free space, the log
//! - [`systemd`]: what systemd is told

mod admin;
mod ballast;
mod cli;
mod commands;
mod config;
mod destinations;
mod disk;
mod foundation;
mod listening;
mod logging;
mod operating;
mod pipeline;
mod plugins;
mod recorded;
mod reload;
mod run;
mod startup;
mod stopping;
mod systemd;
mod tokens;

use std::process::ExitCode;

use alloc_metrics::MetricAlloc;
use mimalloc::MiMalloc;

/// It counts what each thread holds, which is how runs of scripts are kept within `[scripts] max_memory_bytes`.
#[global_allocator]
static ALLOCATOR: MetricAlloc<MiMalloc> = MetricAlloc::new(MiMalloc);

fn main() -> ExitCode {
    match cli::Cli::read() {
        Ok(cli) => commands::dispatch(cli),
        Err(exit) => exit.into(),
    }
}
