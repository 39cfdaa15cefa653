//! Alerts that fired when the data was gathered.

use serde::Deserialize;

use super::{Map, Object, Text, Texts, lenient::parse_list};
use crate::{Context, Input, Location};

/// The firing alerts.
pub const ALERTS: Input =
    Input::documents("alerts", &[Location::new("config/alerts.json").since(4, 12)], |context| {
        context.alerts().is_some()
    });

/// The firing alerts that are silenced.
pub const SILENCED_ALERTS: Input = Input::documents(
    "silenced_alerts",
    &[Location::new("config/silenced_alerts.json").since(4, 10)],
    |context| context.silenced_alerts().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the elements of [`ALERTS`]; `None` when the document is missing or no list.
    pub fn alerts(&self) -> Option<&[Alert<'a>]> {
        let parse = || self.files(&ALERTS).iter().find_map(parse_list);
        self.documents.alerts.get_or_init(parse).as_deref()
    }

    /// Returns the elements of [`SILENCED_ALERTS`]; `None` when the document is missing or no list.
    pub fn silenced_alerts(&self) -> Option<&[Alert<'a>]> {
        let parse = || self.files(&SILENCED_ALERTS).iter().find_map(parse_list);
        self.documents.silenced_alerts.get_or_init(parse).as_deref()
    }

    /// Returns the [alerts](Context::alerts) that fire and are neither silenced nor inhibited.
    pub fn active_alerts(&self) -> impl Iterator<Item = &Alert<'a>> {
        self.alerts().unwrap_or_default().iter().filter(|alert| alert.is_active())
    }
}

/// An alert of the cluster's Alertmanager.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Alert<'a> {
    /// `alertname`, `severity` and the affected objects.
    #[serde(borrow)]
    pub labels: Map<'a>,
    /// Summary and description.
    pub annotations: Map<'a>,
    /// The state.
    pub status: Object<Status<'a>>,
    /// When it began to fire.
    pub starts_at: Text<'a>,
    /// When it was last updated.
    pub updated_at: Text<'a>,
}

impl Alert<'_> {
    /// Returns the name.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or_default()
    }

    /// Returns whether it is an alert of the platform, not of a user's rule.
    pub fn is_of_platform(&self) -> bool {
        self.labels.get("openshift_io_alert_source").is_none_or(|source| source == "platform")
    }

    /// Returns whether it fires and is neither silenced nor inhibited.
    pub fn is_active(&self) -> bool {
        &*self.status.state == "active"
    }
}

/// The state of an alert.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// `active`, `suppressed` or `unprocessed`.
    #[serde(borrow)]
    pub state: Text<'a>,
    /// The silences that keep it from being sent.
    pub silenced_by: Texts<'a>,
}
