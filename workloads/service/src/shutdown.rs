//! The shutdown signal.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code after a second signal to stop: 128 plus the number of SIGINT.
const KILLED_BY_USER: i32 = 130;

/// Returns a token that SIGTERM or SIGINT cancels. The second signal ends the process at once.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn shutdown_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let signals =
        signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    match signals {
        Ok((terminate, interrupt)) => {
            tokio::spawn(watch(terminate, interrupt, token.clone()));
        }
        Err(error) => {
            tracing::error!(%error, "failed to listen for signals; only SIGKILL will stop this process");
        }
    }
    token
}

async fn watch(mut terminate: Signal, mut interrupt: Signal, token: CancellationToken) {
    let name = next_signal(&mut terminate, &mut interrupt).await;
    tracing::info!(signal = name, "asked to stop: finishing work in flight");
    token.cancel();
    let name = next_signal(&mut terminate, &mut interrupt).await;
    tracing::warn!(signal = name, "asked to stop again: stopping at once");
    std::process::exit(KILLED_BY_USER);
}

async fn next_signal(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
