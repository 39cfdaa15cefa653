//! Pages that say why there is nothing else to show, and what to do.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    frame::{Frame, Section, Theme},
    icon::Icon,
    login,
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
    /// The caller has no credentials.
    Unauthenticated,
    /// The caller's credentials are not valid, for example those of a proxy for logins.
    InvalidCredentials,
    Unavailable,
    /// The form's token is not valid any more, or comes from another site.
    Expired,
    /// The request can't be understood.
    Invalid,
    /// A handler panicked.
    Fault,
    /// The attempt to log in is too old, or was begun by another browser.
    LoginExpired,
    /// The user, or the provider, declined.
    LoginDenied,
    /// The provider answered what it should not.
    LoginFailed,
    /// The provider does not answer.
    LoginUnavailable,
    /// The user's token names no organisation.
    NoOrganization,
    LoggedOut,
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

/// How a kind is shown.
struct Look {
    status: StatusCode,
    icon: Icon,
    class: &'static str,
    title: &'static str,
    text: &'static str,
}

impl Kind {
    fn look(self, t: &'static Texts) -> Look {
        let look = |status, icon, title, text| Look { status, icon, class: "", title, text };
        let warning =
            |status, icon, title, text| Look { class: "pf-m-warning", ..look(status, icon, title, text) };
        match self {
            Self::NotFound => look(StatusCode::NOT_FOUND, Icon::SEARCH, t.not_found_title, t.not_found_text),
            Self::Forbidden => look(StatusCode::FORBIDDEN, Icon::LOCK, t.forbidden_title, t.forbidden_text),
            Self::Unauthenticated => look(StatusCode::UNAUTHORIZED, Icon::LOCK, t.login_title, t.login_text),
            Self::InvalidCredentials => look(
                StatusCode::UNAUTHORIZED,
                Icon::LOCK,
                t.invalid_credentials_title,
                t.invalid_credentials_text,
            ),
            Self::Unavailable => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                warning(status, Icon::CLOCK, t.unavailable_title, t.unavailable_text)
            }
            Self::Expired => look(StatusCode::FORBIDDEN, Icon::CLOCK, t.expired_title, t.expired_text),
            Self::Invalid => look(StatusCode::BAD_REQUEST, Icon::INFO, t.invalid_title, t.invalid_text),
            Self::Fault => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                warning(status, Icon::IMPORTANT, t.fault_title, t.fault_text)
            }
            Self::LoginExpired => {
                look(StatusCode::BAD_REQUEST, Icon::CLOCK, t.login_expired_title, t.login_expired_text)
            }
            Self::LoginDenied => {
                look(StatusCode::FORBIDDEN, Icon::LOCK, t.login_denied_title, t.login_denied_text)
            }
            Self::LoginFailed => {
                warning(StatusCode::BAD_GATEWAY, Icon::IMPORTANT, t.login_failed_title, t.login_failed_text)
            }
            Self::LoginUnavailable => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                warning(status, Icon::CLOCK, t.login_unavailable_title, t.login_unavailable_text)
            }
            Self::NoOrganization => {
                look(StatusCode::FORBIDDEN, Icon::LOCK, t.no_organization_title, t.no_organization_text)
            }
            Self::LoggedOut => look(StatusCode::OK, Icon::CHECK, t.logged_out_title, t.logged_out_text),
        }
    }
}

/// A page that says why there is nothing else to show.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) kind: Kind,
    theme: Theme,
    texts: &'static Texts,
    /// The label and the link of the button; `None` for the usual one.
    action: Option<(&'static str, String)>,
    /// The link that is followed by itself.
    next: Option<String>,
}

impl ErrorPage {
    /// Returns the page of a kind.
    pub(crate) fn new(kind: Kind, theme: Theme, texts: &'static Texts) -> Self {
        Self { kind, theme, texts, action: None, next: None }
    }

    /// Adds a button that logs in and then leads to `location`.
    pub(crate) fn with_login(self, location: &str) -> Self {
        let label = match self.kind {
            Kind::Unauthenticated | Kind::LoggedOut => self.texts.log_in,
            _ => self.texts.log_in_again,
        };
        Self { action: Some((label, login::href(location))), ..self }
    }

    /// Makes the page lead to another one by itself.
    pub(crate) fn leading_to(self, url: &str) -> Self {
        Self {
            next: Some(url.to_owned()),
            action: Some((self.texts.continue_to_logout, url.to_owned())),
            ..self
        }
    }

    fn usual_action(kind: Kind, texts: &'static Texts) -> Option<(&'static str, String)> {
        match kind {
            Kind::Unauthenticated
            | Kind::InvalidCredentials
            | Kind::Forbidden
            | Kind::NoOrganization
            | Kind::LoggedOut => None,
            Kind::Unavailable | Kind::LoginUnavailable => Some((texts.try_again, String::new())),
            _ => Some((texts.back_to_clusters, Section::Clusters.href())),
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: &'a Frame,
    icon: Icon,
    class: &'static str,
    title: &'a str,
    text: &'a str,
    action: Option<(&'a str, String)>,
    next: Option<String>,
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let Self { kind, theme, texts, action, next } = self;
        let mut frame = bare_frame(texts, theme);
        frame.refresh_seconds = matches!(kind, Kind::Unavailable).then_some(60);
        let Look { status, icon, class, title, text } = kind.look(texts);
        let action = action.or_else(|| Self::usual_action(kind, texts));
        respond(status, &Message { frame: &frame, icon, class, title, text, action, next })
    }
}
