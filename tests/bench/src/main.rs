//! Doorman's bench: `doorman-bench run` measures the daemon as shipped against two ceilings on bare hyper, in
//! alternating rounds, and writes a table and `target/bench/report.json`.
//!
//! - [`run`]: the rounds, what is measured, the report
//! - [`isolation`]: whether a healthy destination notices three sick ones beside it
//! - [`ceiling`]: the least that a durable receiver and a forwarder can cost
//! - [`sink`]: where deliveries end; it counts requests and distinct ids
//! - [`load`]: posts events over open connections, each until it has its 204
//! - [`event`]: the event that is posted
//! - [`serve`]: the bare hyper server that the ceilings and the sink share
//!
//! The ceilings, the sink and the load are subcommands, so that each is a process with its own CPU time.

mod ceiling;
mod event;
mod isolation;
mod load;
mod run;
mod serve;
mod sink;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hyper::Uri;
use tokio::runtime::{Builder, Runtime};

/// The threads of a server under test: one for each core that the rounds are meant for.
const SERVER_WORKERS: usize = 2;

/// Measures Doorman against bare hyper.
#[derive(Parser)]
#[command(name = "doorman-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the rounds and writes the report.
    Run(run::Options),
    /// Measures whether a healthy destination notices three sick ones.
    Isolation(isolation::Options),
    /// A bare receiver: appends each body to a file with group fsync, then answers 204.
    #[command(hide = true)]
    CeilingReceiver {
        /// The file that bodies are appended to, a line each.
        #[arg(long)]
        file: PathBuf,
    },
    /// A bare forwarder: posts each body on, then answers 204.
    #[command(hide = true)]
    CeilingForwarder {
        /// Where bodies are posted.
        #[arg(long)]
        sink: Uri,
    },
    /// Counts what is posted; `GET /count` says how much.
    #[command(hide = true)]
    Sink,
    /// Posts events and prints what came of it as JSON.
    #[command(hide = true)]
    Load(load::Options),
}

fn main() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("doorman-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Run(options) => return Ok(one_worker()?.block_on(run::run(options))?),
        Command::Isolation(options) => return Ok(one_worker()?.block_on(isolation::run(options))?),
        Command::CeilingReceiver { file } => {
            workers(SERVER_WORKERS)?.block_on(ceiling::receiver::serve(&file))?;
        }
        Command::CeilingForwarder { sink } => {
            workers(SERVER_WORKERS)?.block_on(ceiling::forwarder::serve(sink))?;
        }
        Command::Sink => one_worker()?.block_on(sink::serve())?,
        Command::Load(options) => {
            let result = one_worker()?.block_on(load::run(options))?;
            println!("{}", serde_json::to_string(&result)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn workers(count: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(count).enable_all().build()
}

fn one_worker() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
