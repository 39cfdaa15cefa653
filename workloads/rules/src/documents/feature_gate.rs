//! The feature set of the cluster.

use serde::Deserialize;

use super::{Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The feature gate.
pub const FEATURE_GATE: Input =
    Input::documents("feature_gate", &[Location::new("config/featuregate.json")], |context| {
        context.feature_gate().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the document of [`FEATURE_GATE`].
    pub fn feature_gate(&self) -> Option<&FeatureGate<'a>> {
        let parse = || self.files(&FEATURE_GATE).iter().find_map(parse_object);
        self.documents.feature_gate.get_or_init(parse).as_ref()
    }
}

/// A `FeatureGate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeatureGate<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired features.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The name of a feature set; empty for the default.
    #[serde(borrow)]
    pub feature_set: Text<'a>,
}
