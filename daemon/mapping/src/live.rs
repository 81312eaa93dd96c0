//! The generation in force.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use doorman_core::mapping::{Generation, Scripts};

use crate::generation::RhaiGeneration;

/// Holds the generation in force, and what was wrong with a newer one that was refused.
pub struct LiveScripts {
    current: ArcSwap<RhaiGeneration>,
    refused: ArcSwapOption<String>,
}

impl LiveScripts {
    /// With this generation in force.
    pub fn new(generation: RhaiGeneration) -> Self {
        Self { current: ArcSwap::from_pointee(generation), refused: ArcSwapOption::empty() }
    }

    /// Puts a generation in force, for all events whose mapping has not begun. What was refused before is forgotten.
    pub fn install(&self, generation: RhaiGeneration) {
        self.current.store(Arc::new(generation));
        self.refused.store(None);
    }

    /// The generation in force.
    pub fn generation(&self) -> Arc<RhaiGeneration> {
        self.current.load_full()
    }

    /// Notes why the newest files are not in force; the generation stays.
    pub fn refuse(&self, error: String) {
        self.refused.store(Some(Arc::new(error)));
    }

    /// Why the newest files are not in force; `None` when they are.
    pub fn last_error(&self) -> Option<Arc<String>> {
        self.refused.load_full()
    }
}

impl Scripts for LiveScripts {
    fn current(&self) -> Arc<dyn Generation> {
        self.generation()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{event, generation, outcome};

    use super::*;

    #[test]
    fn what_is_installed_is_in_force_and_what_is_refused_changes_only_the_error() {
        let live = LiveScripts::new(generation(&[("demo.rhai", "on(\"x\", |event| drop(1));")]));
        let before = live.current();
        live.refuse("broken".to_owned());
        assert_eq!(live.current().id(), before.id());
        assert_eq!(live.last_error().as_deref().map(String::as_str), Some("broken"));
        live.install(generation(&[("demo.rhai", "on(\"x\", |event| drop(2));")]));
        assert_eq!(live.last_error(), None);
        assert_eq!(outcome(&live.current().map(&event("x", "{}"))), "dropped: 2 (demo.rhai:1)");
        assert_eq!(outcome(&before.map(&event("x", "{}"))), "dropped: 1 (demo.rhai:1)");
    }
}
