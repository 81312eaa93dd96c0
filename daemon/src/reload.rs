//! The scripts in force: compiled at the start, re-read when they change, and never replaced by worse ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use doorman_core::mapping::{Generation, GenerationId, Scripts};
use doorman_core::queues::mapping::MappingQueue;
use doorman_core::store::{Log, StoreError};
use doorman_core::supervise::{Escalation, Supervisor};
use doorman_mapping::watch::Watcher;
use doorman_mapping::{Environment, Files, Limits, LiveScripts, RhaiGeneration, World, compile};

use crate::config::{self, Config, Reload};

/// A set of scripts that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ScriptsRefused {
    /// The folder cannot be read.
    #[error("the scripts in {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The folder has no script, where it had some.
    #[error("there is no script in {}: put them back, or point `scripts.path` elsewhere", .0.display())]
    Empty(PathBuf),
    /// A file that had something in it is empty: an editor or a copy that was cut off, most likely.
    #[error("{0} is empty, and was not before: write it again, or delete it")]
    Emptied(String),
    /// Scripts do not compile.
    #[error("{0}")]
    Broken(String),
    /// A configured source would lose its script.
    #[error(
        "the script of the source `{0}` is gone ({0}.rhai): put it back, or take the source out of the configuration"
    )]
    SourceLost(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the scripts. Cheap to clone; clones keep the same.
#[derive(Clone)]
pub struct ScriptKeeper {
    kept: Arc<Kept>,
}

struct Kept {
    root: PathBuf,
    world: World,
    log: Arc<dyn Log>,
    live: Arc<LiveScripts>,
    supervisor: Supervisor,
    /// The files in force. The lock lets one reload at a time through: they come from the watcher and from signals.
    files: Mutex<Files>,
}

/// What a configuration lets scripts see and do.
pub fn world(config: &Config) -> World {
    let environment = |environment: &config::Environment| Environment { vars: environment.vars.clone() };
    World {
        sources: config.sources.keys().cloned().collect(),
        environments: config
            .environments
            .iter()
            .map(|(name, one)| (name.clone(), environment(one)))
            .collect::<BTreeMap<_, _>>(),
        destinations: config.destinations.keys().cloned().collect(),
        secrets: BTreeMap::new(),
        limits: Limits {
            deadline: config.scripts.deadline,
            max_operations: config.scripts.max_operations,
            max_memory_bytes: config.scripts.max_memory_bytes,
            max_actions_per_event: config.scripts.max_actions_per_event,
            max_body_bytes: config.server.max_body_bytes,
            ..Limits::default()
        },
    }
}

/// Reads and compiles the scripts in a folder.
pub fn read(root: &std::path::Path, world: &World) -> Result<(Files, RhaiGeneration), ScriptsRefused> {
    let files = Files::scan(root)
        .map_err(|error| ScriptsRefused::Unreadable { path: root.to_owned(), reason: error.to_string() })?;
    if files.is_empty() {
        return Err(ScriptsRefused::Empty(root.to_owned()));
    }
    let generation = compile_set(&files, world)?;
    Ok((files, generation))
}

fn compile_set(files: &Files, world: &World) -> Result<RhaiGeneration, ScriptsRefused> {
    compile(files, world).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        ScriptsRefused::Broken(texts.join("\n\n"))
    })
}

impl ScriptKeeper {
    /// Takes the scripts on disk into force; when they are broken, the last good ones from the store, loudly.
    pub fn start(config: &Config, log: Arc<dyn Log>, supervisor: Supervisor) -> Result<Self, ScriptsRefused> {
        let root = config.scripts.path.clone();
        let world = world(config);
        let (files, generation, refused) = match read(&root, &world) {
            Ok((files, generation)) => {
                log.keep_generation(generation.id(), &files.to_archive())?;
                (files, generation, None)
            }
            Err(refused) => {
                let Some((files, generation)) = last_good(&*log, &world)? else { return Err(refused) };
                say_refused(generation.id(), &refused);
                (files, generation, Some(refused))
            }
        };
        let live = Arc::new(LiveScripts::new(generation));
        if let Some(refused) = refused {
            live.refuse(refused.to_string());
        }
        Ok(Self { kept: Arc::new(Kept { root, world, log, live, supervisor, files: Mutex::new(files) }) })
    }

    /// The scripts in force.
    pub fn live(&self) -> Arc<dyn Scripts> {
        Arc::clone(&self.kept.live) as _
    }

    /// Why the scripts on disk are not the ones in force.
    pub fn last_error(&self) -> Option<String> {
        self.kept.live.last_error().as_deref().cloned()
    }

    /// Reloads whenever the files change, until the watcher is dropped. `None` when reloads are by hand.
    pub fn watch(&self, mapping: MappingQueue, settings: &config::Scripts) -> Option<Watcher> {
        if settings.reload == Reload::Manual {
            return None;
        }
        let keeper = self.clone();
        let woken = mapping.clone();
        let watcher = Watcher::start(&self.kept.root, settings.settle, settings.poll, move || {
            keeper.reload_now(&woken)
        });
        // What changed between the first reading and now, nobody else would see.
        self.reload_now(&mapping);
        Some(watcher)
    }

    /// Reloads, and says in the log what came of it.
    pub fn reload_now(&self, mapping: &MappingQueue) {
        let kept = &*self.kept;
        let mut files = kept.files.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.live.current().id();
        let was_refused = kept.live.last_error().is_some();
        match kept.reload(&mut files) {
            Ok(id) => {
                if id != before || was_refused {
                    tracing::info!(generation = %id, "the scripts on disk are in force");
                }
                mapping.wake();
            }
            // A write that failed is never tried again.
            Err(ScriptsRefused::Store(error)) => {
                kept.supervisor
                    .escalate(Escalation::Failed { part: "keeping of scripts", reason: error.to_string() });
            }
            Err(refused) => {
                say_refused(before, &refused);
                kept.live.refuse(refused.to_string());
            }
        }
    }
}

impl Kept {
    fn reload(&self, in_force: &mut Files) -> Result<GenerationId, ScriptsRefused> {
        let (files, generation) = read(&self.root, &self.world)?;
        if let Some(emptied) = files.emptied_since(in_force) {
            return Err(ScriptsRefused::Emptied(emptied.to_owned()));
        }
        let current = self.live.current();
        let lost = |source: &&String| current.has_script(source) && !generation.has_script(source);
        if let Some(source) = self.world.sources.iter().find(lost) {
            return Err(ScriptsRefused::SourceLost(source.clone()));
        }
        let id = generation.id();
        if id != current.id() {
            self.log.keep_generation(id, &files.to_archive())?;
        }
        self.live.install(generation);
        *in_force = files;
        Ok(id)
    }
}

fn say_refused(in_force: GenerationId, refused: &ScriptsRefused) {
    tracing::error!(%in_force, "the scripts on disk are refused; the last good ones stay in force:\n{refused}");
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
