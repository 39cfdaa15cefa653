//! What every object is called.

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
