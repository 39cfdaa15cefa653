//! SAP Data Intelligence.

use super::lenient::paths_of_objects;
use crate::{Context, Input, Location};

/// The installations of SAP Data Intelligence.
pub const DATA_HUBS: Input = Input::documents(
    "data_hubs",
    &[Location::new("customresources/installers.datahub.sap.com/datahubs/*/*.json").since(4, 6)],
    |context| !context.data_hubs().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`DATA_HUBS`].
    pub fn data_hubs(&self) -> &[DataHub<'a>] {
        let parse = || paths_of_objects(self.files(&DATA_HUBS)).into_iter().map(DataHub::from_path).collect();
        self.documents.data_hubs.get_or_init(parse)
    }
}

/// A `DataHub`, of which only its presence is of interest.
#[derive(Debug)]
pub struct DataHub<'a> {
    /// Its namespace, which is in the path of its file.
    pub namespace: &'a str,
}

impl<'a> DataHub<'a> {
    fn from_path(path: &'a str) -> Self {
        Self { namespace: path.split('/').nth(3).unwrap_or_default() }
    }
}
