//! A running daemon.

mod requests;
mod usage;

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, ExitStatus};

use serde_json::Value;

use crate::{Builder, Connection, Finished, Setup, process, wait};

pub use self::usage::Usage;

/// How many lines of its log a failure shows.
const LOG_SHOWN: usize = 40;

/// A running daemon in a folder of its own. It is killed when this is dropped.
pub struct Doorman {
    setup: Setup,
    child: Child,
    server: SocketAddr,
    admin: SocketAddr,
    endpoints: Vec<Endpoint>,
}

struct Endpoint {
    source: String,
    environment: String,
    path: String,
}

impl Doorman {
    /// What it is to be started with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts it and waits until it is ready.
    pub async fn start(setup: Setup) -> Self {
        let mut doorman = Self::start_unready(setup).await;
        doorman.becomes_ready().await.unwrap_or_else(|why| panic!("{why}"));
        doorman
    }

    /// Starts it and waits until it listens.
    pub async fn start_unready(setup: Setup) -> Self {
        let endpoints = endpoints(&setup).await;
        let (child, [server, admin]) = spawn(&setup).await.unwrap_or_else(|why| panic!("{why}"));
        Self { setup, child, server, admin, endpoints }
    }

    /// Kills it as a power cut would, if it still runs.
    pub fn kill(&mut self) {
        // One that has ended already, and been waited for, is left in peace.
        let _ = self.child.kill();
        self.child.wait().expect("it is our child");
    }

    /// Kills it if it still runs, and starts it again on the same store.
    pub async fn restart(&mut self) {
        self.try_restart().await.unwrap_or_else(|why| panic!("{why}"));
    }

    /// Kills it if it still runs, and starts it again on the same store until it is ready.
    ///
    /// # Errors
    ///
    /// Says why it does not start, with the end of its log.
    pub async fn try_restart(&mut self) -> Result<(), String> {
        self.restart_unready().await?;
        self.becomes_ready().await
    }

    /// The same, until it listens: on a full disk it does not become ready.
    ///
    /// # Errors
    ///
    /// Says why it does not start, with the end of its log.
    pub async fn restart_unready(&mut self) -> Result<(), String> {
        self.kill();
        let (child, [server, admin]) = spawn(&self.setup).await?;
        (self.child, self.server, self.admin) = (child, server, admin);
        Ok(())
    }

    /// Asks it to stop. It may still be busy with that.
    pub fn ask_to_stop(&self) {
        process::terminate(process::pid(&self.child));
    }

    /// Sends it SIGHUP.
    pub fn hang_up(&self) {
        process::hang_up(process::pid(&self.child));
    }

    /// Asks it to stop, and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.exit_status().await
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// How it ended, once it has.
    pub async fn exit_status(&mut self) -> ExitStatus {
        let ended = wait::until(async || self.child.try_wait().expect("it is our child")).await;
        ended.unwrap_or_else(|| panic!("it did not end\n{}", log_tail(&self.setup)))
    }

    /// Its folder and its commands.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where events are posted.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Where the admin API is.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The first line on its standard output that names this.
    pub async fn line_with(&self, text: &str) -> String {
        let look =
            async || self.setup.read("stdout").lines().find(|line| line.contains(text)).map(str::to_owned);
        self.wait_until(&format!("a line on stdout has `{text}`"), look).await
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.setup.read("stderr")
    }

    /// Runs a command on its configuration.
    pub async fn cli(&self, arguments: &[&str]) -> Finished {
        self.setup.cli(arguments).await
    }

    /// Looks until there is something to see. Fails with its log when that never comes.
    pub async fn wait_until<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        match wait::until(look).await {
            Some(seen) => seen,
            None => panic!("waited in vain until {what}\n{}", log_tail(&self.setup)),
        }
    }

    async fn becomes_ready(&mut self) -> Result<(), String> {
        let admin = self.admin;
        let look = async || {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return Some(Err(format!("it ended before it was ready ({status})")));
            }
            let mut connection = Connection::open(admin).await.ok()?;
            let ready = connection.get("/readyz").await.ok()?.status == 200;
            ready.then_some(Ok(()))
        };
        let ready = wait::until(look).await.unwrap_or_else(|| Err("it does not become ready".to_owned()));
        ready.map_err(|why| format!("{why}\n{}", log_tail(&self.setup)))
    }
}

impl Drop for Doorman {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What `doorman sources` says, in the order of the configuration's names.
async fn endpoints(setup: &Setup) -> Vec<Endpoint> {
    let rows = setup.cli(&["sources", "--output", "json"]).await.json();
    let text =
        |row: &Value, key: &str| row[key].as_str().unwrap_or_else(|| panic!("no `{key}`: {row}")).to_owned();
    let endpoint = |row: &Value| {
        let url = text(row, "url");
        let path =
            url.find("/integrations/").map(|at| url[at..].to_owned()).expect("a source's URL has its path");
        Endpoint { source: text(row, "source"), environment: text(row, "environment"), path }
    };
    rows.as_array().expect("sources are a list").iter().map(endpoint).collect()
}

/// Starts the process; returns once it has said where it listens, or says why it does not.
async fn spawn(setup: &Setup) -> Result<(Child, [SocketAddr; 2]), String> {
    let said = setup.store_path().join("listening.json");
    // That of an earlier process would send us to the wrong ports.
    let _ = fs::remove_file(&said);
    let mut child = setup.daemon().spawn().expect("the binary can be started");
    let look = async || {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return Some(Err(format!("it ended at its start ({status})\n{}", log_tail(setup))));
        }
        let said: Value = serde_json::from_slice(&fs::read(&said).ok()?).ok()?;
        let address = |key: &str| said[key].as_str()?.parse().ok();
        Some(Ok([address("server")?, address("admin")?]))
    };
    match wait::until(look).await {
        Some(Ok(addresses)) => Ok((child, addresses)),
        Some(Err(why)) => Err(why),
        None => {
            process::kill(process::pid(&child));
            Err(format!("it does not listen\n{}", log_tail(setup)))
        }
    }
}

fn log_tail(setup: &Setup) -> String {
    let log = setup.read("stderr");
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(LOG_SHOWN);
    format!("the end of its log:\n{}", lines[from..].join("\n"))
}
