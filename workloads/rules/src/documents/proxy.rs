//! The egress proxy of the cluster.

use serde::Deserialize;

use super::{Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the proxy.
pub const PROXY: Input =
    Input::documents("proxy", &[Location::new("config/proxy.json")], |context| context.proxy().is_some());

impl<'a> Context<'a> {
    /// Returns the document of [`PROXY`].
    pub fn proxy(&self) -> Option<&Proxy<'a>> {
        let parse = || self.files(&PROXY).iter().find_map(parse_object);
        self.documents.proxy.get_or_init(parse).as_ref()
    }
}

/// A `Proxy`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proxy<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

impl Proxy<'_> {
    /// Returns whether there is a proxy.
    pub fn is_set(&self) -> bool {
        !self.spec.http_proxy.is_empty() || !self.spec.https_proxy.is_empty()
    }
}

/// The proxy's addresses.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// For plain HTTP.
    #[serde(borrow)]
    pub http_proxy: Text<'a>,
    /// For HTTPS.
    pub https_proxy: Text<'a>,
}
