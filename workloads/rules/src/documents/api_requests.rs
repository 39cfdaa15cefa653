//! How often APIs are called that are going away.

use serde::Deserialize;

use super::{Int, Text, lenient::parse_list};
use crate::{Context, Input, Location};

/// Requests for APIs that a coming release removes, gathered while one of the alerts about them fires.
pub const API_REQUEST_COUNTS: Input = Input::documents(
    "api_request_counts",
    &[Location::new("conditional/alerts/*/api_request_counts.json").since(4, 9)],
    |context| context.api_request_counts().is_some(),
);

impl<'a> Context<'a> {
    /// The elements of [`API_REQUEST_COUNTS`], each API once; `None` when no document is a list.
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

/// How often an API was called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiRequestCount<'a> {
    /// The API, such as `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io`.
    #[serde(borrow)]
    pub resource: Text<'a>,
    /// The Kubernetes release that does not have it any more.
    pub removed_in_release: Text<'a>,
    /// Requests of the last day.
    pub last_day_request_count: Int,
    /// All requests that were counted.
    pub total_request_count: Int,
}
