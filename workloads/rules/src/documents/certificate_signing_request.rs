//! Certificate signing requests. Archives have those that are not approved and those whose certificate is not
//! valid.

use serde::Deserialize;

use super::{Conditions, Object, Text, Texts, lenient::parse_objects};
use crate::{Context, Input, Location};

/// The requests.
pub const CERTIFICATE_SIGNING_REQUESTS: Input = Input::documents(
    "certificate_signing_requests",
    &[Location::new("config/certificatesigningrequests/*.json").since(4, 3)],
    |context| !context.certificate_signing_requests().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`CERTIFICATE_SIGNING_REQUESTS`].
    pub fn certificate_signing_requests(&self) -> &[CertificateSigningRequest<'a>] {
        let parse = || parse_objects(self.files(&CERTIFICATE_SIGNING_REQUESTS));
        self.documents.certificate_signing_requests.get_or_init(parse)
    }
}

/// A `CertificateSigningRequest`. The operator writes most of its fields by their names in Go.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CertificateSigningRequest<'a> {
    /// Its name and age.
    #[serde(borrow, alias = "ObjectMeta")]
    pub metadata: Object<Metadata<'a>>,
    /// The requester.
    #[serde(alias = "Spec")]
    pub spec: Object<Spec<'a>>,
    /// The decision.
    #[serde(alias = "Status")]
    pub status: Object<Status<'a>>,
}

impl CertificateSigningRequest<'_> {
    /// Returns whether the requester is a node or a machine that is joining as one.
    pub fn is_of_node(&self) -> bool {
        const BOOTSTRAPPER: &str =
            "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper";
        let username = &*self.spec.username;
        let is_in_group = self.spec.groups.iter().any(|group| &**group == "system:nodes");
        is_in_group || username.starts_with("system:node:") || username == BOOTSTRAPPER
    }
}

/// The name and age of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// When it was created.
    pub creation_timestamp: Text<'a>,
}

/// The requester of a certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec<'a> {
    /// The user.
    #[serde(borrow, alias = "Username")]
    pub username: Text<'a>,
    /// The user's groups.
    #[serde(alias = "Groups")]
    pub groups: Texts<'a>,
}

/// The decision about a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Approved`, `Denied` or `Failed`; empty while it is pending.
    #[serde(borrow, alias = "Conditions")]
    pub conditions: Conditions<'a>,
}
