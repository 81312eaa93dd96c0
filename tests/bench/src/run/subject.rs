//! The process under test: a ceiling or Doorman, with its sink, and where its events can be counted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hyper::StatusCode;

use super::Half;
use super::counts;
use super::doorman::Installation;
use super::failure::Failure;
use super::process::{LOOK, Process};
use super::stage::{Setup, Stage};
use crate::serve::LISTENING;
use crate::sink::Count;

/// How often it is asked whether it has drained.
const ASK: Duration = Duration::from_millis(100);

/// Where to post.
pub struct Endpoint {
    /// The listener.
    pub address: SocketAddr,
    /// The path, with the token if there is one.
    pub path: String,
}

/// What there is to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Events that are where they should end: in the file, finished in the log, at the sink.
    pub done: u64,
    /// Deliveries that came to the sink more than once.
    pub repeated: u64,
}

enum Kind {
    Receiver { file: PathBuf },
    Forwarder,
    Doorman(Installation),
}

/// A running process under test; dropped, it and its sink are killed.
pub struct Subject<'a> {
    setup: &'a Setup,
    folder: &'a Path,
    kind: Kind,
    sink: Option<(Process, SocketAddr)>,
    /// The process that is measured.
    pub process: Process,
}

impl<'a> Subject<'a> {
    /// Starts it, and the sink that it needs, with all its files in `folder`.
    pub async fn start(setup: &'a Setup, stage: Stage, folder: &'a Path) -> Result<Self, Failure> {
        let sink = match stage.half() {
            Half::Receive => None,
            Half::Whole => Some(start_sink(setup, folder).await?),
        };
        let sink_address = sink.as_ref().map(|(_, address)| *address);
        let (kind, command) = match (stage, sink_address) {
            (Stage::DoormanReceive | Stage::DoormanWhole, _) => {
                let installation = Installation::write(folder, stage.half(), sink_address)?;
                let command = installation.run(&setup.doorman);
                (Kind::Doorman(installation), command)
            }
            (_, Some(address)) => {
                let mut command = Command::new(&setup.bench);
                command.args(["ceiling-forwarder", "--sink", &format!("http://{address}/")]);
                (Kind::Forwarder, command)
            }
            (_, None) => {
                let file = folder.join("events");
                let mut command = Command::new(&setup.bench);
                command.args(["ceiling-receiver", "--file"]).arg(&file);
                (Kind::Receiver { file }, command)
            }
        };
        let process = Process::start("process under test", command, folder)?;
        Ok(Self { setup, folder, kind, sink, process })
    }

    /// Waits until it takes events, and says where.
    pub async fn ready(&mut self) -> Result<Endpoint, Failure> {
        let Kind::Doorman(installation) = &self.kind else {
            let address = listening(&mut self.process).await?;
            return Ok(Endpoint { address, path: "/integrations/receive/bench".to_owned() });
        };
        loop {
            self.process.check_alive()?;
            // An error is a listener that is not there yet.
            let asked = self.setup.control.get(installation.admin, "/readyz").await;
            if asked.is_ok_and(|(status, _)| status == StatusCode::OK) {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        let path = installation.endpoint_path(&self.setup.doorman, self.folder).await?;
        Ok(Endpoint { address: installation.listen, path })
    }

    /// Waits until nothing is left to do for what was answered. The ceilings answer when all is done.
    pub async fn drained(&mut self) -> Result<(), Failure> {
        let Kind::Doorman(installation) = &self.kind else {
            return self.process.check_alive();
        };
        loop {
            self.process.check_alive()?;
            if counts::ask(&self.setup.control, installation.admin).await?.pending == 0 {
                return Ok(());
            }
            tokio::time::sleep(ASK).await;
        }
    }

    /// Counts what has come to its end. For Doorman with a sink, both the log and the sink must know an event.
    pub async fn tally(&self) -> Result<Tally, Failure> {
        let at_sink = match &self.sink {
            Some((_, address)) => Some(self.ask_sink(*address).await?),
            None => None,
        };
        let known = match &self.kind {
            Kind::Receiver { file } => Some(count_lines(file)?),
            Kind::Forwarder => None,
            Kind::Doorman(installation) => {
                let counts = counts::ask(&self.setup.control, installation.admin).await?;
                Some(counts.accepted.saturating_sub(counts.pending))
            }
        };
        let distinct = at_sink.map(|count| count.distinct);
        Ok(Tally {
            done: known.into_iter().chain(distinct).min().unwrap_or(0),
            repeated: at_sink.map_or(0, |count| count.requests - count.distinct),
        })
    }

    async fn ask_sink(&self, address: SocketAddr) -> Result<Count, Failure> {
        let (_, body) = self.setup.control.get(address, "/count").await?;
        serde_json::from_slice(&body).map_err(|error| Failure::unexpected("the sink's count", error))
    }
}

async fn start_sink(setup: &Setup, folder: &Path) -> Result<(Process, SocketAddr), Failure> {
    let mut command = Command::new(&setup.bench);
    command.arg("sink");
    let mut sink = Process::start("sink", command, folder)?;
    let address = listening(&mut sink).await?;
    Ok((sink, address))
}

/// The address that one of this program's own servers prints.
async fn listening(process: &mut Process) -> Result<SocketAddr, Failure> {
    loop {
        process.check_alive()?;
        let printed = process.stdout()?;
        let Some((line, _)) = printed.split_once('\n') else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let address = line.strip_prefix(LISTENING).and_then(|address| address.parse().ok());
        return address.ok_or_else(|| Failure::unexpected("a server's first line", line));
    }
}

fn count_lines(path: &Path) -> Result<u64, Failure> {
    let bytes = std::fs::read(path).map_err(Failure::io(format!("reading {}", path.display())))?;
    Ok(bytes.iter().filter(|byte| **byte == b'\n').count() as u64)
}
