//! Which deliveries wait for the child, and which it has.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{DeliveryId, Report};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One attempt that somebody waits for.
pub struct Job {
    /// Its number among all attempts of this plugin.
    pub ticket: u64,
    /// Its delivery.
    pub id: DeliveryId,
    /// The delivery's key: never the same for other content.
    pub key: Arc<str>,
    /// The line that the child is given.
    pub line: Arc<[u8]>,
    /// Where its report goes. It is closed once nobody waits any more.
    pub reply: oneshot::Sender<Report>,
}

/// An attempt that the child has, or is just being given.
struct Handed {
    job: Job,
    /// Whether the whole line is in the pipe: before that, the child cannot have done anything.
    is_written: bool,
    /// Since when the child is late with it: the first attempt's deadline.
    late_since: Option<Instant>,
}

/// The deliveries between the engine and the child.
pub struct Ledger {
    waiting: VecDeque<Job>,
    handed: HashMap<DeliveryId, Handed>,
    in_flight: usize,
    hang_timeout: Duration,
}

impl Ledger {
    /// For a child that takes so many at a time, and may hold each so long past its deadline.
    pub fn new(in_flight: usize, hang_timeout: Duration) -> Self {
        Self { waiting: VecDeque::new(), handed: HashMap::new(), in_flight, hang_timeout }
    }

    /// Takes in an attempt. Where the child still has the delivery from an attempt that ran out of time, its answer to that
    /// one will do: it is not given the same delivery twice.
    pub fn take(&mut self, job: Job) {
        match self.handed.get_mut(&job.id) {
            Some(handed) if handed.late_since.is_some() && handed.job.key == job.key => handed.job = job,
            _ => self.waiting.push_back(job),
        }
    }

    /// Nobody waits for an attempt any more.
    pub fn abandon(&mut self, ticket: u64, now: Instant) {
        self.waiting.retain(|job| job.ticket != ticket);
        if let Some(handed) = self.handed.values_mut().find(|handed| handed.job.ticket == ticket) {
            handed.late_since.get_or_insert(now);
        }
    }

    /// Whether there is anything that the child is needed for.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next one for the child, if it may have another. A child that is stuck is given no more.
    pub fn next(&mut self, now: Instant) -> Option<(DeliveryId, Arc<[u8]>)> {
        if self.handed.len() >= self.in_flight || self.is_stuck(now) {
            return None;
        }
        let at = self.waiting.iter().position(|job| !self.handed.contains_key(&job.id))?;
        let job = self.waiting.remove(at)?;
        let next = (job.id, Arc::clone(&job.line));
        self.handed.insert(job.id, Handed { job, is_written: false, late_since: None });
        Some(next)
    }

    /// The child was given the whole line of a delivery.
    pub fn written(&mut self, id: DeliveryId) {
        if let Some(handed) = self.handed.get_mut(&id) {
            handed.is_written = true;
        }
    }

    /// Reports what the child says of a delivery: whether it has it. Where nobody waits, nothing comes of it.
    pub fn answer(&mut self, id: DeliveryId, report: Report) -> bool {
        if !self.handed.get(&id).is_some_and(|handed| handed.is_written) {
            return false;
        }
        if let Some(handed) = self.handed.remove(&id) {
            // Too late is not wrong: the next attempt, if any, asks again.
            let _ = handed.job.reply.send(report);
        }
        true
    }

    /// When the child counts as stuck, if it does not answer what it is late with.
    pub fn stuck_at(&self) -> Option<Instant> {
        self.handed
            .values()
            .filter_map(|handed| handed.late_since)
            .min()
            .map(|since| since + self.hang_timeout)
    }

    fn is_stuck(&self, now: Instant) -> bool {
        self.stuck_at().is_some_and(|at| at <= now)
    }

    /// Whether the child is stuck and has nothing that it may still answer in time.
    pub fn is_hung(&self, now: Instant) -> bool {
        self.is_stuck(now) && self.handed.values().all(|handed| handed.late_since.is_some())
    }

    /// The child is gone: what it had gets this report. What it was not given whole waits on, in front, and so does an attempt
    /// that only waited for the answer to an earlier one.
    pub fn lose(&mut self, report: &Report) {
        for (_, Handed { job, is_written, late_since }) in self.handed.drain() {
            if is_written && late_since.is_none() {
                // Where nobody waits, there is nothing to say.
                let _ = job.reply.send(report.clone());
            } else if !job.reply.is_closed() {
                self.waiting.push_front(job);
            }
        }
    }

    /// Gives this report to all that wait.
    pub fn refuse(&mut self, report: &Report) {
        for job in self.waiting.drain(..) {
            // Where nobody waits, there is nothing to say.
            let _ = job.reply.send(report.clone());
        }
    }
}
