//! The paths of the page.

use std::panic::AssertUnwindSafe;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};

use ccx_http::Negotiate;
use futures::FutureExt as _;

use crate::{
    BASE, assets,
    error_page::{ErrorPage, Kind},
    frame::Section,
    headers::secure,
    login,
    page::Page,
    views::{
        actions, cluster, clusters, preferences, recommendation, recommendations, uploads, workload,
        workloads,
    },
    visit,
};

/// The limit of a form's size, in bytes.
const MAX_FORM: usize = 64 * 1024;

/// Returns the page below [`BASE`], with `/ui` leading there.
pub fn router(page: Page) -> Router {
    // Elsewhere than in `ccx local` there is no such path.
    let uploads = match page.uploads {
        Some(_) => Router::new().route("/uploads", get(uploads::list).post(uploads::receive)),
        None => Router::new(),
    };
    let pages = Router::new()
        .route("/", get(home))
        .route("/clusters", get(clusters::list))
        .route("/clusters/{cluster}", get(cluster::show))
        .route("/clusters/{cluster}/export", get(cluster::export))
        .route("/clusters/{cluster}/name", post(actions::name_cluster))
        .route("/clusters/{cluster}/recommendations/{rule}/disable", post(actions::disable_for_cluster))
        .route("/clusters/{cluster}/recommendations/{rule}/enable", post(actions::enable_for_cluster))
        .route("/clusters/{cluster}/recommendations/{rule}/vote", post(actions::vote_for_cluster))
        .route("/recommendations", get(recommendations::list))
        .route("/recommendations/{rule}", get(recommendation::show))
        .route("/recommendations/{rule}/disable", post(actions::disable))
        .route("/recommendations/{rule}/enable", post(actions::enable))
        .route("/recommendations/{rule}/vote", post(actions::vote))
        .route("/workloads", get(workloads::list))
        .route("/workloads/{cluster}", get(workloads::list_of_cluster))
        .route("/workloads/{cluster}/{namespace}", get(workload::show))
        .route("/theme", post(preferences::set_theme))
        .route("/login", get(login::start))
        .route("/login/callback", get(login::callback))
        .route("/logout", post(login::logout))
        .route("/logged-out", get(login::logged_out))
        .merge(uploads)
        .route("/assets/{name}", get(assets::serve))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_FORM));
    Router::new()
        .nest(BASE, pages)
        .route(&format!("{BASE}/"), get(home))
        .route("/ui", get(home))
        .route("/ui/", get(home))
        .layer(from_fn_with_state(page.clone(), login::restore))
        .layer(from_fn_with_state(page.clone(), catch_panic))
        .layer(map_response(secure))
        .layer(Negotiate)
        .with_state(page)
}

/// Answers with a page when a handler panics. The panic hook has logged the message.
async fn catch_panic(State(page): State<Page>, request: Request, next: Next) -> Response {
    let theme = visit::theme(request.headers());
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| ErrorPage::new(Kind::Fault, theme, page.texts).into_response())
}

async fn home() -> Redirect {
    Redirect::to(&Section::Clusters.href())
}

/// A path with a slash at its end leads to the one without.
async fn not_found(
    State(page): State<Page>,
    uri: axum::extract::OriginalUri,
    headers: HeaderMap,
) -> Response {
    if let Some(path) = without_slash(&uri) {
        return Redirect::permanent(&path).into_response();
    }
    ErrorPage::new(Kind::NotFound, visit::theme(&headers), page.texts).into_response()
}

fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/').filter(|path| path.starts_with(BASE) && !path.ends_with('/'))?;
    Some(uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

async fn method_not_allowed(State(page): State<Page>, headers: HeaderMap) -> Response {
    let theme = visit::theme(&headers);
    let mut response = ErrorPage::new(Kind::Invalid, theme, page.texts).into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}
