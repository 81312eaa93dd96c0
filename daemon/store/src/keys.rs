//! Keys: big-endian, so that their order is the order of what they stand for.

use doorman_core::clock::UnixMillis;
use doorman_core::identity::Hash128;
use doorman_core::store::DueKey;

/// Stands between a destination's name, which cannot hold it, and what follows.
const SEPARATOR: u8 = 0;

/// The key of an event, its plan or its repeats.
pub fn event(seq: u64) -> [u8; 8] {
    seq.to_be_bytes()
}

/// The position in the key of an event.
pub fn parse_event(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// The key of a delivery; number 0 stands for the event itself, and before all its deliveries.
pub fn delivery(seq: u64, number: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&seq.to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The position and number in the key of a delivery.
pub fn parse_delivery(key: &[u8]) -> Option<(u64, u16)> {
    let (seq, number) = key.split_at_checked(8)?;
    Some((parse_event(seq)?, u16::from_be_bytes(number.try_into().ok()?)))
}

/// The key of an attempt; also, with index 0, the first key of a delivery's attempts.
pub fn attempt(seq: u64, number: u16, index: u16) -> [u8; 12] {
    let mut key = [0; 12];
    key[..10].copy_from_slice(&delivery(seq, number));
    key[10..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The delivery and running index in the key of an attempt.
pub fn parse_attempt(key: &[u8]) -> Option<((u64, u16), u16)> {
    let (delivery, index) = key.split_at_checked(10)?;
    Some((parse_delivery(delivery)?, u16::from_be_bytes(index.try_into().ok()?)))
}

/// The first key behind all of an event's: keys that begin with `seq` end before it.
pub fn behind_event(seq: u64) -> Vec<u8> {
    match seq.checked_add(1) {
        Some(next) => event(next).to_vec(),
        None => END.to_vec(),
    }
}

/// The first key behind all of a delivery's attempts.
pub fn behind_delivery(seq: u64, number: u16) -> Vec<u8> {
    match number.checked_add(1) {
        Some(next) => delivery(seq, next).to_vec(),
        None => behind_event(seq),
    }
}

/// The key of a due row. Times before 1970 count as 1970.
pub fn due(destination: &str, key: DueKey) -> Vec<u8> {
    let mut bytes = due_at(destination, key.at);
    bytes.extend_from_slice(&delivery(key.seq, key.number));
    bytes
}

/// Where the due rows of a destination at and behind a time begin.
pub fn due_at(destination: &str, at: UnixMillis) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(destination.len() + 19);
    bytes.extend_from_slice(destination.as_bytes());
    bytes.push(SEPARATOR);
    bytes.extend_from_slice(&at.max(0).to_be_bytes());
    bytes
}

/// The first key behind all due rows of a destination.
pub fn behind_due(destination: &str) -> Vec<u8> {
    let mut bytes = destination.as_bytes().to_vec();
    bytes.push(SEPARATOR + 1);
    bytes
}

/// What the keys of a lane begin with.
pub fn lane(destination: &str, lane: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(destination.len() + lane.len() + 21);
    bytes.extend_from_slice(destination.as_bytes());
    bytes.push(SEPARATOR);
    // Lanes are short: see core's `map/order.rs`.
    bytes.extend_from_slice(&u32::try_from(lane.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(lane.as_bytes());
    bytes
}

/// The key of an event's place in a lane.
pub fn in_lane(lane: &[u8], entered: u64, seq: u64) -> Vec<u8> {
    [lane, &entered.to_be_bytes(), &seq.to_be_bytes()].concat()
}

/// What a lane's keys begin with, and an event's place and position, in the key of that place.
pub fn parse_in_lane(key: &[u8]) -> Option<(&[u8], u64, u64)> {
    let (lane, place) = key.split_at_checked(key.len().checked_sub(16)?)?;
    let (entered, seq) = place.split_at_checked(8)?;
    Some((lane, u64::from_be_bytes(entered.try_into().ok()?), parse_event(seq)?))
}

/// The key of a delivery that can be cancelled by this.
pub fn cancel(id: Hash128, (seq, number): (u64, u16)) -> Vec<u8> {
    [&id[..], &delivery(seq, number)].concat()
}

/// What cancels it, and the delivery, in such a key.
pub fn parse_cancel(key: &[u8]) -> Option<(Hash128, (u64, u16))> {
    let (id, delivery) = key.split_at_checked(16)?;
    Some((id.try_into().ok()?, parse_delivery(delivery)?))
}

/// Behind all keys.
pub const END: [u8; 13] = [u8::MAX; 13];

/// The destination in a due row's key.
pub fn due_destination(key: &[u8]) -> Option<&str> {
    let name = key.split(|byte| *byte == SEPARATOR).next()?;
    std::str::from_utf8(name).ok()
}

/// The time and delivery in a due row's key.
pub fn parse_due(key: &[u8]) -> Option<DueKey> {
    let (rest, delivery) = key.split_at_checked(key.len().checked_sub(10)?)?;
    let at = rest.last_chunk().map(|bytes| UnixMillis::from_be_bytes(*bytes))?;
    let (seq, number) = parse_delivery(delivery)?;
    Some(DueKey { at, seq, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip() {
        for (seq, number) in [(0, 0), (1, 1), (u64::MAX, u16::MAX), (1 << 20, 256)] {
            assert_eq!(parse_event(&event(seq)), Some(seq));
            assert_eq!(parse_delivery(&delivery(seq, number)), Some((seq, number)));
            assert_eq!(parse_attempt(&attempt(seq, number, 7)), Some(((seq, number), 7)));
            let key = DueKey { at: 5, seq, number };
            assert_eq!(parse_due(&due("hook", key)), Some(key));
        }
    }

    #[test]
    fn bytes_that_are_no_key_are_none() {
        for bytes in [&b""[..], b"1234567", b"123456789"] {
            assert_eq!(parse_event(bytes), None);
            assert_eq!(parse_delivery(bytes), None);
            assert_eq!(parse_attempt(bytes), None);
            assert_eq!(parse_due(bytes), None);
        }
    }

    #[test]
    fn the_order_of_due_keys_is_destination_time_delivery() {
        let key = |destination, at, seq, number| due(destination, DueKey { at, seq, number });
        let ordered = [
            key("a", 1, 9, 9),
            key("a", 256, 1, 2),
            key("a", 256, 2, 1),
            behind_due("a"),
            key("a-b", 0, 0, 0),
            key("ab", 0, 0, 0),
        ];
        assert!(ordered.is_sorted());
    }

    #[test]
    fn what_lies_behind_is_greater_than_all_keys_before_it() {
        assert!(behind_event(7)[..] > attempt(7, u16::MAX, u16::MAX)[..]);
        assert!(behind_event(7)[..] <= event(8)[..]);
        assert!(behind_event(u64::MAX)[..] > attempt(u64::MAX, u16::MAX, u16::MAX)[..]);
        assert!(behind_delivery(7, 1)[..] > attempt(7, 1, u16::MAX)[..]);
        assert!(behind_delivery(7, 1)[..] <= attempt(7, 2, 0)[..]);
        assert!(behind_delivery(7, u16::MAX)[..] > attempt(7, u16::MAX, u16::MAX)[..]);
    }
}
