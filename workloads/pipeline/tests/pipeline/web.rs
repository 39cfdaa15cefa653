//! A web server with the faults of object storages.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

/// The server. It ends with its handle.
pub(crate) struct Web {
    address: String,
    state: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    requests: Mutex<BTreeMap<String, usize>>,
    archive: Bytes,
    /// Requests of `/gate` wait for a permit.
    gate: Semaphore,
}

impl Web {
    /// Serves `archive` where the path is a good one.
    pub(crate) async fn start(archive: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state =
            Arc::new(Shared { requests: Mutex::default(), archive: archive.into(), gate: Semaphore::new(0) });
        let router =
            Router::new().route("/{behaviour}", axum::routing::get(answer)).with_state(Arc::clone(&state));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, state, server }
    }

    /// The link to a behaviour.
    pub(crate) fn link(&self, behaviour: &str) -> String {
        format!("http://{}/{behaviour}", self.address)
    }

    /// Returns the number of requests of a behaviour.
    pub(crate) fn requests(&self, behaviour: &str) -> usize {
        self.state.requests.lock().unwrap().get(behaviour).copied().unwrap_or(0)
    }

    /// Answers all requests of `/gate`, now and later.
    pub(crate) fn open_gate(&self) {
        self.state.gate.add_permits(1000);
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, Path(behaviour): Path<String>) -> (StatusCode, Bytes) {
    let request = {
        let mut requests = shared.requests.lock().unwrap();
        let count = requests.entry(behaviour.clone()).or_default();
        *count += 1;
        *count
    };
    let archive = shared.archive.clone();
    match behaviour.as_str() {
        "missing" => (StatusCode::NOT_FOUND, Bytes::new()),
        "forbidden" => (StatusCode::FORBIDDEN, Bytes::new()),
        "empty" => (StatusCode::OK, Bytes::new()),
        "large" => (StatusCode::OK, vec![0x1f; 2 << 20].into()),
        "page" => (StatusCode::OK, Bytes::from_static(b"<html>It works!</html>")),
        "truncated" => (StatusCode::OK, archive.slice(..archive.len() / 2)),
        "failing" => (StatusCode::SERVICE_UNAVAILABLE, Bytes::new()),
        "flaky" if request < 3 => (StatusCode::SERVICE_UNAVAILABLE, Bytes::new()),
        "good" | "flaky" => (StatusCode::OK, archive),
        "gate" => {
            shared.gate.acquire().await.unwrap().forget();
            (StatusCode::OK, archive)
        }
        "stalling" => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            (StatusCode::OK, archive)
        }
        _ => (StatusCode::IM_A_TEAPOT, Bytes::new()),
    }
}
