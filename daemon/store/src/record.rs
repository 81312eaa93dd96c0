//! Values: a version byte, then the record in postcard. A record's fields and the order of its variants are its format:
//! a change of either is a new version, and those before it are still read.

mod attempt;
mod delivery;
mod event;
mod once;
mod plan;
mod stops;
mod terms;
mod trim;

use doorman_core::store::StoreError;
use serde::{Deserialize, Serialize};

pub use attempt::AttemptRecord;
pub use delivery::{CancelledRecord, CancelledRow, OpenRecord, OpenRow};
pub use event::{EventHeader, Identity, RepeatsRecord, parse_event, time};
pub use once::OnceRecord;
pub use plan::{Outline, PlanRecord};
pub use stops::StopsRecord;
pub use trim::{ReleaseRecord, TrimmedRecord};

use crate::ledger::Ledger;
use crate::table::Table;

/// The first version of all records.
const VERSION: u8 = 1;

/// Marks what can be stored.
pub trait Record: Serialize {
    /// The version that is written.
    const VERSION: u8 = VERSION;
}
impl Record for EventHeader<'_> {}
impl Record for Identity {}
impl Record for RepeatsRecord {}
impl Record for PlanRecord<'_> {}
impl Record for OpenRecord<'_> {
    const VERSION: u8 = delivery::OPEN_VERSION;
}
impl Record for TrimmedRecord {}
impl Record for ReleaseRecord {}
impl Record for StopsRecord {}
impl Record for OnceRecord {}
impl Record for AttemptRecord<'_> {
    const VERSION: u8 = attempt::ATTEMPT_VERSION;
}
impl Record for CancelledRecord<'_> {
    const VERSION: u8 = delivery::CANCELLED_VERSION;
}
impl Record for Ledger {}
impl Record for Vec<u64> {}

/// Bytes that are no record of this version.
#[derive(Debug)]
pub struct Malformed(String);

impl Malformed {
    /// With the row that holds them.
    pub fn at(self, table: Table, key: &[u8]) -> StoreError {
        let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
        StoreError::Unreadable { table: table.name(), key, message: self.0 }
    }

    /// A record that reads well and cannot be.
    pub fn because(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Writes a record into the buffer, in place of what was there.
pub fn encode<'a, R: Record>(buffer: &'a mut Vec<u8>, record: &R) -> &'a mut Vec<u8> {
    let mut bytes = std::mem::take(buffer);
    bytes.clear();
    bytes.push(R::VERSION);
    // Records are plain structs, enums and lists of known length, which postcard always writes, and a `Vec` takes all.
    *buffer = postcard::to_extend(record, bytes).expect("a record is always written");
    buffer
}

/// Writes plain bytes as a value into the buffer, in place of what was there.
pub fn encode_bytes(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.clear();
    buffer.push(VERSION);
    buffer.extend_from_slice(bytes);
}

/// Reads a value that is plain bytes.
pub fn decode_bytes(value: &[u8]) -> Result<&[u8], Malformed> {
    match version_of(value)? {
        (VERSION, bytes) => Ok(bytes),
        (version, _) => Err(Malformed(format!("version {version}; this Doorman reads {VERSION}"))),
    }
}

/// A value's version, and what is behind it.
fn version_of(value: &[u8]) -> Result<(u8, &[u8]), Malformed> {
    let (version, bytes) = value.split_first().ok_or_else(|| Malformed("it is empty".to_owned()))?;
    Ok((*version, bytes))
}

/// Reads a record that is the whole value.
pub fn decode<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, Malformed> {
    parse(decode_bytes(value)?)
}

/// Reads the record that a value begins with; gives back the rest, too.
pub fn decode_first<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<(T, &'a [u8]), Malformed> {
    parse_first(decode_bytes(value)?)
}

/// Reads a record without its version.
fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Malformed> {
    match parse_first(bytes)? {
        (record, []) => Ok(record),
        (_, rest) => Err(Malformed(format!("{} bytes too many", rest.len()))),
    }
}

fn parse_first<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Malformed> {
    postcard::take_from_bytes(bytes).map_err(|error| Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_cut_short_too_long_or_of_another_version_is_refused() {
        let mut buffer = Vec::new();
        encode(&mut buffer, &vec![1_u64, 2]);
        assert_eq!(decode::<Vec<u64>>(&buffer).unwrap(), [1, 2]);
        for cut in 0..buffer.len() {
            assert!(decode::<Vec<u64>>(&buffer[..cut]).is_err(), "{cut}");
        }
        buffer.push(0);
        assert!(decode::<Vec<u64>>(&buffer).is_err());
        buffer[0] = VERSION + 1;
        let error = decode::<Vec<u64>>(&buffer).unwrap_err().at(Table::Meta, b"\x01\xff").to_string();
        assert!(error.contains("`meta`") && error.contains("01ff") && error.contains("version 2"), "{error}");
    }
}
