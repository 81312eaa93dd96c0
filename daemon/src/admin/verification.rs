//! `POST /api/store/verify`, which begins a verification, and `GET`, which says how the last one stands: reading a whole
//! store takes longer than a request may.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorman_store::verify::Report;
use hyper::StatusCode;

use super::Inspect;
use super::answer::{self, Answer};
use super::problem::Problem;
use super::view::{ReportView, VerificationView};

/// The verification of the store: one at a time.
pub struct Verification {
    inspect: Arc<dyn Inspect>,
    stop: AtomicBool,
    latest: Mutex<Latest>,
}

#[derive(Default)]
struct Latest {
    /// How many there were.
    number: u64,
    is_running: bool,
    report: Option<Report>,
}

impl Verification {
    /// Of this store.
    pub fn new(inspect: Arc<dyn Inspect>) -> Arc<Self> {
        Arc::new(Self { inspect, stop: AtomicBool::new(false), latest: Mutex::default() })
    }

    /// Begins one, unless one is running, and says how it stands.
    pub(super) fn begin(self: &Arc<Self>) -> Result<Answer, Problem> {
        let mut latest = self.lock();
        if !latest.is_running && !self.stop.load(Ordering::Relaxed) {
            latest.is_running = true;
            latest.number += 1;
            tokio::spawn(Arc::clone(self).run());
        }
        answer::json(StatusCode::ACCEPTED, &view(&latest))
    }

    /// Says how the last one stands.
    pub(super) fn show(&self) -> Result<Answer, Problem> {
        answer::json(StatusCode::OK, &view(&self.lock()))
    }

    /// Ends the one that runs before its time, and begins no other.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    async fn run(self: Arc<Self>) {
        let verification = Arc::clone(&self);
        let work = move || verification.inspect.verify(&verification.stop);
        // A panic has its place in the log, and leaves no report.
        let report = tokio::task::spawn_blocking(work).await.ok().flatten();
        let mut latest = self.lock();
        latest.is_running = false;
        latest.report = report;
    }

    /// Each change under the lock is a few plain fields, so a panic elsewhere leaves none half done.
    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn view(latest: &Latest) -> VerificationView {
    let report = latest.report.as_ref().filter(|_| !latest.is_running);
    VerificationView { number: latest.number, running: latest.is_running, report: report.map(ReportView::of) }
}
