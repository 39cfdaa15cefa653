//! How the API servers are configured.

use serde::Deserialize;

use super::{Object, Text, TlsSecurityProfile, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the API servers.
pub const API_SERVER: Input =
    Input::documents("api_server", &[Location::new("config/apiserver.json").since(4, 11)], |context| {
        context.api_server().is_some()
    });

impl<'a> Context<'a> {
    /// The document of [`API_SERVER`].
    pub fn api_server(&self) -> Option<&ApiServer<'a>> {
        let parse = || self.files(&API_SERVER).iter().find_map(parse_object);
        self.documents.api_server.get_or_init(parse).as_ref()
    }
}

/// An `APIServer`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiServer<'a> {
    /// What is wanted.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// What is wanted of the API servers.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// How secrets are stored.
    #[serde(borrow)]
    pub encryption: Option<Object<Encryption<'a>>>,
    /// What is written down of each request.
    pub audit: Object<Audit<'a>>,
    /// Which versions and ciphers of TLS are accepted.
    pub tls_security_profile: Object<TlsSecurityProfile<'a>>,
}

/// How secrets are stored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Encryption<'a> {
    /// `aescbc`, `aesgcm`, or `identity`, which is no encryption and the default.
    #[serde(borrow)]
    pub r#type: Text<'a>,
}

/// What is written down of each request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Audit<'a> {
    /// `Default`, `WriteRequestBodies`, `AllRequestBodies` or `None`.
    #[serde(borrow)]
    pub profile: Text<'a>,
}
