//! Watches the disk: admission stops before it is full, and goes on by itself when there is room again.

use std::path::PathBuf;
use std::time::Duration;

use doorman_core::receive::Admission;

const LOOK: Duration = Duration::from_secs(1);

/// The bytes that the file system of `path` has left for us, or `None` when it does not say.
pub fn free_bytes(path: &std::path::Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Looks at once, then once a second for as long as the process lives.
pub async fn watch(path: PathBuf, min_free_bytes: u64, admission: Admission) {
    let mut low = false;
    loop {
        // A file system that does not say how full it is cannot be watched; a full one then ends the process safely.
        if let Some(free) = free_bytes(&path) {
            let now_low = free < min_free_bytes;
            if now_low && !low {
                tracing::error!(
                    free,
                    min_free_bytes,
                    "the disk is nearly full: no event is accepted until there is room"
                );
            }
            if !now_low && low {
                tracing::info!(free, "there is room on the disk again: events are accepted");
            }
            low = now_low;
            admission.set_disk_low(low);
        }
        tokio::time::sleep(LOOK).await;
    }
}
