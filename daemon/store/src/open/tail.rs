//! A write-ahead log whose last record a power cut tore.
//!
//! A file system may have noted a file's new length before the data is there: the log then ends in pages of zeros.
//! RocksDB takes a record whose beginning is on disk and whose rest is zeros for damage, and does not open. It is what a
//! cut leaves of a write whose fsync never returned, so nobody was told of it: it is cut off. Anything else that is wrong
//! with a log stays as it is, and the store is not opened.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// RocksDB writes its log in blocks of this size; no piece of a record crosses one.
const BLOCK_BYTES: usize = 32 * 1024;
/// Checksum, length and type of a piece.
const HEADER_BYTES: usize = 7;
/// What a file system writes at once.
const PAGE_BYTES: usize = 4096;

/// The first and the middle pieces of a record that has several: only its last one makes it whole.
const UNFINISHED: [u8; 2] = [2, 3];
/// Pieces of logs that are used again have a longer header; there are none, since the options rule them out.
const OF_USED_LOGS: [u8; 6] = [5, 6, 7, 8, 11, 131];

/// Cuts a torn record off the end of the newest log that has any; says how many bytes, or `None` when there is no such record.
///
/// To be called only when RocksDB has just refused to open the store: it holds the lock then, or nobody does.
pub fn cut(store: &Path) -> io::Result<Option<u64>> {
    let Some(Torn { log, whole, torn }) = find(store)? else { return Ok(None) };
    let file = File::options().write(true).open(&log)?;
    file.set_len(whole)?;
    file.sync_all()?;
    Ok(Some(torn))
}

/// How many bytes [`cut`] would cut off.
pub fn torn_bytes(store: &Path) -> io::Result<Option<u64>> {
    Ok(find(store)?.map(|torn| torn.torn))
}

/// A log with a torn record at its end.
struct Torn {
    log: PathBuf,
    /// Bytes before it.
    whole: u64,
    /// Its bytes, and the zeros behind it.
    torn: u64,
}

/// A log in which nothing was written yet says nothing: the one before it may still have had its end on the way.
fn find(store: &Path) -> io::Result<Option<Torn>> {
    for log in logs(store)? {
        let bytes = fs::read(&log)?;
        if bytes.iter().all(|byte| *byte == 0) {
            continue;
        }
        let whole = torn_at(&bytes);
        return Ok(whole.map(|whole| Torn { log, whole: whole as u64, torn: (bytes.len() - whole) as u64 }));
    }
    Ok(None)
}

/// All logs, the newest first.
fn logs(store: &Path) -> io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(store)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        logs.extend(
            number.filter(|_| path.extension().is_some_and(|end| end == "log")).map(|number| (number, path)),
        );
    }
    logs.sort_unstable_by(|one, other| other.cmp(one));
    Ok(logs.into_iter().map(|(_, path)| path).collect())
}

/// Where the whole records end, if what follows is the beginning of one and then, from a page's beginning to the end,
/// zeros.
fn torn_at(log: &[u8]) -> Option<usize> {
    let written = log.iter().rposition(|byte| *byte != 0)? + 1;
    let zeros = written.next_multiple_of(PAGE_BYTES);
    if zeros >= log.len() {
        return None;
    }
    let mut whole = 0;
    let mut at = 0;
    loop {
        let room = BLOCK_BYTES - at % BLOCK_BYTES;
        if room < HEADER_BYTES {
            at += room;
            continue;
        }
        let Some(piece) = Piece::read(log, at, room) else { break };
        at = piece.end;
        if OF_USED_LOGS.contains(&piece.kind) {
            return None;
        }
        if !UNFINISHED.contains(&piece.kind) {
            whole = at;
        }
    }
    // What does not read must reach into the zeros: were there more behind it, it would be damage.
    let length =
        log.get(at + 4..at + 6).map_or(0, |bytes| usize::from(bytes[0]) | usize::from(bytes[1]) << 8);
    (at + HEADER_BYTES + length > zeros || at >= written).then_some(whole)
}

/// A piece of a record whose checksum is right.
struct Piece {
    kind: u8,
    end: usize,
}

impl Piece {
    fn read(log: &[u8], at: usize, room: usize) -> Option<Self> {
        let header = log.get(at..at + HEADER_BYTES)?;
        let length = usize::from(header[4]) | usize::from(header[5]) << 8;
        let kind = header[6];
        let end = at + HEADER_BYTES + length;
        if kind == 0 || HEADER_BYTES + length > room {
            return None;
        }
        // The checksum is of type and content.
        let content = log.get(at + HEADER_BYTES - 1..end)?;
        let checksum = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        (masked(crc32c(content)) == checksum).then_some(Self { kind, end })
    }
}

/// As RocksDB stores checksums.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8))
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc32c() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn no_log_and_an_empty_log_are_not_torn() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(cut(folder.path()).unwrap(), None);
        fs::write(folder.path().join("000004.log"), []).unwrap();
        assert_eq!(cut(folder.path()).unwrap(), None);
    }

    #[test]
    fn logs_come_the_newest_first_by_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["000009.log", "000010.log", "000011.sst", "LOG", "x.log"] {
            fs::write(folder.path().join(name), []).unwrap();
        }
        let expected = ["000010.log", "000009.log"].map(|name| folder.path().join(name));
        assert_eq!(logs(folder.path()).unwrap(), expected);
    }
}
