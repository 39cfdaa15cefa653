//! Texts of pods in the words of the resource: pods know keys of their configuration and paths of their mounts.

use crate::model::{field_names, validated::ValidatedPipeline};

/// Translates texts of pods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wording {
    /// Mount path and mounted object, the longest path first.
    mounts: Vec<(String, String)>,
}

impl Wording {
    pub(crate) fn new(pipeline: &ValidatedPipeline) -> Self {
        let mut mounts: Vec<_> =
            pipeline.mounts().map(|mount| (mount.path.clone(), mount.source.to_string())).collect();
        mounts.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        mounts.dedup();
        Self { mounts }
    }

    /// Replaces keys by fields, and paths by the objects that are mounted there.
    pub(super) fn translate(&self, text: &str) -> String {
        let by_object = self.mounts.iter().fold(text.to_owned(), |text, (path, object)| {
            text.replace(&format!("{path}/"), &format!("{object}: ")).replace(path, object)
        });
        field_names::translate(&by_object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_becomes_its_object() {
        let mount = |path: &str, object: &str| (path.to_owned(), object.to_owned());
        let mounts =
            vec![mount("/etc/ccx/rules-10", "ConfigMap other"), mount("/etc/ccx/rules-1", "ConfigMap ours")];
        let wording = Wording { mounts };
        let translated = wording.translate("/etc/ccx/rules-1/mine.yaml:3:7: no such key");
        assert_eq!(translated, "ConfigMap ours: mine.yaml:3:7: no such key");
        assert_eq!(wording.translate("failed to read /etc/ccx/rules-10"), "failed to read ConfigMap other");
    }
}
