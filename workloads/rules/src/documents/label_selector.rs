//! Label selectors, which choose objects by their labels.

use serde::Deserialize;

use super::{List, Map, Text, Texts};

/// A choice of objects by their labels: all of its requirements have to be met. Without any, it chooses all
/// objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LabelSelector<'a> {
    /// Labels and their values.
    #[serde(borrow)]
    pub match_labels: Map<'a>,
    /// Further requirements.
    pub match_expressions: List<Requirement<'a>>,
}

/// A requirement on a label.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Requirement<'a> {
    /// The label.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Text<'a>,
    /// The values, for the first two.
    pub values: Texts<'a>,
}

impl LabelSelector<'_> {
    /// Returns whether an object is chosen of whose labels `label` gives the values.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let mut labels = self.match_labels.iter();
        let mut expressions = self.match_expressions.iter();
        labels.all(|(key, value)| label(key) == Some(value))
            && expressions.all(|requirement| requirement.is_met_by(label(&requirement.key)))
    }
}

impl Requirement<'_> {
    fn is_met_by(&self, value: Option<&str>) -> bool {
        let is_listed = value.is_some_and(|value| self.values.iter().any(|listed| &**listed == value));
        match &*self.operator {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            // The API knows no other operator, so that nothing is chosen.
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selector_matches_by_labels_and_expressions() {
        let matches = |selector: &str| {
            let selector: LabelSelector<'_> = serde_json::from_str(selector).unwrap();
            selector.matches(|key| (key == "team").then_some("a"))
        };
        for (selector, expected) in [
            ("{}", true),
            (r#"{"matchLabels":{"team":"a"}}"#, true),
            (r#"{"matchLabels":{"team":"b"}}"#, false),
            (r#"{"matchLabels":{"other":"a"}}"#, false),
            (r#"{"matchExpressions":[{"key":"team","operator":"In","values":["b","a"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"team","operator":"NotIn","values":["a"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"other","operator":"NotIn","values":["a"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"team","operator":"Exists"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"other","operator":"Exists"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"other","operator":"DoesNotExist"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"other","operator":"Unheard"}]}"#, false),
        ] {
            assert_eq!(matches(selector), expected, "{selector}");
        }
    }
}
