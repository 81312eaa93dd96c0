//! What users were last identified as, so that the same need not be sent again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;

/// Stands for an id or for a content, neither of which is kept.
type Hash = [u8; 32];

/// The last delivered identify of each user, forgotten as soon as anything else may have changed that user.
pub struct Identified {
    within: Duration,
    state: Mutex<State>,
}

struct State {
    last: LruCache<Hash, Last>,
    /// Users with attempts under way, as many at most as the engine makes attempts at a time.
    under_way: HashMap<Hash, UnderWay>,
}

struct Last {
    content: Hash,
    at: Instant,
}

/// Attempts that may change one user.
struct UnderWay {
    attempts: usize,
    /// No two of them overlapped, so that the one that ended last was also the last to be applied.
    in_turn: bool,
}

/// An attempt that may change users. What was known of them is forgotten when it begins, and stays so if it is dropped.
pub struct Changing<'a> {
    identified: &'a Identified,
    users: Vec<Hash>,
}

impl Identified {
    /// Remembers so many users for so long.
    pub fn new(within: Duration, users_max: usize) -> Self {
        let state = State { last: LruCache::new(users_max), under_way: HashMap::new() };
        Self { within, state: Mutex::new(state) }
    }

    /// For how long an identify need not be repeated.
    pub fn within(&self) -> Duration {
        self.within
    }

    /// How long ago this very content was delivered as the last of its user, if it need not be sent again.
    pub fn delivered_ago(&self, user: &str, content: &str, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        let last = state.last.get(&hash(user))?;
        let ago = now.saturating_duration_since(last.at);
        (last.content == hash(content) && ago < self.within).then_some(ago)
    }

    /// Begins an attempt that may change these users.
    pub fn changing(&self, users: &[String]) -> Changing<'_> {
        let mut users: Vec<Hash> = users.iter().map(|user| hash(user)).collect();
        users.sort_unstable();
        users.dedup();
        let mut state = self.state();
        for user in &users {
            state.last.remove(user);
            let under_way = state.under_way.entry(*user).or_insert(UnderWay { attempts: 0, in_turn: true });
            under_way.in_turn &= under_way.attempts == 0;
            under_way.attempts += 1;
        }
        drop(state);
        Changing { identified: self, users }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changing<'_> {
    /// The attempt identified its user as this, and was delivered.
    pub fn delivered(self, content: &str, now: Instant) {
        let mut state = self.identified.state();
        for user in &self.users {
            if state.under_way.get(user).is_some_and(|under_way| under_way.in_turn) {
                state.last.insert(*user, Last { content: hash(content), at: now });
            }
        }
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        let mut state = self.identified.state();
        for user in &self.users {
            let Some(under_way) = state.under_way.get_mut(user) else { continue };
            under_way.attempts -= 1;
            if under_way.attempts == 0 {
                state.under_way.remove(user);
            }
        }
    }
}

fn hash(text: &str) -> Hash {
    blake3::hash(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn users(all: &[&str]) -> Vec<String> {
        all.iter().map(|&user| user.to_owned()).collect()
    }

    /// After this user was identified as "a" at a time.
    fn identified(user: &str) -> (Identified, Instant) {
        let (identified, now) = (Identified::new(HOUR, 2), Instant::now());
        identified.changing(&users(&[user])).delivered("a", now);
        (identified, now)
    }

    #[test]
    fn only_the_same_content_of_the_same_user_is_known_and_only_for_so_long() {
        let (identified, now) = identified("u1");
        let ago = |user, content, after| identified.delivered_ago(user, content, now + after);
        let second = Duration::from_secs(1);
        assert_eq!(ago("u1", "a", Duration::ZERO), Some(Duration::ZERO));
        assert_eq!(ago("u1", "a", HOUR - second), Some(HOUR - second));
        assert_eq!(ago("u1", "a", HOUR), None);
        assert_eq!((ago("u1", "b", second), ago("u2", "a", second)), (None, None));
    }

    #[test]
    fn an_attempt_is_forgetful_from_its_beginning_and_stays_so_if_it_is_dropped() {
        let (identified, now) = identified("u1");
        let changing = identified.changing(&users(&["u2", "u1", "u1"]));
        assert_eq!(identified.delivered_ago("u1", "a", now), None);
        drop(changing);
        assert_eq!(identified.delivered_ago("u1", "a", now), None);
        assert!(identified.state().under_way.is_empty());
    }

    #[test]
    fn nobody_knows_which_of_two_attempts_at_a_time_was_the_last() {
        let (identified, now) = identified("u1");
        let (one, other) = (identified.changing(&users(&["u1"])), identified.changing(&users(&["u1"])));
        one.delivered("a", now);
        other.delivered("b", now);
        for content in ["a", "b"] {
            assert_eq!(identified.delivered_ago("u1", content, now), None);
        }
        identified.changing(&users(&["u1"])).delivered("b", now);
        assert!(identified.delivered_ago("u1", "b", now).is_some(), "it is known again afterwards");
    }

    #[test]
    fn the_users_that_were_not_heard_of_for_longest_make_room() {
        let (identified, now) = identified("u1");
        identified.changing(&users(&["u2"])).delivered("a", now);
        assert!(identified.delivered_ago("u1", "a", now).is_some());
        identified.changing(&users(&["u3"])).delivered("a", now);
        let known = ["u1", "u2", "u3"].map(|user| identified.delivered_ago(user, "a", now).is_some());
        assert_eq!(known, [true, false, true]);
    }
}
