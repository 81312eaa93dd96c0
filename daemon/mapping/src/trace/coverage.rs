//! Which lines of the handlers ran.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Trace, Tracer};

/// Which lines of a script ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The script, by its path under the root.
    pub script: Arc<str>,
    /// The lines of its functions and handlers on which a statement begins.
    pub lines: BTreeSet<u32>,
    /// Those of them that never ran.
    pub never: BTreeSet<u32>,
}

impl Tracer {
    /// Which lines of each source's script ran in any of these traces, by script.
    pub fn coverage<'a>(&self, traces: impl IntoIterator<Item = &'a Trace>) -> Vec<Coverage> {
        let mut all: Vec<Coverage> = self
            .generation
            .scripts
            .values()
            .map(|script| {
                let lines = script.lines();
                Coverage { script: Arc::clone(&script.file), never: lines.clone(), lines }
            })
            .collect();
        all.sort_by(|one, other| one.script.cmp(&other.script));
        for (file, line) in traces.into_iter().flat_map(|trace| &trace.reached) {
            if let Ok(at) = all.binary_search_by(|one| one.script.cmp(file)) {
                all[at].never.remove(line);
            }
        }
        all
    }
}

impl Coverage {
    /// In words: `demo.rhai: 12 of 14 lines of handlers reached; never: 17, 21-22`.
    pub fn line(&self) -> String {
        let (all, never) = (self.lines.len(), self.never.len());
        let mut text = format!("{}: {} of {all} lines of handlers reached", self.script, all - never);
        if never > 0 {
            text += &format!("; never: {}", ranges(&self.lines, &self.never));
        }
        text
    }
}

/// Lines in a row as a range, also across lines on which no statement begins.
fn ranges(lines: &BTreeSet<u32>, never: &BTreeSet<u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        match (never.contains(line), ranges.last_mut()) {
            (true, Some(last)) if goes_on => last.1 = *line,
            (true, _) => ranges.push((*line, *line)),
            (false, _) => {}
        }
        goes_on = never.contains(line);
    }
    let shown = |(from, to)| if from == to { format!("{from}") } else { format!("{from}-{to}") };
    ranges.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}
