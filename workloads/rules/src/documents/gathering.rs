//! What the Insights operator could collect.

use serde::Deserialize;

use super::{List, Text, Texts, lenient::parse_object};
use crate::{Context, Input, Location};

/// How the collection of the archive went.
pub const GATHERING_REPORT: Input = Input::documents(
    "gathering_report",
    &[Location::new("insights-operator/gathers.json").since(4, 8)],
    |context| context.gathering_report().is_some(),
);

impl<'a> Context<'a> {
    /// The document of [`GATHERING_REPORT`].
    pub fn gathering_report(&self) -> Option<&GatheringReport<'a>> {
        let parse = || self.files(&GATHERING_REPORT).iter().find_map(parse_object);
        self.documents.gathering_report.get_or_init(parse).as_ref()
    }
}

/// How the collection went.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatheringReport<'a> {
    /// What each part of the collection says.
    #[serde(borrow, rename = "status_reports")]
    pub gatherers: List<GathererStatus<'a>>,
}

/// How a part of the collection went.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GathererStatus<'a> {
    /// The part.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// What could not be collected.
    pub errors: Texts<'a>,
    /// There when it ended in the middle; a text, or empty when that was no text.
    pub panic: Option<Text<'a>>,
}
