//! Appending whole lines, or none.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::trouble::Trouble;

/// Lines go to the system in pieces of about this size.
const WRITE_BYTES: usize = 1 << 20;

/// How long another program may hold the lock. Another destination holds it for one write.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// How often the lock is tried.
const LOCK_TRIES_EVERY: Duration = Duration::from_millis(1);

/// Keeps other destinations with the same path from writing: what one has written in part, it may cut off again.
pub fn lock(file: &File, path: &Path) -> Result<(), Trouble> {
    let until = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOCK_TRIES_EVERY),
            Err(TryLockError::WouldBlock) => return Err(Trouble::Locked(path.to_owned())),
            // A file system without locks. Writes at the end of a file are whole without them.
            Err(TryLockError::Error(_)) => return Ok(()),
        }
    }
}

/// Writes the lines, and counts those that are in the file as a whole.
pub fn write(file: &File, lines: &[Vec<u8>], whole: &mut usize) -> io::Result<()> {
    let mut rest = lines;
    let mut piece = Vec::new();
    while !rest.is_empty() {
        piece.clear();
        let before_bytes = file.metadata()?.len();
        if is_torn(file, before_bytes)? {
            piece.push(b'\n');
        }
        let mut ends = Vec::new();
        for line in rest {
            piece.extend_from_slice(line);
            ends.push(piece.len());
            if piece.len() >= WRITE_BYTES {
                break;
            }
        }
        let (written_bytes, end) = write_at_end(file, &piece);
        let complete = ends.iter().take_while(|end| **end <= written_bytes).count();
        *whole += complete;
        if let Err(error) = end {
            let kept_bytes = complete.checked_sub(1).map_or(0, |last| ends[last]);
            cut(file, before_bytes, written_bytes, kept_bytes);
            return Err(error);
        }
        rest = &rest[complete..];
    }
    Ok(())
}

/// Whether its last line has no end: what was written when the machine stopped.
fn is_torn(file: &File, length_bytes: u64) -> io::Result<bool> {
    let Some(last) = length_bytes.checked_sub(1) else { return Ok(false) };
    let mut byte = [b'\n'];
    file.read_at(&mut byte, last)?;
    Ok(byte != [b'\n'])
}

/// In one write, if the system takes it whole; how much of it did it take?
fn write_at_end(mut file: &File, piece: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < piece.len() {
        match file.write(&piece[written..]) {
            Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
            Ok(bytes) => written += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Takes off the beginning of a line whose end found no room, unless others have written behind it.
fn cut(file: &File, before_bytes: u64, written_bytes: usize, kept_bytes: usize) {
    let is_last = |length_bytes: u64| length_bytes == before_bytes + written_bytes as u64;
    if file.metadata().is_ok_and(|metadata| is_last(metadata.len())) {
        // Where this fails, the next write finds a torn line, and ends it.
        let _ = file.set_len(before_bytes + kept_bytes as u64);
    }
}
