//! A file of lines with group fsync: a committer thread takes all that waits, writes it at once, syncs once.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

/// How many lines may wait; each waiting one is a connection's only request.
const MOST_WAITING: usize = 4_096;

struct Waiting {
    line: Bytes,
    durable: oneshot::Sender<()>,
}

/// The writing side. Clones write to the same file.
#[derive(Clone)]
pub struct Journal(mpsc::Sender<Waiting>);

impl Journal {
    /// Creates the file and starts its committer, which ends with the last clone or at the first failed write.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
            if let Err(error) = commit_all(file, receiver) {
                eprintln!("the journal failed: {error}");
            }
        })?;
        Ok(Self(sender))
    }

    /// Appends a line. When it returns true, the line is on disk.
    pub async fn append(&self, line: Bytes) -> bool {
        let (durable, is_durable) = oneshot::channel();
        self.0.send(Waiting { line, durable }).await.is_ok() && is_durable.await.is_ok()
    }
}

fn commit_all(mut file: File, mut receiver: mpsc::Receiver<Waiting>) -> io::Result<()> {
    let mut waiting = Vec::new();
    let mut lines = Vec::new();
    while receiver.blocking_recv_many(&mut waiting, MOST_WAITING) > 0 {
        lines.clear();
        for one in &waiting {
            lines.extend_from_slice(&one.line);
            lines.push(b'\n');
        }
        file.write_all(&lines)?;
        file.sync_data()?;
        for one in waiting.drain(..) {
            // A sender whose connection broke does not wait any more.
            let _ = one.durable.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_in_the_file_when_append_returns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        crate::one_worker().unwrap().block_on(async {
            let journal = Journal::create(&path).unwrap();
            for (line, after) in [("a", "a\n"), ("b", "a\nb\n")] {
                assert!(journal.append(Bytes::from(line)).await);
                assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
            }
        });
    }

    #[test]
    fn nothing_is_durable_once_a_write_has_failed() {
        crate::one_worker().unwrap().block_on(async {
            let journal = Journal::create(Path::new("/dev/full")).unwrap();
            assert!(!journal.append(Bytes::from("a")).await);
            assert!(!journal.append(Bytes::from("b")).await);
        });
    }
}
