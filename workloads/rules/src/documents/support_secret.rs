//! The settings of the Insights operator in the support secret, their place before 4.15.

use super::{Keys, lenient::parse_object};
use crate::{Context, Input, Location};

/// The secret `support` of the namespace `openshift-config`.
pub const SUPPORT_SECRET: Input = Input::documents(
    "support_secret",
    &[Location::new("config/secrets/openshift-config/support/data.json").since(4, 11)],
    |context| context.support_secret().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the names of the settings in [`SUPPORT_SECRET`].
    pub fn support_secret(&self) -> Option<&Keys<'a>> {
        let parse = || self.files(&SUPPORT_SECRET).iter().find_map(parse_object);
        self.documents.support_secret.get_or_init(parse).as_ref()
    }
}
