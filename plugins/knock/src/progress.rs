//! Which calls of a delivery were answered, so that another attempt goes on where the last one ended.
//!
//! That is not only less to send. A call that was answered may have been overtaken since (an unsubscribe between two attempts
//! to subscribe): each has its effect once, at its time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;

/// How many calls were answered, by the idempotency key: the same key means the same content, so the same calls.
pub struct Progress(Mutex<LruCache<Arc<str>, usize>>);

impl Progress {
    /// Remembers so many deliveries.
    pub fn new(deliveries_max: usize) -> Self {
        Self(Mutex::new(LruCache::new(deliveries_max)))
    }

    /// How many of its first calls need not be made again.
    pub fn answered(&self, key: &str) -> usize {
        self.lock().get(key).copied().unwrap_or(0)
    }

    /// So many of its first calls were answered.
    pub fn reached(&self, key: &Arc<str>, answered: usize) {
        self.lock().insert(Arc::clone(key), answered);
    }

    /// All were answered: whoever asks for it again wants all of it.
    pub fn ended(&self, key: &str) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Arc<str>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_remembered_until_they_end_or_others_need_the_room() {
        let progress = Progress::new(2);
        let keys: [Arc<str>; 3] = ["a", "b", "c"].map(Into::into);
        progress.reached(&keys[0], 1);
        progress.reached(&keys[1], 5);
        progress.reached(&keys[0], 2);
        progress.reached(&keys[2], 3);
        assert_eq!(["a", "b", "c", "d"].map(|key| progress.answered(key)), [2, 0, 3, 0]);
        progress.ended("a");
        assert_eq!(progress.answered("a"), 0);
    }

    #[test]
    fn there_may_be_room_for_none() {
        let progress = Progress::new(0);
        progress.reached(&"a".into(), 1);
        assert_eq!(progress.answered("a"), 0);
    }
}
