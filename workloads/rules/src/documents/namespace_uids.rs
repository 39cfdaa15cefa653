//! Namespaces whose pods run with the same user ids.

use super::{Texts, lenient::parse_text_lists};
use crate::{Context, Input, Location};

/// Groups of namespaces that share a range of user ids.
pub const OVERLAPPING_UIDS: Input = Input::documents(
    "overlapping_uids",
    &[Location::new("config/namespaces_with_overlapping_uids.json").since(4, 8)],
    |context| context.overlapping_uids().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the groups of [`OVERLAPPING_UIDS`]; `None` when the document is missing or no list.
    pub fn overlapping_uids(&self) -> Option<&[Texts<'a>]> {
        let parse = || self.files(&OVERLAPPING_UIDS).iter().find_map(parse_text_lists);
        self.documents.overlapping_uids.get_or_init(parse).as_deref()
    }
}
