//! The certificates that routes are served with.

use serde::Deserialize;

use super::{List, Metadata, Text, lenient::parse_list};
use crate::{Context, Input, Location};

/// The certificates of ingress controllers.
pub const INGRESS_CERTIFICATES: Input = Input::documents(
    "ingress_certificates",
    &[Location::new("aggregated/ingress_controllers_certs.json").since(4, 14)],
    |context| context.ingress_certificates().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the elements of [`INGRESS_CERTIFICATES`]; `None` when the document is missing or no list.
    pub fn ingress_certificates(&self) -> Option<&[IngressCertificate<'a>]> {
        let parse = || self.files(&INGRESS_CERTIFICATES).iter().find_map(parse_list);
        self.documents.ingress_certificates.get_or_init(parse).as_deref()
    }
}

/// A certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressCertificate<'a> {
    /// The secret that it is kept in.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The secret's namespace.
    pub namespace: Text<'a>,
    /// When it begins.
    pub not_before: Text<'a>,
    /// When it ends.
    pub not_after: Text<'a>,
    /// The ingress controllers that use it.
    pub controllers: List<Metadata<'a>>,
}
