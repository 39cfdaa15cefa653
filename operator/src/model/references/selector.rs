//! The validity of a label selector, which the API server does not check in a resource of ours.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// The limit of a value, and of the part of a key after its prefix.
const MAX_LENGTH: usize = 63;

/// Returns what is wrong with a selector, and what to write instead.
pub(crate) fn selector_problem(selector: &LabelSelector) -> Option<String> {
    let labels = selector.match_labels.iter().flatten();
    let expressions = selector.match_expressions.iter().flatten();
    let keys = labels.clone().map(|(key, _)| key).chain(expressions.clone().map(|it| &it.key));
    let values =
        labels.map(|(_, value)| value).chain(expressions.clone().flat_map(|it| it.values.iter().flatten()));
    let invalid_key =
        keys.into_iter().find(|key| !is_key(key)).map(|key| format!("\"{key}\" is not the key of a label"));
    let invalid_value = values
        .into_iter()
        .find(|value| !value.is_empty() && !is_name(value))
        .map(|value| format!("\"{value}\" is not the value of a label"));
    let invalid_expression = expressions.into_iter().find_map(|it| {
        let has_values = it.values.as_ref().is_some_and(|values| !values.is_empty());
        match (it.operator.as_str(), has_values) {
            ("In" | "NotIn", true) | ("Exists" | "DoesNotExist", false) => None,
            ("In" | "NotIn", false) => Some(format!("set values of the operator {}", it.operator)),
            ("Exists" | "DoesNotExist", true) => {
                Some(format!("remove values from the operator {}", it.operator))
            }
            _ => {
                Some(format!("write an operator of In, NotIn, Exists and DoesNotExist, not {}", it.operator))
            }
        }
    });
    invalid_key.or(invalid_value).or(invalid_expression)
}

fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => {
            let is_domain =
                |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || matches!(it, '-' | '.');
            !prefix.is_empty() && prefix.chars().all(is_domain) && is_name(name)
        }
        None => is_name(key),
    }
}

fn is_name(text: &str) -> bool {
    let is_inner = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    let ends = [text.chars().next(), text.chars().next_back()];
    text.len() <= MAX_LENGTH
        && text.chars().all(is_inner)
        && ends.into_iter().all(|it| it.is_some_and(|it| it.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problem(selector: Value) -> Option<String> {
        selector_problem(&serde_json::from_value(selector).unwrap())
    }

    #[test]
    fn valid_selector_has_no_problem() {
        let selectors = [
            json!({"matchLabels": {"ccx.openshift.io/rules": "true", "a": ""}}),
            json!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c_1"]}]}),
            json!({"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}]}),
        ];
        assert_eq!(selectors.map(problem), [None, None, None]);
    }

    #[test]
    fn invalid_selector_is_described() {
        let cases = [
            (json!({"matchLabels": {"a b": "c"}}), "\"a b\" is not the key of a label"),
            (json!({"matchLabels": {"a": "b c"}}), "\"b c\" is not the value of a label"),
            (json!({"matchLabels": {"Example.com/a": "b"}}), "\"Example.com/a\" is not the key of a label"),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]}),
                "write an operator of In, NotIn, Exists and DoesNotExist, not in",
            ),
            (json!({"matchExpressions": [{"key": "a", "operator": "In"}]}), "set values of the operator In"),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
                "remove values from the operator Exists",
            ),
        ];
        for (selector, expected) in cases {
            assert_eq!(problem(selector).as_deref(), Some(expected));
        }
    }
}
