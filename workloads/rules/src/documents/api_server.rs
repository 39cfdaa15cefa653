//! The configuration of the API servers.

use serde::Deserialize;

use super::{Object, Text, TlsSecurityProfile, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the API servers.
pub const API_SERVER: Input =
    Input::documents("api_server", &[Location::new("config/apiserver.json").since(4, 11)], |context| {
        context.api_server().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the document of [`API_SERVER`].
    pub fn api_server(&self) -> Option<&ApiServer<'a>> {
        let parse = || self.files(&API_SERVER).iter().find_map(parse_object);
        self.documents.api_server.get_or_init(parse).as_ref()
    }
}

/// An `APIServer`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiServer<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired state of the API servers.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The encryption of secrets.
    #[serde(borrow)]
    pub encryption: Option<Object<Encryption<'a>>>,
    /// The audit policy.
    pub audit: Object<Audit<'a>>,
    /// The versions and ciphers of TLS that are accepted.
    pub tls_security_profile: Object<TlsSecurityProfile<'a>>,
}

/// The encryption of secrets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Encryption<'a> {
    /// `aescbc`, `aesgcm`, or `identity`, which is no encryption and the default.
    #[serde(borrow)]
    pub r#type: Text<'a>,
}

/// The audit policy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Audit<'a> {
    /// `Default`, `WriteRequestBodies`, `AllRequestBodies` or `None`.
    #[serde(borrow)]
    pub profile: Text<'a>,
}
