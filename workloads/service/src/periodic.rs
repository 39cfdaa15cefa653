//! Blocking work at regular intervals.

use std::{panic, time::Duration};

use tokio_util::sync::CancellationToken;

/// Runs `work` on a thread for blocking work, now and `interval` after each end, until `shutdown`.
///
/// # Panics
/// When `work` panics.
pub async fn run_periodically(
    interval: Duration,
    shutdown: &CancellationToken,
    mut work: impl FnMut() + Send + 'static,
) {
    loop {
        let run = move || {
            work();
            work
        };
        work = match tokio::task::spawn_blocking(run).await {
            Ok(work) => work,
            Err(error) => panic::resume_unwind(error.into_panic()),
        };
        if shutdown.run_until_cancelled(tokio::time::sleep(interval)).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn run_periodically_repeats_until_shutdown() {
        let (runs, shutdown) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        let (count, token) = (Arc::clone(&runs), shutdown.clone());
        let work = move || {
            if count.fetch_add(1, Ordering::Relaxed) == 2 {
                token.cancel();
            }
        };
        run_periodically(Duration::from_millis(1), &shutdown, work).await;
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }
}
