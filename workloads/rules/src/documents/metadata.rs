//! The metadata of objects.

use serde::Deserialize;

use super::Text;

/// The names of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Metadata<'a> {
    /// The object's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its namespace; empty for what belongs to the whole cluster.
    pub namespace: Text<'a>,
}

/// The name of an object, and when it was created and deleted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Lifetime<'a> {
    /// The object's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its namespace; empty for what belongs to the whole cluster.
    pub namespace: Text<'a>,
    /// When it was created.
    pub creation_timestamp: Text<'a>,
    /// When its deletion was requested; empty otherwise.
    pub deletion_timestamp: Text<'a>,
}
