//! Which features are switched on that are not for everybody.

use serde::Deserialize;

use super::{Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The choice of features.
pub const FEATURE_GATE: Input =
    Input::documents("feature_gate", &[Location::new("config/featuregate.json")], |context| {
        context.feature_gate().is_some()
    });

impl<'a> Context<'a> {
    /// The document of [`FEATURE_GATE`].
    pub fn feature_gate(&self) -> Option<&FeatureGate<'a>> {
        let parse = || self.files(&FEATURE_GATE).iter().find_map(parse_object);
        self.documents.feature_gate.get_or_init(parse).as_ref()
    }
}

/// A `FeatureGate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeatureGate<'a> {
    /// What shall be.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The features that are wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The name of a set of features; empty for the usual one.
    #[serde(borrow)]
    pub feature_set: Text<'a>,
}
