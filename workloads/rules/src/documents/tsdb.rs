//! The size of the time series database of the cluster's Prometheus.

use serde::Deserialize;

use super::{Int, List, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The statistics of the database.
pub const TSDB_STATUS: Input =
    Input::documents("tsdb_status", &[Location::new("config/tsdb.json").since(4, 10)], |context| {
        context.tsdb_status().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the document of [`TSDB_STATUS`].
    pub fn tsdb_status(&self) -> Option<&TsdbStatus<'a>> {
        let parse = || self.files(&TSDB_STATUS).iter().find_map(parse_object);
        self.documents.tsdb_status.get_or_init(parse).as_ref()
    }
}

/// The answer of Prometheus on `/api/v1/status/tsdb`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TsdbStatus<'a> {
    /// The statistics.
    #[serde(borrow)]
    pub data: Object<Statistics<'a>>,
}

/// The statistics of a database.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Statistics<'a> {
    /// The head block, which is in memory.
    pub head_stats: Object<Head>,
    /// The metrics with most series, largest first.
    #[serde(borrow)]
    pub series_count_by_metric_name: List<SeriesCount<'a>>,
}

/// The head block of a database.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Head {
    /// The number of series.
    pub num_series: Int,
}

/// The number of series of a metric.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SeriesCount<'a> {
    /// The metric.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The number of its series.
    pub value: Int,
}
