//! `GET /api/status` and `GET /readyz`.

use hyper::StatusCode;

use super::answer::{self, Answer};
use super::problem::Problem;
use super::view::{CheckView, CountsView, ReadyView, ScriptsView, StatusView, time};
use super::{Admin, Check};

/// The members of the status that the rest of the daemon cannot add once more.
const MEMBERS: [&str; 7] = ["version", "ready", "checks", "uptimeMs", "events", "scripts", "unmapped"];

/// Whether the daemon is ready: 200 or 503, with the checks.
pub fn ready(admin: &Admin) -> Result<Answer, Problem> {
    let checks = admin.health.checks();
    let ready = are_met(&checks);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer::json(status, &ReadyView { ready, checks: checks.into_iter().map(check_view).collect() })
}

/// How the daemon does.
pub fn status(admin: &Admin) -> Result<Answer, Problem> {
    let checks = admin.health.checks();
    let mut running = admin.health.running();
    running.more.retain(|name, _| !MEMBERS.contains(&name.as_str()));
    let view = StatusView {
        version: admin.version.to_owned(),
        ready: are_met(&checks),
        checks: checks.into_iter().map(check_view).collect(),
        uptime_ms: running.uptime_ms,
        events: CountsView::from(admin.log.counts()),
        scripts: ScriptsView {
            generation: running.generation,
            since: running.scripts_since.map(time),
            last_error: running.scripts_error,
        },
        unmapped: unmapped(admin),
        more: running.more,
    };
    answer::json(StatusCode::OK, &view)
}

/// Whether all checks hold.
pub fn are_met(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.ok)
}

/// How many accepted events wait for the mapper. Mapped first, so that it is never below zero.
fn unmapped(admin: &Admin) -> u64 {
    let mapped = admin.log.mapped_through();
    admin.log.accepted_through().saturating_sub(mapped)
}

fn check_view(check: Check) -> CheckView {
    CheckView { name: check.name.to_owned(), ok: check.ok, reason: check.reason }
}
