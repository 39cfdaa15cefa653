//! Pages that say why there is nothing else to show.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    frame::{Frame, Section, Theme},
    icon::Icon,
    source::SourceError,
    texts::Texts,
    views::respond,
    visit::bare_frame,
};

/// Why a page can't be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    NotFound,
    Forbidden,
    Login,
    Unavailable,
    /// The form's token is not valid any more, or comes from another site.
    Expired,
    /// The request can't be understood.
    Invalid,
}

impl From<&SourceError> for Kind {
    fn from(error: &SourceError) -> Self {
        match error {
            SourceError::NotFound => Self::NotFound,
            SourceError::Forbidden => Self::Forbidden,
            SourceError::Unavailable => Self::Unavailable,
        }
    }
}

/// A page that says why there is nothing else to show.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) kind: Kind,
    pub(crate) theme: Theme,
    pub(crate) texts: &'static Texts,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: &'a Frame,
    icon: Icon,
    kind: &'static str,
    title: &'a str,
    text: &'a str,
    action: Option<(&'a str, String)>,
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let Self { kind, theme, texts } = self;
        let mut frame = bare_frame(texts, theme);
        let (status, icon, class, title, text) = match kind {
            Kind::NotFound => {
                (StatusCode::NOT_FOUND, Icon::SEARCH, "", texts.not_found_title, texts.not_found_text)
            }
            Kind::Forbidden => {
                (StatusCode::FORBIDDEN, Icon::LOCK, "", texts.forbidden_title, texts.forbidden_text)
            }
            Kind::Login => (StatusCode::UNAUTHORIZED, Icon::LOCK, "", texts.login_title, texts.login_text),
            Kind::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                Icon::CLOCK,
                "pf-m-warning",
                texts.unavailable_title,
                texts.unavailable_text,
            ),
            Kind::Expired => {
                (StatusCode::FORBIDDEN, Icon::CLOCK, "", texts.expired_title, texts.expired_text)
            }
            Kind::Invalid => {
                (StatusCode::BAD_REQUEST, Icon::INFO, "", texts.invalid_title, texts.invalid_text)
            }
        };
        let action = match kind {
            Kind::Login | Kind::Forbidden => None,
            Kind::Unavailable => Some((texts.try_again, String::new())),
            _ => Some((texts.back_to_clusters, Section::Clusters.href())),
        };
        frame.refresh_seconds = (kind == Kind::Unavailable).then_some(60);
        respond(status, &Message { frame: &frame, icon, kind: class, title, text, action })
    }
}
