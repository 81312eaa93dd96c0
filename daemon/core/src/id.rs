//! Event ids: UUIDv7 (RFC 9562) that carry the event's position, so that an id is found without an index.
//!
//! ```text
//! 48 bits  milliseconds since 1970, never running backwards
//!  4 bits  version 7
//! 12 bits  random
//!  2 bits  variant
//! 14 bits  random
//! 48 bits  position in the journal
//! ```
//!
//! The 26 random bits keep the ids of two machines apart, and make an id that was guessed from a position wrong.

use doorman_plugin::EventId;
use uuid::Uuid;

const POSITION_BITS: u32 = 48;
const POSITION_MASK: u128 = (1 << POSITION_BITS) - 1;

/// The id of the event at `position` (below 2^48), accepted at `unix_ms`. Of `random`, 26 bits are used.
pub fn event_id(position: u64, unix_ms: i64, random: u32) -> EventId {
    let milliseconds = (unix_ms.max(0) as u128) & ((1 << 48) - 1);
    let high = u128::from(random & 0xfff);
    let low = u128::from((random >> 12) & 0x3fff);
    let bits = (milliseconds << 80)
        | (0x7 << 76)
        | (high << 64)
        | (0b10 << 62)
        | (low << POSITION_BITS)
        | (u128::from(position) & POSITION_MASK);
    EventId(Uuid::from_u128(bits))
}

/// The position that an id carries. Whether an event with this very id is there, only the store can say.
pub fn position(id: &EventId) -> u64 {
    (id.0.as_u128() & POSITION_MASK) as u64
}

/// When the event with this id was accepted, in milliseconds since 1970.
pub fn unix_ms(id: &EventId) -> i64 {
    (id.0.as_u128() >> 80) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_position_and_time_and_is_a_uuid_v7() {
        for (at, ms, random) in
            [(0, 0, 0), (1, 1_732_400_000_123, u32::MAX), ((1 << 48) - 1, (1 << 48) - 1, 0x155_5555)]
        {
            let id = event_id(at, ms, random);
            assert_eq!(position(&id), at);
            assert_eq!(unix_ms(&id), ms);
            assert_eq!(id.0.get_version_num(), 7);
            assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        }
    }

    #[test]
    fn later_ids_sort_behind_earlier_ones() {
        assert!(event_id(9, 1_000, u32::MAX) < event_id(1, 1_001, 0));
    }
}
