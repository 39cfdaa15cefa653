//! Events of a namespace. Archives have those of degraded operators' namespaces, and those of the machine
//! API.

use serde::Deserialize;

use super::{List, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The events of the machine API.
pub const MACHINE_API_EVENTS: Input = Input::documents(
    "machine_api_events",
    &[Location::new("events/openshift-machine-api.json").since(4, 12)],
    |context| context.machine_api_events().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the events of [`MACHINE_API_EVENTS`]; `None` when the document is missing or no object.
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

/// An event, in the short form of the archives.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event<'a> {
    /// `Normal` or `Warning`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// The reason, as one word.
    pub reason: Text<'a>,
    /// The message.
    pub message: Text<'a>,
    /// When it was last seen.
    pub last_timestamp: Text<'a>,
}
