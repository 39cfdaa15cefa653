//! The number of revisions of the configurations of static pods.

use super::{Entries, Int, lenient::parse_object};
use crate::{Context, Input, Location};

/// The counts. Version 5.0 is the release under development when the operator's gatherer was merged (pull request 1316); its
/// documentation leaves the released version open, and named the file differently at first.
pub const REVISION_COUNTS: Input = Input::documents(
    "revision_counts",
    &[
        Location::new("config/versioned_object_revision_counts.json").since(5, 0),
        Location::new("config/revisioned_objects.json").since(5, 0),
    ],
    |context| context.revision_counts().is_some(),
);

/// Counts by namespace, kind and name without the revision.
pub type RevisionCounts<'a> = Entries<'a, Entries<'a, Entries<'a, Int>>>;

impl<'a> Context<'a> {
    /// Returns the document of [`REVISION_COUNTS`].
    pub fn revision_counts(&self) -> Option<&RevisionCounts<'a>> {
        let parse = || self.files(&REVISION_COUNTS).iter().rev().find_map(parse_object);
        self.documents.revision_counts.get_or_init(parse).as_ref()
    }
}
