//! Looks at the files until they have come to rest.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::hints::Hints;
use super::{Look, Shared, Watching};
use crate::files::{ScanError, Scanner};

/// How many looks there are while files must stay the same: a change right behind one is seen by the next, and the time
/// counts from there.
const LOOKS: u32 = 5;

/// Without hints nobody tells of a file that is open for writing, so files must stay the same for so many times as long.
const BLIND_FACTOR: u32 = 4;

/// Files that do not come to rest for so long are an error.
const RESTLESS: Duration = Duration::from_secs(20);

/// The pause after a look that found nothing: a neighbouring file that is written all the time is no reason to be busy.
const BREATH: Duration = Duration::from_millis(10);

pub(super) struct Eye<R> {
    watching: Watching,
    scanner: Scanner,
    hints: Hints,
    shared: Arc<Shared<R>>,
}

impl<R> Eye<R> {
    pub fn new(watching: Watching, hints: Hints, shared: Arc<Shared<R>>) -> Self {
        let scanner = Scanner::new(&watching.root);
        Self { watching, scanner, hints, shared }
    }

    /// Until the watcher is dropped.
    pub fn watch(mut self, mut known: Look, mut on_settled: impl FnMut(&Look, Vec<R>)) {
        while let Some(asked) = self.shared.take() {
            // Before the look: what changes behind it gives a hint.
            self.hints.follow();
            if self.watching.unasked || !asked.is_empty() {
                let Some(settled) = self.settled(&known) else {
                    return;
                };
                if !asked.is_empty() || !are_same(&settled, &known) {
                    on_settled(&settled, asked);
                    known = settled;
                } else {
                    thread::sleep(BREATH);
                }
            }
            self.hints.wait(self.watching.poll);
        }
    }

    /// What was found once it stayed the same for long enough and nobody was writing; `None` when it is time to end. What
    /// is known already needs to be found only once.
    fn settled(&mut self, known: &Look) -> Option<Look> {
        let started = Instant::now();
        let mut found = self.scanner.scan();
        let mut since = Instant::now();
        while !self.shared.is_closed() {
            let settle = self.settle();
            if !self.hints.is_being_written() && (are_same(&found, known) || since.elapsed() >= settle) {
                return Some(found);
            }
            if started.elapsed() >= RESTLESS {
                return Some(Err(ScanError::Restless { path: self.watching.root.clone(), waited: RESTLESS }));
            }
            let left = settle.saturating_sub(since.elapsed());
            thread::sleep(if left.is_zero() { BREATH } else { left.min(settle / LOOKS) });
            let now = self.scanner.scan();
            if !are_same(&now, &found) {
                since = Instant::now();
            }
            found = now;
        }
        None
    }

    fn settle(&self) -> Duration {
        let settle = self.watching.settle;
        if self.hints.is_blind() { settle * BLIND_FACTOR } else { settle }
    }
}

/// Whether two looks found the same: the same files, or the same error.
fn are_same(one: &Look, other: &Look) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => one.to_string() == other.to_string(),
        _ => false,
    }
}
