//! The files of an archive while it is made.

use std::collections::BTreeMap;

use serde_json::Value;

/// Contents by path.
#[derive(Default)]
pub(crate) struct Files(pub(crate) BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds a JSON file, compact as the operator writes it.
    pub(crate) fn json(&mut self, path: impl Into<String>, value: &Value) {
        self.text(path, value.to_string());
    }

    /// Adds a text file.
    pub(crate) fn text(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.insert(path.into(), text.into().into_bytes());
    }
}
