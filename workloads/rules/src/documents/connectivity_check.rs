//! Failed connectivity checks of the cluster's network.

use serde::Deserialize;

use super::{Map, lenient::parse_map};
use crate::{Context, Input, Location};

/// The failed checks.
pub const CONNECTIVITY_CHECKS: Input = Input::documents(
    "connectivity_checks",
    &[Location::new("config/podnetworkconnectivitychecks.json").since(4, 8)],
    |context| context.connectivity_checks().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`CONNECTIVITY_CHECKS`].
    pub fn connectivity_checks(&self) -> Option<&ConnectivityChecks<'a>> {
        let parse = || self.files(&CONNECTIVITY_CHECKS).iter().find_map(parse_map);
        self.documents.connectivity_checks.get_or_init(parse).as_ref()
    }
}

/// The failed checks by kind: messages, and when each was last seen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConnectivityChecks<'a> {
    /// No connection could be made.
    #[serde(borrow, rename = "TCPConnectError")]
    pub tcp_connect_errors: Map<'a>,
    /// A name could not be resolved.
    #[serde(rename = "DNSError")]
    pub dns_errors: Map<'a>,
}
