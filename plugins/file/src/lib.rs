//! `plugin = "file"`: appends each action to a file, as a line of JSON.
//!
//! - `config`: the keys
//! - `line`: what a line holds
//! - `log_file`: opens the file, again when it was moved, and appends whole lines
//! - `trouble`: what can keep it from that

mod config;
mod line;
mod log_file;
mod trouble;

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report, typed_schema};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::config::{Body, Fsync, Settings};
use crate::log_file::{Appended, LogFile};
use crate::trouble::Trouble;

/// This plugin.
pub const PLUGIN: PluginType = PluginType::new("file", build, schema);

fn schema() -> serde_json::Value {
    typed_schema::<config::Keys>()
}

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    Ok(Arc::new(FileLines::new(Settings::read(config)?)))
}

/// One file destination.
struct FileLines {
    body: Body,
    fsync: Fsync,
    batch_max_lines: usize,
    /// Whoever holds it may block a thread: never more than one thread for a file, however many attempts wait.
    file: Arc<Mutex<LogFile>>,
}

impl Plugin for FileLines {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let mut reports = self.deliver_all(slice::from_ref(delivery)).await;
            reports.pop().unwrap_or_else(|| Report::retry("nothing became of it"))
        })
    }

    fn batch_max(&self) -> usize {
        self.batch_max_lines
    }

    fn deliver_batch<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Vec<Report>> {
        Box::pin(self.deliver_all(deliveries))
    }

    fn probe(&self) -> Option<BoxFuture<'_, Report>> {
        Some(Box::pin(async move {
            let checked = self.with_file(LogFile::check).await;
            checked.flatten().map_or_else(|trouble| trouble.report(), |()| Report::delivered())
        }))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // There is nobody to be told that it failed.
            let _ = self.with_file(LogFile::close).await;
        })
    }
}

impl FileLines {
    fn new(settings: Settings) -> Self {
        let Settings { body, fsync, batch_max_lines, .. } = settings;
        Self { body, fsync, batch_max_lines, file: Arc::new(Mutex::new(LogFile::new(settings))) }
    }

    /// A report for each: those that make no line are rejected, the others are written together.
    async fn deliver_all(&self, deliveries: &[Delivery]) -> Vec<Report> {
        let mut lines = Vec::with_capacity(deliveries.len());
        let rejected: Vec<Option<Report>> = deliveries
            .iter()
            .map(|delivery| match line::write(delivery, self.body) {
                Ok(line) => {
                    lines.push(line);
                    None
                }
                Err(error) => Some(Report::rejected(error.to_string())),
            })
            .collect();
        let Appended { mut whole, trouble } = self.append(lines).await;
        let report = |rejected: Option<Report>| {
            rejected.unwrap_or_else(|| match &trouble {
                Some(trouble) if whole == 0 => trouble.report(),
                _ => {
                    whole = whole.saturating_sub(1);
                    Report::delivered()
                }
            })
        };
        rejected.into_iter().map(report).collect()
    }

    async fn append(&self, lines: Vec<Vec<u8>>) -> Appended {
        if lines.is_empty() {
            return Appended { whole: 0, trouble: None };
        }
        let within = match self.fsync {
            Fsync::Within(time) => Some(time),
            Fsync::Always | Fsync::Never => None,
        };
        let appended = self.with_file(move |file| {
            let appended = file.append(&lines);
            let is_first = within.is_some() && !std::mem::replace(&mut file.is_sync_due, within.is_some());
            (appended, is_first)
        });
        match appended.await {
            Ok((appended, is_first)) => {
                if let Some(time) = within.filter(|_| is_first) {
                    tokio::spawn(sync_within(time, Arc::clone(&self.file)));
                }
                appended
            }
            Err(trouble) => Appended { whole: 0, trouble: Some(trouble) },
        }
    }

    /// Does something that blocks, on a thread for that. Where this is dropped, it still comes to its end.
    async fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut LogFile) -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let mut file = Arc::clone(&self.file).lock_owned().await;
        spawn_blocking(move || work(&mut file)).await.map_err(|error| Trouble::GivenUp(error.to_string()))
    }
}

/// Forces what was written onto the disk, once, after this time.
async fn sync_within(time: Duration, file: Arc<Mutex<LogFile>>) {
    sleep(time).await;
    let mut file = file.lock_owned().await;
    // It waits for nothing but its thread, and tells the next attempt what went wrong.
    let _ = spawn_blocking(move || file.sync_when_due()).await;
}

#[cfg(test)]
mod tests;
