//! Kinds of volumes that users can ask for.

use serde::Deserialize;

use super::{Object, Text, lenient::parse_objects};
use crate::{Context, Input, Location};

/// The classes of volumes.
pub const STORAGE_CLASSES: Input = Input::documents(
    "storage_classes",
    &[Location::new("config/storage/storageclasses/*.json").since(4, 15)],
    |context| !context.storage_classes().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`STORAGE_CLASSES`].
    pub fn storage_classes(&self) -> &[StorageClass<'a>] {
        self.documents.storage_classes.get_or_init(|| parse_objects(self.files(&STORAGE_CLASSES)))
    }
}

/// A `StorageClass`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StorageClass<'a> {
    /// Its name, and whether it is the default.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
}

impl StorageClass<'_> {
    /// Whether it is the default class.
    pub fn is_default(&self) -> bool {
        let annotations = &self.metadata.annotations;
        [&annotations.is_default, &annotations.is_default_beta].iter().any(|value| &***value == "true")
    }
}

/// The name and annotations of a class.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Metadata<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its annotations.
    pub annotations: Object<Annotations<'a>>,
}

/// The annotations of a class that rules read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Annotations<'a> {
    /// `true` for the default class.
    #[serde(borrow, rename = "storageclass.kubernetes.io/is-default-class")]
    pub is_default: Text<'a>,
    /// The same in its older form, which Kubernetes still honours.
    #[serde(rename = "storageclass.beta.kubernetes.io/is-default-class")]
    pub is_default_beta: Text<'a>,
}
