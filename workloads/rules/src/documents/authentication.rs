//! The authentication of users.

use serde::Deserialize;

use super::{Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of authentication.
pub const AUTHENTICATION: Input =
    Input::documents("authentication", &[Location::new("config/authentication.json")], |context| {
        context.authentication().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the document of [`AUTHENTICATION`].
    pub fn authentication(&self) -> Option<&Authentication<'a>> {
        let parse = || self.files(&AUTHENTICATION).iter().find_map(parse_object);
        self.documents.authentication.get_or_init(parse).as_ref()
    }
}

/// An `Authentication`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Authentication<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired state of authentication.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec<'a> {
    /// `IntegratedOAuth`, which is the default; `OIDC` or `None`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
}
