//! A set of scripts as bytes, as the store keeps the generations that were in force.
//!
//! ```text
//! "doorman scripts 1\n", the root; then for each file its path and its content
//! ```
//!
//! Each text is its length in four bytes, little-endian, and the bytes.

use std::collections::BTreeMap;

use super::Files;

const HEAD: &[u8] = b"doorman scripts 1\n";

/// Bytes that are not an archived set of scripts.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Another head: not an archive, or one of a newer version.
    #[error("not a set of scripts that this version can read; was it written by a newer one?")]
    Head,
    /// It ends early, or has text that is not UTF-8 where a path should be.
    #[error("the stored set of scripts is damaged at byte {at}; run `doorman store verify`")]
    Damaged {
        /// Where.
        at: usize,
    },
}

impl Files {
    /// The whole set as bytes.
    pub fn to_archive(&self) -> Vec<u8> {
        let mut archive = HEAD.to_vec();
        append(&mut archive, self.root.as_bytes());
        for (path, content) in &self.files {
            append(&mut archive, path.as_bytes());
            append(&mut archive, content);
        }
        archive
    }

    /// Reads what [`Files::to_archive`] wrote.
    ///
    /// # Errors
    ///
    /// When it was not written by that, or was damaged since.
    pub fn from_archive(archive: &[u8]) -> Result<Self, ArchiveError> {
        let rest = archive.strip_prefix(HEAD).ok_or(ArchiveError::Head)?;
        let mut reader = Reader { archive, at: archive.len() - rest.len() };
        let root = reader.text()?;
        let mut files = BTreeMap::new();
        while reader.at < archive.len() {
            let path = reader.text()?;
            files.insert(path, reader.bytes()?.into());
        }
        Ok(Self { root, files })
    }
}

fn append(archive: &mut Vec<u8>, part: &[u8]) {
    // No part is longer than a file may be, or a path can be.
    archive.extend_from_slice(&(part.len() as u32).to_le_bytes());
    archive.extend_from_slice(part);
}

struct Reader<'a> {
    archive: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn text(&mut self) -> Result<String, ArchiveError> {
        let at = self.at;
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| ArchiveError::Damaged { at })
    }

    fn bytes(&mut self) -> Result<&'a [u8], ArchiveError> {
        let damaged = ArchiveError::Damaged { at: self.at };
        let Some((length, rest)) = self.archive[self.at..].split_first_chunk::<4>() else {
            return Err(damaged);
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some(bytes) = rest.get(..length) else {
            return Err(damaged);
        };
        self.at += 4 + length;
        Ok(bytes)
    }
}
