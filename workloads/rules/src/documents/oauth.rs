//! Who users are, according to whom.

use serde::Deserialize;

use super::{List, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of logins.
pub const OAUTH: Input =
    Input::documents("oauth", &[Location::new("config/oauth.json")], |context| context.oauth().is_some());

impl<'a> Context<'a> {
    /// The document of [`OAUTH`].
    pub fn oauth(&self) -> Option<&OAuth<'a>> {
        let parse = || self.files(&OAUTH).iter().find_map(parse_object);
        self.documents.oauth.get_or_init(parse).as_ref()
    }
}

/// An `OAuth`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OAuth<'a> {
    /// What is wanted.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// What is wanted of logins.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// Those who know the users.
    #[serde(borrow)]
    pub identity_providers: List<IdentityProvider<'a>>,
}

/// One who knows users.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IdentityProvider<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
}
