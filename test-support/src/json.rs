//! Changes of JSON documents.

use serde_json::Value;

/// Applies a JSON merge patch (RFC 7386): objects are merged, `null` removes a member, every other value replaces.
///
/// ```
/// # use ccx_test_support::merge_patch;
/// # use serde_json::json;
/// let mut document = json!({"a": {"b": 1, "c": 2}});
/// merge_patch(&mut document, json!({"a": {"b": null, "d": [3]}}));
/// assert_eq!(document, json!({"a": {"c": 2, "d": [3]}}));
/// ```
pub fn merge_patch(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            members.remove(&key);
        } else {
            merge_patch(members.entry(key).or_insert(Value::Null), value);
        }
    }
}
