//! The configuration of the cluster's Alertmanager.

use serde::Deserialize;

use super::{Keys, List, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the cluster's Alertmanager, without its secrets.
pub const ALERTMANAGER_CONFIG: Input = Input::documents(
    "alertmanager_config",
    &[Location::new("config/secrets/openshift-monitoring/alertmanager-main/data.json").since(5, 0)],
    |context| context.alertmanager_config().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`ALERTMANAGER_CONFIG`].
    pub fn alertmanager_config(&self) -> Option<&AlertmanagerConfig<'a>> {
        let parse = || self.files(&ALERTMANAGER_CONFIG).iter().find_map(parse_object);
        self.documents.alertmanager_config.get_or_init(parse).as_ref()
    }
}

/// The configuration of an Alertmanager.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AlertmanagerConfig<'a> {
    /// The receivers of alerts. Each has a field such as `slack_configs` for each kind of service that it
    /// sends to.
    #[serde(borrow)]
    pub receivers: List<Keys<'a>>,
}
