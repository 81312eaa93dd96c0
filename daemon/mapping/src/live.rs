//! The generation in force.

use std::sync::Arc;

use arc_swap::ArcSwap;
use doorman_core::mapping::{Generation, Scripts};

use crate::generation::RhaiGeneration;

/// Holds the generation in force.
pub struct LiveScripts {
    current: ArcSwap<RhaiGeneration>,
}

impl LiveScripts {
    /// With this generation in force.
    pub fn new(generation: RhaiGeneration) -> Self {
        Self { current: ArcSwap::from_pointee(generation) }
    }

    /// Puts a generation in force, for all events whose mapping has not begun.
    pub fn install(&self, generation: RhaiGeneration) {
        self.current.store(Arc::new(generation));
    }

    /// The generation in force.
    pub fn generation(&self) -> Arc<RhaiGeneration> {
        self.current.load_full()
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
    fn what_is_installed_is_in_force_and_what_was_is_still_there_for_whoever_holds_it() {
        let live = LiveScripts::new(generation(&[("demo.rhai", "on(\"x\", |event| drop(1));")]));
        let before = live.current();
        live.install(generation(&[("demo.rhai", "on(\"x\", |event| drop(2));")]));
        assert_eq!(outcome(&live.current().map(&event("x", "{}"))), "dropped: 2 (demo.rhai:1)");
        assert_eq!(outcome(&before.map(&event("x", "{}"))), "dropped: 1 (demo.rhai:1)");
    }
}
