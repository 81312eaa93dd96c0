//! Who watches the scripts, who asks for a reload, and who is told what came of it.

use std::io;
use std::sync::Arc;

use doorman_core::queues::mapping::MappingQueue;
use doorman_mapping::watch::{Asker, Look, Sight, Watcher, Watching};
use tokio::sync::oneshot;

use super::archives::Archives;
use super::standing::{Ledger, Outcome, Standing};
use super::transaction::ScriptKeeper;
use crate::config::{self, Reload};

/// Reloads scripts, when they change and when it is told to. Cheap to clone; clones reload the same.
#[derive(Clone)]
pub struct Reloader {
    asker: Asker<Request>,
    ledger: Arc<Ledger>,
    archives: Arc<Archives>,
    sources: Arc<[String]>,
    mode: Reload,
}

/// Somebody who waits for a reload.
pub struct Request {
    forced: bool,
    told: oneshot::Sender<Outcome>,
}

impl Reloader {
    /// Watches from now on, until the watcher is dropped. `found` is what the keeper has seen on disk.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn start(
        (keeper, found): (ScriptKeeper, Look),
        mapping: MappingQueue,
        config: &config::Config,
    ) -> io::Result<(Self, Watcher<Request>)> {
        let settings = &config.scripts;
        let watching = Watching {
            root: settings.path.clone(),
            settle: settings.settle,
            poll: settings.poll,
            unasked: settings.reload == Reload::Auto,
        };
        let ledger = keeper.ledger();
        let archives = Arc::new(keeper.archives());
        let watcher = Watcher::start(watching, found, move |look, requests: Vec<Request>| {
            let outcome = keeper.take(look, requests.iter().any(|request| request.forced));
            mapping.wake();
            for request in requests {
                // Whoever does not wait any longer need not be told.
                let _ = request.told.send(outcome.clone());
            }
        })?;
        let sources = config.sources.keys().cloned().collect();
        Ok((Self { asker: watcher.asker(), ledger, archives, sources, mode: settings.reload }, watcher))
    }

    /// Reloads at once; what came of it is in the log.
    pub fn ask(&self) {
        // Nobody waits: the answer goes nowhere.
        drop(self.request(false));
    }

    /// Reloads at once; no answer comes when the daemon is stopping. `forced`: scripts that are gone or empty are meant to
    /// be.
    pub fn request(&self, forced: bool) -> oneshot::Receiver<Outcome> {
        let (told, answer) = oneshot::channel();
        self.asker.ask(Request { forced, told });
        answer
    }

    /// How the scripts stand.
    pub fn standing(&self) -> Arc<Standing> {
        self.ledger.standing()
    }

    /// The same, and how many reloads there were.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger)
    }

    /// The generations before.
    pub fn archives(&self) -> &Archives {
        &self.archives
    }

    /// The configured sources.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Whether changes are taken unasked.
    pub fn mode(&self) -> Reload {
        self.mode
    }

    /// Whether the system tells of changes.
    pub fn sight(&self) -> Sight {
        self.asker.sight()
    }
}
