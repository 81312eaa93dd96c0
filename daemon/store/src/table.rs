//! The tables: one RocksDB column family each.
//!
//! Numbers in keys are big-endian, so that the order of keys is the order of numbers; `seq` is a position (u64), `number` a
//! delivery's number within its event (u16, from 1). A key that begins with `seq` begins with its segment (`seq >> 20`),
//! so that retention can drop whole segments. Values begin with a version byte (see [`crate::record`]).
//!
//! Names, and the codes inside of values, are stored: they never change and are never reused.

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Table {
    /// Accepted events.
    ///
    /// - key: `seq`; value: header, then the body byte for byte
    /// - written by accept; read by the mapper when it lags, by the log
    /// - kept until it is trimmed: by `retention` once it is delivered or dropped, by `dead_retention` when it is dead, and
    ///   for as long as it takes before
    Events,
    /// The identities seen within the window.
    ///
    /// - key: identity (16 bytes); value: the event's id, which carries the time of acceptance, and the body's hash
    /// - written and read by accept
    /// - counts within the window only, checked at each read, whether its event is still there or not; compaction drops it
    ///   some time after
    Dedup,
    /// Events whose identity came again.
    ///
    /// - key: `seq` of the first; value: how often, how many with another body, when last
    /// - written by accept, for duplicates only; read by the log
    /// - kept as long as its event
    Repeats,
    /// What a generation made of an event.
    ///
    /// - key: `seq`; value: generation and verdict, with all actions and their contents; events in a row that nobody wants
    ///   share the row of the first
    /// - written by plan (again, where the event was held or had failed, or is mapped again: then with the actions of all
    ///   plans), and by move; read by attempts that come from the store, by
    ///   revive, by the log, by the survey before a trim
    /// - kept as long as its event; the row of a run goes with the last of its events, which go all at once
    Plans,
    /// What is not finished: deliveries, and events that wait for a script (number 0).
    ///
    /// - key: `seq`, `number`; value: lease, attempts, how many deliveries the event has, destination
    /// - written by plan, close (retry), revive; read by close, discard, the mapper (held events), the log
    /// - deleted when the delivery ends or the event is planned
    Open,
    /// Open deliveries that wait in the store, by the time at which they are due.
    ///
    /// - key: destination, a zero byte, due time (milliseconds since 1970), `seq`, `number`; value: empty
    /// - written by plan, close (retry), revive, and at start for what was leased; read by the dispatchers
    /// - deleted with, or moved by, the delivery's next close, or its discard
    Due,
    /// Events that have a place in a lane of a destination, in the order in which they came.
    ///
    /// - key: destination, a zero byte, the lane's length (u32), the lane, its place (u64), `seq`; value: empty
    /// - written by plan, revive; read by plan, close, discard, revive, release
    /// - deleted when the last of the event's deliveries in that lane has ended
    Lanes,
    /// Open deliveries that `cancel_send` can cancel, by their keys.
    ///
    /// - key: hash of environment and key (16 bytes), `seq`, `number`; value: empty
    /// - written by plan, revive; read by plan
    /// - deleted when the delivery ends
    Cancels,
    /// What went only once in a while.
    ///
    /// - key: hash of environment, destination and key (16 bytes); value: until when it keeps others from going, and the
    ///   event and the plan that it went with
    /// - written and read by plan
    /// - counts until its time, checked at each read; compaction drops it some time after
    Onces,
    /// Attempts.
    ///
    /// - key: `seq`, `number`, running index of the attempt (u16, from 0, not reset by a revival); value: the attempt and
    ///   what followed from it
    /// - written by close; read by the log: a delivery that is neither open nor cancelled stands where its last attempt
    ///   left it
    /// - kept as long as its event
    Deliveries,
    /// Dead deliveries.
    ///
    /// - key: `seq`, `number`; value: empty
    /// - written by close; read by revive, discard, the log, the survey before a trim
    /// - deleted when it is revived or discarded, and with its event
    Dead,
    /// Cancelled deliveries.
    ///
    /// - key: `seq`, `number`; value: when, why, and what its open row said
    /// - written by discard, and by close when an attempt ends late; read by revive, the log, the survey before a trim
    /// - deleted when it is revived, and with its event
    Cancelled,
    /// Archives of the generations of scripts that were in force.
    ///
    /// - key: generation id; value: archive
    /// - written by a reload; read at start and by the log
    /// - the last hundred are kept
    Generations,
    /// Single rows, by name: see [`meta`].
    Meta,
}

/// The keys of [`Table::Meta`].
pub mod meta {
    /// The format of the whole store.
    pub const FORMAT: &[u8] = b"format";
    /// 32 random bytes, made with the store: the key of all identities.
    pub const SECRET: &[u8] = b"secret";
    /// Counts and cursors, written with each batch.
    pub const LEDGER: &[u8] = b"ledger";
    /// The ids of the generations that are kept; the last one is in force.
    pub const GENERATIONS: &[u8] = b"generations";
    /// How many entries into lanes there were, written with each.
    pub const ENTERED: &[u8] = b"entered";
    /// How far events were trimmed, written with each trim.
    pub const TRIMMED: &[u8] = b"trimmed";
    /// Before the first position of a range of trimmed events whose table files are to be deleted: written with the trim,
    /// deleted once they are.
    const RELEASING: &[u8] = b"releasing/";

    /// Before a destination's name: when it was stopped. Written when that changes; stays when the destination goes.
    const STOPS: &[u8] = b"stops/";

    /// The key of a destination's stops.
    pub fn stops(destination: &str) -> Vec<u8> {
        [STOPS, destination.as_bytes()].concat()
    }

    /// The key of a range whose table files are to be deleted.
    pub fn releasing(first: u64) -> Vec<u8> {
        [RELEASING, &first.to_be_bytes()].concat()
    }

    /// The keys of all such ranges.
    pub fn all_releasing() -> std::ops::Range<Vec<u8>> {
        RELEASING.to_vec()..[&RELEASING[..RELEASING.len() - 1], b"0"].concat()
    }
}

/// What a table's rows are like, and so how RocksDB is set up for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Written once, in the order of keys, and compressible.
    Bulk,
    /// Random keys, looked up by the whole key, mostly in vain.
    Dedup,
    /// Rows come and go: scans must not wade through what was deleted.
    Queue,
    /// Few rows.
    Small,
    /// Few rows that count for a time.
    Expiring,
}

impl Table {
    /// All of them, in the order of their declaration.
    pub const ALL: [Table; 14] = [
        Table::Events,
        Table::Dedup,
        Table::Repeats,
        Table::Plans,
        Table::Open,
        Table::Due,
        Table::Lanes,
        Table::Cancels,
        Table::Onces,
        Table::Deliveries,
        Table::Dead,
        Table::Cancelled,
        Table::Generations,
        Table::Meta,
    ];

    /// The column family's name.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Events => "events",
            Table::Dedup => "dedup",
            Table::Repeats => "repeats",
            Table::Plans => "plans",
            Table::Open => "open",
            Table::Due => "due",
            Table::Lanes => "lanes",
            Table::Cancels => "cancels",
            Table::Onces => "onces",
            Table::Deliveries => "deliveries",
            Table::Dead => "dead",
            Table::Cancelled => "cancelled",
            Table::Generations => "generations",
            Table::Meta => "meta",
        }
    }

    /// What its rows are like.
    pub const fn profile(self) -> Profile {
        match self {
            Table::Events | Table::Plans | Table::Deliveries => Profile::Bulk,
            Table::Dedup => Profile::Dedup,
            Table::Open | Table::Due | Table::Lanes | Table::Cancels => Profile::Queue,
            Table::Onces => Profile::Expiring,
            Table::Repeats | Table::Dead | Table::Cancelled | Table::Generations | Table::Meta => {
                Profile::Small
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tables_are_listed_in_the_order_of_their_declaration() {
        for (index, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, index);
        }
    }
}
