//! The identity providers of the cluster.

use serde::Deserialize;

use super::{List, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of OAuth.
pub const OAUTH: Input =
    Input::documents("oauth", &[Location::new("config/oauth.json")], |context| context.oauth().is_some());

impl<'a> Context<'a> {
    /// Returns the document of [`OAUTH`].
    pub fn oauth(&self) -> Option<&OAuth<'a>> {
        let parse = || self.files(&OAUTH).iter().find_map(parse_object);
        self.documents.oauth.get_or_init(parse).as_ref()
    }
}

/// An `OAuth`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OAuth<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired state of OAuth.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The identity providers.
    #[serde(borrow)]
    pub identity_providers: List<IdentityProvider<'a>>,
}

/// An identity provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IdentityProvider<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
}
