//! The report of the Insights operator about the gathering.

use serde::Deserialize;

use super::{List, Text, Texts, lenient::parse_object};
use crate::{Context, Input, Location};

/// The status of each gatherer.
pub const GATHERING_REPORT: Input = Input::documents(
    "gathering_report",
    &[Location::new("insights-operator/gathers.json").since(4, 8)],
    |context| context.gathering_report().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`GATHERING_REPORT`].
    pub fn gathering_report(&self) -> Option<&GatheringReport<'a>> {
        let parse = || self.files(&GATHERING_REPORT).iter().find_map(parse_object);
        self.documents.gathering_report.get_or_init(parse).as_ref()
    }
}

/// The report about the gathering.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatheringReport<'a> {
    /// The status of each gatherer.
    #[serde(borrow, rename = "status_reports")]
    pub gatherers: List<GathererStatus<'a>>,
}

/// The status of a gatherer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GathererStatus<'a> {
    /// The gatherer.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The errors.
    pub errors: Texts<'a>,
    /// The message of its panic, if it panicked; empty when the value is not a string.
    pub panic: Option<Text<'a>>,
}
