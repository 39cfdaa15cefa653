//! Alerts that fired when the archive was made.

use serde::Deserialize;

use super::{Map, Object, Text, Texts, lenient::parse_list};
use crate::{Context, Input, Location};

/// The alerts that fired.
pub const ALERTS: Input =
    Input::documents("alerts", &[Location::new("config/alerts.json").since(4, 12)], |context| {
        context.alerts().is_some()
    });

/// The alerts that fired and were silenced.
pub const SILENCED_ALERTS: Input = Input::documents(
    "silenced_alerts",
    &[Location::new("config/silenced_alerts.json").since(4, 10)],
    |context| context.silenced_alerts().is_some(),
);

impl<'a> Context<'a> {
    /// The elements of [`ALERTS`]; `None` when the document is missing or no list.
    pub fn alerts(&self) -> Option<&[Alert<'a>]> {
        let parse = || self.files(&ALERTS).iter().find_map(parse_list);
        self.documents.alerts.get_or_init(parse).as_deref()
    }

    /// The elements of [`SILENCED_ALERTS`]; `None` when the document is missing or no list.
    pub fn silenced_alerts(&self) -> Option<&[Alert<'a>]> {
        let parse = || self.files(&SILENCED_ALERTS).iter().find_map(parse_list);
        self.documents.silenced_alerts.get_or_init(parse).as_deref()
    }

    /// The [alerts](Context::alerts) that fire and are neither silenced nor inhibited.
    pub fn active_alerts(&self) -> impl Iterator<Item = &Alert<'a>> {
        self.alerts().unwrap_or_default().iter().filter(|alert| alert.is_active())
    }
}

/// An alert of the cluster's Alertmanager.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Alert<'a> {
    /// `alertname`, `severity` and what is concerned.
    #[serde(borrow)]
    pub labels: Map<'a>,
    /// Texts for humans.
    pub annotations: Map<'a>,
    /// Whether it counts.
    pub status: Object<Status<'a>>,
    /// Since when it fires.
    pub starts_at: Text<'a>,
    /// When that was last confirmed.
    pub updated_at: Text<'a>,
}

impl Alert<'_> {
    /// The alert's name.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or_default()
    }

    /// Whether it fires and is neither silenced nor inhibited.
    pub fn is_active(&self) -> bool {
        &*self.status.state == "active"
    }
}

/// Whether an alert counts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// `active`, `suppressed` or `unprocessed`.
    #[serde(borrow)]
    pub state: Text<'a>,
    /// The silences that keep it from being sent.
    pub silenced_by: Texts<'a>,
}
