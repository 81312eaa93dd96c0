//! The scripts as the admin API shows them.

use std::sync::Arc;

use doorman_core::mapping::{Generation, GenerationId};
use doorman_mapping::RhaiGeneration;
use doorman_mapping::watch::Sight;
use doorman_plugin::BoxFuture;

use super::reloader::Reloader;
use super::standing::{InForce, Outcome, Refusal};
use crate::admin::view::{
    FileView, GenerationView, RefusalView, ReloadAnswer, ScriptProblemView, SourceView, time,
};
use crate::admin::{NotReloaded, Scripting};
use crate::config::Reload;

impl Scripting for Reloader {
    fn show(&self) -> GenerationView {
        let standing = self.standing();
        let (reload, watch, watch_reason) = match (self.mode(), self.sight()) {
            (Reload::Manual, _) => ("manual", "off", None),
            (Reload::Auto, Sight::Hints) => ("auto", "hints", None),
            (Reload::Auto, Sight::Polling { reason }) => ("auto", "polling", Some(reason)),
        };
        let file =
            |(path, content): (&str, &[u8])| FileView { path: path.to_owned(), bytes: content.len() as u64 };
        let source = |source: &String| SourceView {
            source: source.clone(),
            script: standing.generation.has_script(source).then(|| format!("{source}.rhai")),
        };
        GenerationView {
            generation: standing.id().to_string(),
            since: time(standing.since),
            reload: reload.to_owned(),
            watch: watch.to_owned(),
            watch_reason,
            files: standing.files.iter().map(file).collect(),
            sources: self.sources().iter().map(source).collect(),
            warnings: warnings(&standing.generation),
            last_error: standing.refused.as_deref().map(refusal),
        }
    }

    fn earlier(&self, id: GenerationId) -> Result<Arc<dyn Generation>, String> {
        let standing = self.standing();
        if standing.id() == id {
            return Ok(Arc::clone(&standing.generation) as _);
        }
        self.archives().compiled(id).map(|generation| generation as _)
    }

    fn reload(&self, force: bool) -> BoxFuture<'static, Result<ReloadAnswer, NotReloaded>> {
        let outcome = self.request(force);
        Box::pin(async move {
            match outcome.await {
                Ok(Outcome::InForce(now)) => Ok(answer(now)),
                Ok(Outcome::Refused(why)) => Err(NotReloaded::Refused(Box::new(refusal(&why)))),
                Err(_) => Err(NotReloaded::Stopping),
            }
        })
    }
}

fn answer(now: InForce) -> ReloadAnswer {
    ReloadAnswer {
        generation: now.generation.id().to_string(),
        before: now.before.to_string(),
        added: now.changes.added,
        changed: now.changes.changed,
        removed: now.changes.removed,
        warnings: warnings(&now.generation),
    }
}

fn warnings(generation: &Arc<RhaiGeneration>) -> Vec<ScriptProblemView> {
    generation.warnings().iter().map(ScriptProblemView::warning).collect()
}

fn refusal(refusal: &Refusal) -> RefusalView {
    RefusalView {
        at: time(refusal.at),
        in_force: refusal.in_force.to_string(),
        text: refusal.error.to_string(),
        one_line: refusal.error.one_line(),
        errors: refusal.error.errors().iter().map(ScriptProblemView::error).collect(),
    }
}
