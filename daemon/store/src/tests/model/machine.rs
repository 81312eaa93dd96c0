//! The real store on a folder, and what a kill or a power cut leaves of it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use doorman_core::store::contract::DEDUP_WINDOW;
use doorman_core::store::{Appended, Event, Journal, Log, Trim};
use tempfile::TempDir;

use super::history::{Question, World, answers};
use super::said;
use crate::table::Table;
use crate::{Opened, Settings, Store, Writer};

/// A file system in memory, where there is one: fsyncs are counted here, and need not be waited for.
const IN_MEMORY: &str = "/dev/shm";
/// Large enough that no history fills one, so that all that is not in table files is in one log.
const BUFFER_BYTES: usize = 64 << 10;

/// How many trims were refused, and how many were done, in all histories.
pub static TRIMS: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

thread_local! {
    /// A new store, closed: to copy one is quicker than to make one.
    static EMPTY: TempDir = {
        let folder = new_folder();
        drop(open(folder.path()));
        folder
    };
}

/// The real store.
pub struct Machine {
    folder: TempDir,
    opened: Option<Opened>,
    /// How long the log was once that was written which [`World::since`] has at the same index.
    lengths: Vec<u64>,
    /// What was answered as accepted, by position.
    accepted: Vec<Arc<Event>>,
    /// What was last found to be old enough; gone with the process.
    surveyed: Option<Trim>,
}

impl Machine {
    /// On a new store.
    pub fn new() -> Self {
        let folder = new_folder();
        EMPTY.with(|empty| copy(empty.path(), folder.path()));
        let opened = Some(open(folder.path()));
        Self { folder, opened, lengths: vec![0], accepted: Vec::new(), surveyed: None }
    }

    /// Commits what the model has committed.
    pub fn commit(&mut self, world: &World, durable: bool) {
        let syncs = self.opened().log.database.syncs();
        let mut commit = world.asked.of(&*self.opened().log, self.surveyed.as_ref());
        let durable = durable || commit.must_be_durable();
        let committed = self.journal().commit(&mut commit, world.wall, durable).unwrap();
        assert_eq!(answers(&committed), world.answered, "what was answered");
        for done in committed.trimmed {
            TRIMS[usize::from(done)].fetch_add(1, Ordering::Relaxed);
        }
        for answer in committed.events {
            match answer {
                Appended::Accepted(event) => self.accepted.push(event),
                Appended::Duplicate { of, .. } => {
                    let first = &self.accepted[doorman_core::id::position(&of) as usize - 1];
                    assert_eq!(of, first.info.id, "a duplicate is answered with the id of its first");
                }
            }
        }
        self.lengths.push(self.log_length());
        self.keep_promise(world, syncs);
    }

    /// Finds what the model has found.
    pub fn survey(&mut self, world: &World, question: Question) {
        let log = &*self.opened().log;
        said::assert_survey_is_right(log, world.now(), question.anywhere(&world.ends));
        let by_model = world.surveyed.as_ref().expect("the model was asked, too");
        let (stretch, old) = question.at_ends(&world.ends);
        let mut survey = log.survey(stretch, old, usize::MAX).unwrap();
        survey.trim.through = by_model.trim.through;
        said::assert_same_survey(&survey, by_model, world.now());
        self.surveyed = Some(survey.trim);
    }

    /// A panic took the writer: another one goes on.
    pub fn again(&mut self, world: &World) {
        let writer = self.opened().log.writer();
        *self.journal() = writer;
        self.commit(world, false);
    }

    /// Makes all durable.
    pub fn sync(&mut self, world: &World) {
        let syncs = self.opened().log.database.syncs();
        self.journal().sync().unwrap();
        self.keep_promise(world, syncs);
    }

    /// What is promised to be durable was synced; a power cut does not touch it.
    fn keep_promise(&mut self, world: &World, syncs_before: u64) {
        if world.promised {
            assert!(self.opened().log.database.syncs() > syncs_before, "it was to be durable");
            self.lengths.drain(..self.lengths.len() - 1);
        }
    }

    /// All tables are compacted, which nobody must notice. What was written is in table files then, and durable.
    pub fn compact(&mut self) {
        for table in Table::ALL {
            self.opened().log.database.compact(table);
        }
        self.lengths = vec![self.log_length()];
    }

    /// The process is gone: another one finds the files as they are.
    pub fn kill(&mut self, world: &World) {
        self.reopen(world, u64::MAX);
    }

    /// The power is gone: of the log there is what was durable, the commits that the model has kept, and a part of the
    /// next.
    pub fn cut(&mut self, world: &World, torn: u16) {
        let kept = self.lengths[world.kept];
        let next = self.lengths.get(world.kept + 1).map_or(0, |next| next - kept);
        self.reopen(world, kept + u64::from(torn) % next.max(1));
        self.accepted.truncate(usize::try_from(world.now().accepted_through()).unwrap());
    }

    /// Closing writes nothing, so that what is closed is what a kill would leave. (A copy of the open folder may miss a
    /// table file that a compaction replaces meanwhile.)
    fn reopen(&mut self, world: &World, log_bytes: u64) {
        let (log, length) = (live_log(self.folder.path()), self.log_length());
        let opened = self.opened.take().expect("it is open between steps");
        let secret = opened.secret;
        drop(opened);
        assert_eq!(self.log_length(), length, "closing writes nothing");
        File::options().write(true).open(log).unwrap().set_len(length.min(log_bytes)).unwrap();
        let opened = open(self.folder.path());
        assert_eq!((opened.secret, opened.clock_floor), (secret, world.now().clock()));
        self.opened = Some(opened);
        self.lengths = vec![0];
        self.surveyed = None;
    }

    fn journal(&mut self) -> &mut Writer {
        &mut self.opened.as_mut().expect("it is open between steps").journal
    }

    fn opened(&self) -> &Opened {
        self.opened.as_ref().expect("it is open between steps")
    }

    fn log_length(&self) -> u64 {
        fs::metadata(live_log(self.folder.path())).unwrap().len()
    }

    /// After each step.
    pub fn check(&self, world: &World) {
        let log = &*self.opened().log;
        said::assert_same(log, world.now());
        said::assert_rows_agree(log);
        let events = world.now().events_after(0, usize::MAX).unwrap();
        let left: BTreeSet<u64> = events.iter().map(|event| event.seq).collect();
        for event in &self.accepted {
            let read = log.event(&event.info.id).unwrap();
            assert_eq!(read.is_some(), left.contains(&event.seq), "what was accepted is there, or trimmed");
            let read = read.map(|read| (Arc::clone(&read.info), read.body.clone()));
            let answered = (Arc::clone(&event.info), event.body.clone());
            assert!(read.is_none_or(|read| read == answered), "as it was answered");
        }
    }
}

fn new_folder() -> TempDir {
    let in_memory = Path::new(IN_MEMORY);
    let mut folder = tempfile::Builder::new();
    folder.prefix("doorman-model-");
    let made = if in_memory.is_dir() { folder.tempdir_in(in_memory) } else { folder.tempdir() };
    made.unwrap()
}

fn open(path: &Path) -> Opened {
    let settings = Settings {
        block_cache_bytes: BUFFER_BYTES,
        write_buffers_bytes: 16 * BUFFER_BYTES,
        bulk_buffer_bytes: BUFFER_BYTES,
        dedup_buffer_bytes: BUFFER_BYTES,
        queue_buffer_bytes: BUFFER_BYTES,
        small_buffer_bytes: BUFFER_BYTES,
        background_threads: 1,
        ..Settings::new(DEDUP_WINDOW)
    };
    Store::open(path, settings).unwrap()
}

/// The log that is written: the newest.
fn live_log(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "log")).max().expect("there is a log")
}

/// Copies the folder of a store that is closed.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        // What RocksDB writes for people is not needed.
        if name.to_str().is_some_and(|name| !name.starts_with("LOG") && !name.starts_with("OPTIONS")) {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}
