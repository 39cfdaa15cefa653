//! SAP Data Intelligence.

use serde::Deserialize;

use super::lenient::parse_objects_with_paths;
use crate::{Context, Input, Location};

/// The installations of SAP Data Intelligence.
pub const DATA_HUBS: Input = Input::documents(
    "data_hubs",
    &[Location::new("customresources/installers.datahub.sap.com/datahubs/*/*.json").since(4, 6)],
    |context| !context.data_hubs().is_empty(),
);

impl<'a> Context<'a> {
    /// The documents of [`DATA_HUBS`].
    pub fn data_hubs(&self) -> &[DataHub<'a>] {
        let parse = || parse_objects_with_paths(self.files(&DATA_HUBS)).map(DataHub::of_file).collect();
        self.documents.data_hubs.get_or_init(parse)
    }
}

/// A `DataHub`, of which only its presence is of interest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DataHub<'a> {
    /// Its namespace, which is in the path of its file.
    #[serde(skip)]
    pub namespace: &'a str,
}

impl<'a> DataHub<'a> {
    fn of_file((path, _): (&'a str, Self)) -> Self {
        Self { namespace: path.split('/').nth(3).unwrap_or_default() }
    }
}
