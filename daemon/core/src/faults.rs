//! The tests' fault kit: places where a build with the feature `faults` breaks on purpose, so that tests can show what
//! follows, and that they would notice. In what ships, every function here is empty.
//!
//! The environment variable `DOORMAN_FAULTS` says what breaks, as a list with commas:
//!
//! - `no-dedup`, `no-fsync`, `attempt-before-plan`: a promise that is not kept, see [`breaks`]
//! - `panic:<point>@<n>`, `panic:<point>@every:<n>`: the n-th, or every n-th, pass of a [`point`] panics

/// A place that `panic:<name>@...` can name.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(_: &'static str) {}

/// Whether a promise is broken on purpose.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn breaks(_: &'static str) -> bool {
    false
}

/// Widens the gap between two steps that a broken promise has opened, so that a crash may fall into it.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn dawdle() {}

#[cfg(feature = "faults")]
pub use armed::{breaks, dawdle, point};

#[cfg(feature = "faults")]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static FAULTS: LazyLock<Vec<Fault>> = LazyLock::new(|| {
        let text = std::env::var("DOORMAN_FAULTS").unwrap_or_default();
        text.split(',').filter(|word| !word.is_empty()).map(parse).collect()
    });

    enum Fault {
        Breaks(String),
        Panics { point: String, at: u64, again: bool, passes: AtomicU64 },
    }

    fn parse(word: &str) -> Fault {
        let Some((point, when)) = word.strip_prefix("panic:").and_then(|rest| rest.split_once('@')) else {
            return Fault::Breaks(word.to_owned());
        };
        let (again, number) = match when.strip_prefix("every:") {
            Some(number) => (true, number),
            None => (false, when),
        };
        let at = number.parse().unwrap_or_else(|_| panic!("DOORMAN_FAULTS: no number in `{word}`"));
        Fault::Panics { point: point.to_owned(), at, again, passes: AtomicU64::new(0) }
    }

    /// A place that `panic:<name>@...` can name.
    pub fn point(name: &'static str) {
        for fault in FAULTS.iter() {
            let Fault::Panics { point, at, again, passes } = fault else { continue };
            if point != name {
                continue;
            }
            let pass = passes.fetch_add(1, Ordering::Relaxed) + 1;
            let due = if *again { pass.is_multiple_of(*at) } else { pass == *at };
            assert!(!due, "a fault at {name}, pass {pass}");
        }
    }

    /// Widens the gap between two steps that a broken promise has opened, so that a crash may fall into it.
    pub fn dawdle() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    /// Whether a promise is broken on purpose.
    pub fn breaks(promise: &'static str) -> bool {
        FAULTS.iter().any(|fault| matches!(fault, Fault::Breaks(name) if name == promise))
    }
}
