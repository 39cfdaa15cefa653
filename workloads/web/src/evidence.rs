//! The values that a rule found in an archive.

use serde_json::Value as Json;

/// Keys that every finding has: they say which rule it is, not what it found.
const IDENTIFYING: [&str; 2] = ["type", "error_key"];

/// The length from which a text is shown as a block.
const MAX_INLINE: usize = 100;

/// A named value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Whether it needs lines of its own.
    pub(crate) is_block: bool,
}

/// Returns the values, in their order.
pub(crate) fn values(details: &Json) -> Vec<Value> {
    let Json::Object(details) = details else { return Vec::new() };
    let found = details.iter().filter(|(name, _)| !IDENTIFYING.contains(&name.as_str()));
    found.map(|(name, value)| named(name, value)).collect()
}

fn named(name: &str, value: &Json) -> Value {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Array(items) if !items.is_empty() && items.iter().all(|item| !is_nested(item)) => {
            items.iter().map(scalar).collect::<Vec<_>>().join("\n")
        }
        nested if is_nested(nested) => serde_json::to_string_pretty(nested).unwrap_or_default(),
        other => scalar(other),
    };
    let is_block = text.contains('\n') || text.len() > MAX_INLINE;
    Value { name: name.replace('_', " "), text, is_block }
}

fn is_nested(value: &Json) -> bool {
    matches!(value, Json::Object(_) | Json::Array(_))
}

fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_lines_for_people() {
        let details = json!({"error_key": "A", "type": "rule", "node_count": 3, "nodes": ["a", "b"], "op": {"x": null}, "none": []});
        let shown: Vec<_> =
            values(&details).into_iter().map(|value| (value.name, value.text, value.is_block)).collect();
        let expected = [
            ("node count", "3", false),
            ("nodes", "a\nb", true),
            ("none", "[]", false),
            ("op", "{\n  \"x\": null\n}", true),
        ];
        let mut shown: Vec<_> =
            shown.iter().map(|(name, text, block)| (name.as_str(), text.as_str(), *block)).collect();
        shown.sort_unstable();
        assert_eq!(shown, expected);
    }

    #[test]
    fn finding_without_values_has_none() {
        assert_eq!(values(&json!({"type": "rule", "error_key": "A"})), []);
        assert_eq!(values(&json!(null)), []);
    }
}
