//! The identities accepted last, in memory: most repeats come soon after their first, and they are found here.
//!
//! The table of identities is written far more often than it is hit, so its write buffer is a plain list that is sorted
//! when it is flushed (see `options`): cheap to add to, and asked in vain at the cost of a filter, but dear to find
//! something in. What may lie in that buffer lies here too, so that it is hardly ever asked.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use doorman_core::identity::Hash128;
use doorman_plugin::EventId;

/// The first event of an identity, and the hash of its body.
pub type First = (EventId, Hash128);

/// At least so many identities are here, if there were so many: more than write buffers hold, and than one batch has.
pub const LEAST: usize = 57_344;

/// The identities accepted last: two lots, the older of which is forgotten when the younger is full.
pub struct Recent {
    least: usize,
    younger: Identities,
    older: Identities,
}

type Identities = HashMap<Hash128, First, BuildHasherDefault<FirstBytes>>;

impl Recent {
    /// None yet; remembers at least `least`, at most twice as many.
    pub fn new(least: usize) -> Self {
        Self { least, younger: Identities::default(), older: Identities::default() }
    }

    /// Remembers an identity.
    pub fn remember(&mut self, identity: Hash128, first: First) {
        if self.younger.len() >= self.least {
            std::mem::swap(&mut self.younger, &mut self.older);
            self.younger.clear();
        }
        self.younger.insert(identity, first);
    }

    /// The first event of an identity that was remembered and is not forgotten.
    pub fn first_of(&self, identity: &Hash128) -> Option<First> {
        self.younger.get(identity).or_else(|| self.older.get(identity)).copied()
    }
}

/// Takes the first bytes of an identity for its hash: identities are keyed hashes, so nobody can make them collide.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {
        // The length of the array, which is always the same.
    }
}

#[cfg(test)]
mod tests {
    use doorman_core::id::event_id;

    use super::*;

    #[test]
    fn the_last_ones_are_found_and_the_first_are_forgotten() {
        let mut recent = Recent::new(3);
        for number in 1..=7_u8 {
            recent.remember([number; 16], (event_id(u64::from(number), 1, 0), [0; 16]));
        }
        let found = (1..=7).filter(|number| recent.first_of(&[*number; 16]).is_some());
        assert_eq!(found.collect::<Vec<_>>(), [4, 5, 6, 7]);
    }

    #[test]
    fn an_identity_that_is_accepted_anew_has_its_new_first() {
        let mut recent = Recent::new(1);
        for position in [1, 2] {
            recent.remember([7; 16], (event_id(position, 1, 0), [0; 16]));
        }
        assert_eq!(recent.first_of(&[7; 16]).map(|(event, _)| doorman_core::id::position(&event)), Some(2));
    }
}
