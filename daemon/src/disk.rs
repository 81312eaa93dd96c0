//! Watches the disk: admission stops before it is full, and goes on by itself when there is room again.

use std::path::PathBuf;
use std::time::Duration;

use doorman_core::receive::Admission;

use crate::ballast::Ballast;

/// The pause between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// The same when the reserve is near: a burst of events must not eat it between two looks.
const LOOK_CLOSELY: Duration = Duration::from_millis(50);
/// So many times the reserve is near.
const NEAR: u64 = 4;

/// The bytes that the file system of `path` has left for us, or `None` when it does not say.
pub fn free_bytes(path: &std::path::Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Looks at once, then again and again for as long as the process lives. The ballast's room counts as taken, whether it
/// is there or not, and it is made when there is room for it.
pub async fn watch(path: PathBuf, min_free_bytes: u64, mut ballast: Ballast, admission: Admission) {
    let mut low = false;
    loop {
        let mut pause = LOOK;
        // A file system that does not say how full it is cannot be watched; a full one then ends the process safely.
        if let Some(free) = free_bytes(&path) {
            let free = free.checked_sub(ballast.missing_bytes());
            let now_low = free.is_none_or(|free| free < min_free_bytes);
            let free = free.unwrap_or_default();
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
            if !now_low {
                ballast.make();
            }
            low = now_low;
            admission.set_disk_low(low);
            if free / NEAR < min_free_bytes {
                pause = LOOK_CLOSELY;
            }
        }
        tokio::time::sleep(pause).await;
    }
}
