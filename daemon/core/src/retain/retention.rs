//! What goes next.
//!
//! A pass has three parts, each in steps that look at a bounded number of events:
//!
//! 1. *Onwards*: the events that have become older than their retention since the last pass. What is not finished yet,
//!    or dead and to be kept longer, stays behind.
//! 2. *The dead*: those that have become older than theirs, among what stayed behind.
//! 3. *Another look*, one step a pass: what stayed behind may have finished since. It is done only while there is
//!    something there that can.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, UnixMillis};
use crate::store::{Log, StoreError, Stretch, Survey, Through, Trim};

/// How old events become, counted from their acceptance. What is not finished becomes as old as it likes.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// Delivered and dropped events.
    pub finished: Duration,
    /// Dead ones.
    pub dead: Duration,
}

/// Says what goes next. It holds nothing that a new one would not find out again.
pub struct Retention {
    log: Arc<dyn Log>,
    clock: Clock,
    ages: Ages,
    step_events: usize,
    /// The positions up to which events are old enough, as of the beginning of this pass.
    old: Through,
    look: Look,
    asked: Option<Part>,
    /// The parts of this pass that have nothing more to do.
    over: Vec<Part>,
}

/// A part of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Onwards,
    TheDead,
    AnotherLook,
}

/// The look at what stayed behind.
struct Look {
    /// Something there may have finished, or may yet finish.
    is_worthwhile: bool,
    /// It goes on behind this position; it began at 0.
    behind: u64,
    /// Something pending was found since it began.
    found_pending: bool,
    /// Departures as of its beginning: what is finished in another way may be due, and what was revived may finish.
    departures: u64,
}

impl Retention {
    /// `step_events`: how many events one step looks at, about.
    pub fn new(log: Arc<dyn Log>, clock: Clock, ages: Ages, step_events: usize) -> Self {
        // What an earlier process left behind is not known.
        let look = Look { is_worthwhile: true, behind: 0, found_pending: false, departures: 0 };
        Self { log, clock, ages, step_events, old: Through::default(), look, asked: None, over: Vec::new() }
    }

    /// Begins a pass.
    ///
    /// # Errors
    ///
    /// The log cannot be read.
    pub fn begin(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.old = Through {
            finished: self.log.accepted_before(before(now, self.ages.finished))?,
            dead: self.log.accepted_before(before(now, self.ages.dead))?,
        };
        self.look.is_worthwhile |= self.log.departures() != self.look.departures;
        self.asked = None;
        self.over.clear();
        Ok(())
    }

    /// The next step of the pass, to be brought to the committer; `None` when it is over. Say what became of a step with
    /// [`Retention::done`] before you ask for the next.
    ///
    /// # Errors
    ///
    /// The log cannot be read.
    pub fn step(&mut self) -> Result<Option<Trim>, StoreError> {
        for part in [Part::Onwards, Part::TheDead, Part::AnotherLook] {
            while !self.over.contains(&part) {
                if let Some(trim) = self.try_part(part)? {
                    self.asked = Some(part);
                    return Ok(Some(trim));
                }
            }
        }
        Ok(None)
    }

    /// What became of the last step. One that was refused is looked at again in the next pass.
    pub fn done(&mut self, trimmed: bool) {
        if let Some(part) = self.asked.take().filter(|_| !trimmed) {
            self.over.push(part);
        }
    }

    /// A step of one part, if there is something to write. The part is over when there is nothing more to look at.
    fn try_part(&mut self, part: Part) -> Result<Option<Trim>, StoreError> {
        let done = self.log.trimmed_through();
        let stretch = match part {
            Part::Onwards => Stretch { after: done.finished, through: self.old.finished },
            Part::TheDead => Stretch { after: done.dead, through: self.old.dead },
            Part::AnotherLook => Stretch { after: self.look.behind, through: done.finished },
        };
        if stretch.after >= stretch.through || (part == Part::AnotherLook && !self.look.is_worthwhile) {
            self.over.push(part);
            return Ok(None);
        }
        let survey = self.log.survey(stretch, self.old, self.step_events)?;
        let mut trim = survey.trim.clone();
        match part {
            Part::Onwards => {
                trim.through.finished = survey.reached;
                self.look.is_worthwhile |= survey.pending > 0;
            }
            Part::TheDead => trim.through.dead = survey.reached,
            Part::AnotherLook => {
                self.look.note(&survey, stretch.through);
                self.over.push(part);
            }
        }
        let moves = trim.through.max(done) != done;
        if trim.ranges.is_empty() && !moves {
            // What follows is of one piece and not yet old enough as a whole.
            self.over.push(part);
            return Ok(None);
        }
        Ok(Some(trim))
    }
}

impl Look {
    /// One step of the look was done. The last one says whether another look is worthwhile.
    fn note(&mut self, survey: &Survey, end: u64) {
        if self.behind == 0 {
            self.found_pending = false;
            self.departures = survey.trim.seen.departures;
        }
        self.found_pending |= survey.pending > 0;
        self.behind = survey.reached;
        if survey.reached >= end {
            self.behind = 0;
            self.is_worthwhile = self.found_pending;
        }
    }
}

fn before(now: UnixMillis, age: Duration) -> UnixMillis {
    now.saturating_sub(UnixMillis::try_from(age.as_millis()).unwrap_or(UnixMillis::MAX))
}
