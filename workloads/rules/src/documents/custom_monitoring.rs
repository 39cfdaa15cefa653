//! Monitoring that users run beside the cluster's own.

use serde::Deserialize;

use super::{Texts, lenient::parse_object};
use crate::{Context, Input, Location};

/// The instances of Prometheus and Alertmanager outside the platform.
pub const CUSTOM_MONITORING: Input = Input::documents(
    "custom_monitoring",
    &[Location::new("aggregated/custom_prometheuses_alertmanagers.json").since(4, 14)],
    |context| context.custom_monitoring().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`CUSTOM_MONITORING`].
    pub fn custom_monitoring(&self) -> Option<&CustomMonitoring<'a>> {
        let parse = || self.files(&CUSTOM_MONITORING).iter().find_map(parse_object);
        self.documents.custom_monitoring.get_or_init(parse).as_ref()
    }
}

/// The names of the instances.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CustomMonitoring<'a> {
    /// Instances of Prometheus.
    #[serde(borrow)]
    pub prometheuses: Texts<'a>,
    /// Instances of Alertmanager.
    pub alertmanagers: Texts<'a>,
}
