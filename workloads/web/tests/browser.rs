//! The page in a headless Chromium; each test is a script in `browser/`.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[allow(dead_code, reason = "other tests use more of it")]
mod provider;
mod samples;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use ccx_auth::Authenticator;
use ccx_config::Auth;
use ccx_test_support::{UPDATE_VARIABLE, free_port, needs};
use ccx_web::{Page, PageSettings};
use tokio::net::TcpListener;

/// Runs a script of `browser/` against a page.
async fn run(script: &str, page: Page, variables: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, ccx_web::router(page)).into_future());
    let shots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let status = tokio::task::spawn_blocking({
        let mut command = Command::new("node");
        command
            .arg(root.join("browser").join(script))
            .env("CCX_WEB_URL", &url)
            .env("CCX_WEB_PLAIN_URL", &url)
            .env("CCX_WEB_SHOTS", shots)
            .env("CCX_TEST_CHROMIUM", needs::chromium())
            .envs(variables.iter().copied());
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
    run("views.mjs", samples::page(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn every_action_does_what_it_says() {
    run("actions.mjs", samples::page(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn everything_works_without_a_script() {
    run("without-script.mjs", samples::page(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn page_without_built_styles_is_accessible() {
    run("plain.mjs", samples::page(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn page_is_light() {
    run("weight.mjs", samples::page(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn every_link_leads_to_a_page() {
    run("crawl.mjs", samples::page(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn archives_are_dropped_onto_the_page() {
    run("uploads.mjs", samples::page_with_uploads(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn browser_logs_in_and_out() {
    let provider = provider::Provider::start().await;
    let url = format!("https://127.0.0.1:{}", free_port());
    let settings = PageSettings { login: Some(provider.login(&url)), ..samples::settings() };
    let authenticator = Arc::new(Authenticator::new(&Auth::default()).unwrap());
    let page = Page::new(Arc::new(samples::Samples::default()), authenticator, settings);
    run("login.mjs", page, &[("CCX_WEB_URL", &url), ("CCX_WEB_PROVIDER", &provider.issuer)]).await;
}
