//! The preferences of a user for this browser.

use axum::{
    http::header,
    response::{IntoResponse as _, Redirect, Response},
};

use super::actions::is_own;
use crate::{
    frame::{Section, Theme},
    query::Query,
    visit::THEME_COOKIE,
};

/// The lifetime of the choice: a year, in seconds.
const MAX_AGE: u32 = 365 * 24 * 60 * 60;

/// Keeps the colours in a cookie.
pub(crate) async fn set_theme(body: String) -> Response {
    let fields = Query::parse(Some(&body));
    let theme = Theme::parse(fields.value("theme").unwrap_or_default());
    let back = fields
        .value("back")
        .filter(|back| is_own(back))
        .map_or_else(|| Section::Clusters.href(), str::to_owned);
    let cookie = format!("{THEME_COOKIE}={}; Path=/; Max-Age={MAX_AGE}; SameSite=Lax; HttpOnly", theme.key());
    ([(header::SET_COOKIE, cookie)], Redirect::to(&back)).into_response()
}
