//! Requests for APIs that a coming release removes.

use serde::Deserialize;

use super::{Int, Text, lenient::parse_list};
use crate::{Context, Input, Location};

/// The counts of requests, which are recorded while an alert about such an API fires.
pub const API_REQUEST_COUNTS: Input = Input::documents(
    "api_request_counts",
    &[Location::new("conditional/alerts/*/api_request_counts.json").since(4, 9)],
    |context| context.api_request_counts().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the elements of [`API_REQUEST_COUNTS`], each API once; `None` when no document is a list.
    pub fn api_request_counts(&self) -> Option<&[ApiRequestCount<'a>]> {
        let parse = || {
            let lists: Vec<Vec<ApiRequestCount<'a>>> =
                self.files(&API_REQUEST_COUNTS).iter().filter_map(parse_list).collect();
            if lists.is_empty() {
                return None;
            }
            let mut counts: Vec<_> = lists.into_iter().flatten().collect();
            // Several alerts may concern the same API.
            counts.sort_by(|a, b| a.resource.cmp(&b.resource));
            counts.dedup_by(|later, first| later.resource == first.resource);
            Some(counts)
        };
        self.documents.api_request_counts.get_or_init(parse).as_deref()
    }
}

/// The number of requests for an API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiRequestCount<'a> {
    /// The API, such as `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io`.
    #[serde(borrow)]
    pub resource: Text<'a>,
    /// The Kubernetes release that removes it.
    pub removed_in_release: Text<'a>,
    /// Requests of the hour in which the data was gathered: the operator fills the field from
    /// `status.currentHour`.
    pub last_day_request_count: Int,
    /// Requests of the last day: the operator fills the field from `status.requestCount`.
    pub total_request_count: Int,
}
