//! The versions and ciphers of TLS that a component accepts.

use serde::Deserialize;

use super::{Object, Text};

/// A profile of versions and ciphers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TlsSecurityProfile<'a> {
    /// `Old`, `Intermediate`, `Modern` or `Custom`; `Intermediate` when empty.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// The profile of the type `Custom`.
    pub custom: Object<CustomProfile<'a>>,
}

/// A custom profile.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CustomProfile<'a> {
    /// The oldest version, such as `VersionTLS12`.
    #[serde(borrow, rename = "minTLSVersion")]
    pub min_version: Text<'a>,
}
