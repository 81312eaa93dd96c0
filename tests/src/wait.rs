//! Bounded waiting: tests wait for conditions, never for a time to pass.

use std::future::Future;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// How long a condition may take on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Looks until there is something to see; `None` when it never came.
pub async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, looking).await.ok()
}

/// What a future gives, which it must do in time.
pub async fn at_most<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("nothing happened within {PATIENCE:?}"))
}
