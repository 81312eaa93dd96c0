//! How far a replay is: on standard error, where that is a terminal.

use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often what turns turns.
const TICK: Duration = Duration::from_millis(120);

/// A line that says how far it is.
pub struct Pace(ProgressBar);

impl Pace {
    /// Nothing is shown yet.
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        bar.disable_steady_tick();
        Self(bar)
    }

    /// Looks for what nobody knows how much there is of.
    pub fn look(&self, doing: &'static str) {
        self.style("{spinner} {msg}: {pos} found");
        self.0.set_message(doing);
        self.0.enable_steady_tick(TICK);
    }

    /// So many are found.
    pub fn found(&self, count: usize) {
        self.0.set_position(count as u64);
    }

    /// So many are to be done.
    pub fn begin(&self, doing: &'static str, of: usize) {
        self.0.reset();
        self.style("{msg} {bar:30} {pos}/{len}, {per_sec}, {eta} left");
        self.0.set_length(of as u64);
        self.0.set_message(doing);
    }

    /// So many more are done.
    pub fn step(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// Writes something else, which the line must not get into.
    pub fn aside<T>(&self, write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.0.suspend(write)
    }

    /// The line goes.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }
}
