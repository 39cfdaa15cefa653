//! The common parts of all pages.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{BASE, assets, html::Html, texts::Texts};

/// A part of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Clusters,
    Recommendations,
    Workloads,
}

impl Section {
    /// All of them, in the order of the navigation.
    pub(crate) const ALL: &[Self] = &[Self::Clusters, Self::Recommendations, Self::Workloads];

    /// Returns the path below the base.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Recommendations => "recommendations",
            Self::Workloads => "workloads",
        }
    }

    /// Returns the display name.
    pub(crate) fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::Clusters => texts.clusters,
            Self::Recommendations => texts.recommendations,
            Self::Workloads => texts.workloads,
        }
    }

    /// Returns the path.
    pub(crate) fn href(self) -> String {
        format!("{BASE}/{}", self.path())
    }
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system is set.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[Self::System, Self::Light, Self::Dark];

    /// Parses the key; anything else is the system's setting.
    pub(crate) fn parse(key: &str) -> Self {
        Self::ALL.iter().copied().find(|theme| theme.key() == key).unwrap_or_default()
    }

    /// Returns the name in forms and cookies.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the class of the document.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Light => "pf-v6-theme-light",
            Self::Dark => "pf-v6-theme-dark",
        }
    }

    /// Returns the colours that the browser uses for its own parts.
    pub(crate) fn color_scheme(self) -> &'static str {
        match self {
            Self::System => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the display name.
    pub(crate) fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::System => texts.theme_system,
            Self::Light => texts.theme_light,
            Self::Dark => texts.theme_dark,
        }
    }
}

/// The common parts of all pages.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) texts: &'static Texts,
    pub(crate) base: &'static str,
    pub(crate) assets: &'static assets::Links,
    pub(crate) section: Option<Section>,
    pub(crate) theme: Theme,
    /// The path and the query of this page.
    pub(crate) location: String,
    /// The user, if known.
    pub(crate) user: Option<String>,
    /// Whether the page has a session, which it can end.
    pub(crate) can_log_out: bool,
    /// The link to log in, for a caller without credentials.
    pub(crate) log_in_href: Option<String>,
    /// Whether archives can be dropped onto the page.
    pub(crate) takes_uploads: bool,
    /// The age from which a report is stale.
    pub(crate) stale_after: Duration,
    /// The proof that a form came from this page.
    pub(crate) csrf: String,
    /// The result of the user's last action.
    pub(crate) notice: Option<&'static str>,
    /// The time after which the page loads itself again.
    pub(crate) refresh_seconds: Option<u32>,
    /// The styles, if the page is a document of its own.
    pub(crate) inline_style: Option<&'static Html>,
}

impl Frame {
    pub(crate) fn is_active(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }

    /// Returns whether a report is stale.
    pub(crate) fn is_stale(&self, reported_at: &DateTime<Utc>, now: &DateTime<Utc>) -> bool {
        (*now - *reported_at).to_std().is_ok_and(|age| age > self.stale_after)
    }

    /// Returns whether the page is a document of its own, without links to other pages.
    pub(crate) fn is_export(&self) -> bool {
        self.inline_style.is_some()
    }
}
