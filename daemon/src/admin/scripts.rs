//! `GET /api/scripts`: the scripts in force; `POST /api/scripts/reload`: those on disk, at once.

use std::sync::Arc;

use bytes::Bytes;
use doorman_core::mapping::{Generation, GenerationId};
use doorman_plugin::BoxFuture;
use hyper::StatusCode;

use super::Admin;
use super::answer::{self, Answer};
use super::problem::Problem;
use super::view::{GenerationView, RefusalView, RefusedReload, ReloadAnswer, ReloadRequest};

/// The scripts of the running daemon.
pub trait Scripting: Send + Sync + 'static {
    /// How they stand.
    fn show(&self) -> GenerationView;

    /// A generation that was in force before. Compiles it where that was not done yet: for a thread that may block. The
    /// error says why it cannot be had.
    fn earlier(&self, id: GenerationId) -> Result<Arc<dyn Generation>, String>;

    /// Takes what is on disk. `force`: scripts that are gone or empty are meant to be.
    fn reload(&self, force: bool) -> BoxFuture<'static, Result<ReloadAnswer, NotReloaded>>;
}

/// Why the scripts on disk were not taken.
#[derive(Debug)]
pub enum NotReloaded {
    /// Something is wrong with them.
    Refused(Box<RefusalView>),
    /// The daemon is stopping.
    Stopping,
}

/// The scripts in force.
pub fn show(admin: &Admin) -> Result<Answer, Problem> {
    answer::json(StatusCode::OK, &admin.scripts.show())
}

/// Reloads. A refusal is a 422 whose member `refused` has all of it.
pub async fn reload(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let request: ReloadRequest = match &*body {
        [] => ReloadRequest::default(),
        body => serde_json::from_slice(body).map_err(|error| {
            Problem::invalid("body", format!("expected {{\"force\": true}} or nothing: {error}"))
        })?,
    };
    match admin.scripts.reload(request.force).await {
        Ok(done) => answer::json(StatusCode::OK, &done),
        Err(NotReloaded::Refused(refused)) => Err(refusal(*refused)),
        Err(NotReloaded::Stopping) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the daemon is stopping"))
        }
    }
}

fn refusal(refused: RefusalView) -> Problem {
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "scripts_refused", refused.text.clone());
    match serde_json::to_value(RefusedReload { refused }) {
        Ok(serde_json::Value::Object(members)) => problem.with(members),
        _ => problem,
    }
}
