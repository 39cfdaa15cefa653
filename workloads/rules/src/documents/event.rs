//! Events of a namespace. Archives only have those of degraded operators' namespaces, and some that are always gathered.

use serde::Deserialize;

use super::{List, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// What happened to the cluster's machines.
pub const MACHINE_API_EVENTS: Input = Input::documents(
    "machine_api_events",
    &[Location::new("events/openshift-machine-api.json").since(4, 12)],
    |context| context.machine_api_events().is_some(),
);

impl<'a> Context<'a> {
    /// The events of [`MACHINE_API_EVENTS`]; `None` when the document is missing or no object.
    pub fn machine_api_events(&self) -> Option<&[Event<'a>]> {
        let parse = || self.files(&MACHINE_API_EVENTS).iter().find_map(parse_object::<Events<'_>>);
        self.documents
            .machine_api_events
            .get_or_init(|| parse().map(|events| events.items.into_vec()))
            .as_deref()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Events<'a> {
    #[serde(borrow)]
    items: List<Event<'a>>,
}

/// Something that happened, in the short form of the archives.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event<'a> {
    /// `Normal` or `Warning`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// What, in one word.
    pub reason: Text<'a>,
    /// What, for humans.
    pub message: Text<'a>,
    /// When it happened last.
    pub last_timestamp: Text<'a>,
}
