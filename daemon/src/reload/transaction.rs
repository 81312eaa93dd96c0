//! From a set of files to the generation in force, or to why it is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorman_core::clock::Clock;
use doorman_core::mapping::{Generation, GenerationId, Scripts};
use doorman_core::store::{Log, StoreError};
use doorman_core::supervise::{Escalation, Supervisor};
use doorman_mapping::watch::Look;
use doorman_mapping::{Changes, Files, LiveScripts, RhaiGeneration, World, compile};

use super::archives::Archives;
use super::standing::{InForce, Ledger, Outcome, Refusal, Standing};
use super::{ScriptsRefused, made_of, proven, world};
use crate::config::Config;
use crate::systemd::Notifier;

/// Keeps the scripts in force.
pub struct ScriptKeeper {
    root: PathBuf,
    world: World,
    parts: Parts,
    live: Arc<LiveScripts>,
    ledger: Arc<Ledger>,
}

/// What the keeper works with.
pub struct Parts {
    /// Where generations are stored.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Clock,
    /// Told of a store that fails.
    pub supervisor: Supervisor,
    /// Told of what is in force and what is refused.
    pub notifier: Notifier,
}

impl ScriptKeeper {
    /// Takes the scripts on disk into force; when they are broken, the last good ones from the store, loudly. Gives also
    /// what it found on disk.
    pub fn start(config: &Config, parts: Parts) -> Result<(Self, Look), ScriptsRefused> {
        let root = config.scripts.path.clone();
        let world = world(config);
        let look = Files::scan(&root);
        let last = last_good(&*parts.log, &world)?;
        let read = match &look {
            Ok(files) => Candidate { root: &root, files, world: &world }.beside(last.as_ref()),
            Err(error) => Err(ScriptsRefused::unreadable(&root, error)),
        };
        let ((files, generation), refused) = match (read, last) {
            (Ok(good), _) => {
                parts.log.keep_generation(good.1.id(), &good.0.to_archive())?;
                (good, None)
            }
            (Err(refused), Some(last)) => (last, Some(refused)),
            (Err(refused), None) => return Err(refused),
        };
        let live = Arc::new(LiveScripts::new(generation));
        let (generation, now) = (live.generation(), parts.clock.now());
        let in_force = generation.id();
        let refused = refused.map(|error| Arc::new(Refusal { at: now, error, in_force }));
        let ledger = Arc::new(Ledger::new(Standing { generation, since: now, files, refused }));
        let keeper = Self { root, world, parts, live, ledger };
        keeper.say_start();
        Ok((keeper, look))
    }

    /// The scripts in force, for whoever maps events.
    pub fn live(&self) -> Arc<dyn Scripts> {
        Arc::clone(&self.live) as _
    }

    /// The generations that were in force before, for whoever maps events again.
    pub fn archives(&self) -> Archives {
        Archives::new(Arc::clone(&self.parts.log), self.world.clone())
    }

    /// How the scripts stand, for whoever asks.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger)
    }

    /// Puts what was found on disk in force, or refuses it; says what came of it. `forced`: what looks like an accident
    /// (scripts that are gone or empty) is meant.
    pub fn take(&self, look: &Look, forced: bool) -> Outcome {
        let before = self.ledger.standing();
        let outcome = match self.transaction(look, forced, &before) {
            Ok(in_force) => Outcome::InForce(in_force),
            Err(error) => {
                if let ScriptsRefused::Store(error) = &error {
                    self.escalate(error);
                }
                let refusal = Refusal { at: self.parts.clock.now(), error, in_force: before.id() };
                Outcome::Refused(Arc::new(refusal))
            }
        };
        self.note(&outcome, look, &before);
        self.say(&outcome, before.refused.is_some());
        outcome
    }

    fn transaction(&self, look: &Look, forced: bool, now: &Standing) -> Result<InForce, ScriptsRefused> {
        let files = match look {
            Ok(files) => files.clone(),
            Err(error) if forced && error.is_missing_root(&self.root) => Files::none(&self.root),
            Err(error) => return Err(ScriptsRefused::unreadable(&self.root, error)),
        };
        let before = now.id();
        if files == now.files {
            let generation = Arc::clone(&now.generation);
            return Ok(InForce { generation, before, changes: Changes::default() });
        }
        let candidate = Candidate { root: &self.root, files: &files, world: &self.world };
        let generation = if forced {
            proven(&files, &self.world)?
        } else {
            candidate.after(&now.files, &now.generation)?
        };
        self.parts.log.keep_generation(generation.id(), &files.to_archive())?;
        self.live.install(generation);
        let changes = files.changes_since(&now.files);
        Ok(InForce { generation: self.live.generation(), before, changes })
    }

    fn note(&self, outcome: &Outcome, look: &Look, before: &Standing) {
        let standing = match outcome {
            Outcome::Refused(refusal) => Standing { refused: Some(Arc::clone(refusal)), ..before.clone() },
            Outcome::InForce(now) if now.changes.is_empty() => Standing { refused: None, ..before.clone() },
            Outcome::InForce(now) => Standing {
                generation: Arc::clone(&now.generation),
                since: self.parts.clock.now(),
                files: look.as_ref().map_or_else(|_| Files::none(&self.root), Clone::clone),
                refused: None,
            },
        };
        self.ledger.note(standing);
    }

    /// A write that failed is never tried again.
    fn escalate(&self, error: &StoreError) {
        let failed = Escalation::Failed { part: "keeping of scripts", reason: error.to_string() };
        self.parts.supervisor.escalate(failed);
    }

    fn say_start(&self) {
        let standing = self.ledger.standing();
        say_warnings(&standing.generation);
        if let Some(refusal) = &standing.refused {
            say_refused(refusal);
        }
        self.tell_systemd();
    }

    fn say(&self, outcome: &Outcome, was_refused: bool) {
        match outcome {
            Outcome::Refused(refusal) => say_refused(refusal),
            Outcome::InForce(now) if !now.changes.is_empty() => {
                let (generation, before, changes) = (now.generation.id(), now.before, &now.changes);
                tracing::info!(%generation, %before, %changes, "the scripts on disk are in force");
                say_warnings(&now.generation);
            }
            Outcome::InForce(now) if was_refused => {
                let generation = now.generation.id();
                tracing::info!(%generation, "the scripts on disk are again those in force");
            }
            Outcome::InForce(now) => {
                tracing::info!(generation = %now.before, "asked to reload: the scripts have not changed");
            }
        }
        self.tell_systemd();
    }

    fn tell_systemd(&self) {
        let standing = self.ledger.standing();
        let id = standing.id();
        let with_script = |source: &&String| standing.generation.has_script(source);
        let sources = self.world.sources.iter().filter(with_script).count();
        self.parts.notifier.status(&match &standing.refused {
            None => format!("generation {id}, {sources} sources"),
            Some(refusal) => {
                format!("scripts refused: {}; {id} stays in force", refusal.error.one_line())
            }
        });
    }
}

/// Files that may come into force.
struct Candidate<'a> {
    root: &'a Path,
    files: &'a Files,
    world: &'a World,
}

impl Candidate<'_> {
    /// Their generation, unless what was last in force makes them look like an accident.
    fn beside(
        self,
        last: Option<&(Files, RhaiGeneration)>,
    ) -> Result<(Files, RhaiGeneration), ScriptsRefused> {
        let generation = match last {
            Some((files, generation)) if files != self.files => self.after(files, generation)?,
            _ => made_of(self.root, self.files, self.world)?,
        };
        Ok((self.files.clone(), generation))
    }

    /// Their generation, unless what they lack beside those in force makes them look like an accident.
    fn after(&self, before: &Files, in_force: &RhaiGeneration) -> Result<RhaiGeneration, ScriptsRefused> {
        if let Some(emptied) = self.files.emptied_since(before) {
            return Err(ScriptsRefused::Emptied(self.root.join(emptied).display().to_string()));
        }
        let generation = made_of(self.root, self.files, self.world)?;
        let lost = |source: &&String| in_force.has_script(source) && !generation.has_script(source);
        match self.world.sources.iter().find(lost) {
            Some(source) => Err(ScriptsRefused::SourceLost(source.clone())),
            None => Ok(generation),
        }
    }
}

fn say_refused(Refusal { error, in_force, .. }: &Refusal) {
    tracing::error!(%in_force, "the scripts on disk are refused; the last good ones stay in force:\n{error}");
}

fn say_warnings(generation: &RhaiGeneration) {
    let id: GenerationId = generation.id();
    for warning in generation.warnings() {
        tracing::warn!(generation = %id, "{}", warning.as_warning());
    }
}

/// The generation that was last in force, from the store. One that this configuration or version cannot compile any
/// more is none.
fn last_good(log: &dyn Log, world: &World) -> Result<Option<(Files, RhaiGeneration)>, ScriptsRefused> {
    let Some(id) = log.last_generation()? else { return Ok(None) };
    let Some(archive) = log.generation(id)? else { return Ok(None) };
    let Ok(files) = Files::from_archive(&archive) else { return Ok(None) };
    let generation = compile(&files, world).ok();
    Ok(generation.map(|generation| (files, generation)))
}
