//! The page in a headless Chromium; each test is a script in `browser/`.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod samples;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use ccx_test_support::{UPDATE_VARIABLE, needs};
use tokio::net::TcpListener;

/// Runs a script of `browser/` against the samples.
async fn run(script: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, ccx_web::router(samples::page())).into_future());
    let shots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let status = tokio::task::spawn_blocking({
        let mut command = Command::new("node");
        command
            .arg(root.join("browser").join(script))
            .env("CCX_WEB_URL", url)
            .env("CCX_WEB_SHOTS", shots)
            .env("CCX_TEST_CHROMIUM", needs::chromium());
        if std::env::var_os(UPDATE_VARIABLE).is_some() {
            command.env("CCX_WEB_IMAGES", root.join("../../docs/images"));
        }
        move || command.status()
    });
    let status = status.await.unwrap().expect("node can be run");
    server.abort();
    assert!(status.success(), "{script} failed: see above");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn every_view_is_accessible_at_each_width_and_scheme() {
    run("views.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn every_action_does_what_it_says() {
    run("actions.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn everything_works_without_a_script() {
    run("without-script.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn page_is_light() {
    run("weight.mjs").await;
}
