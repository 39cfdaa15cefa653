//! Any resource is accepted or refused, and an accepted one can be deserialized.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;

use ccx_crds::{accept, validate};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn resource_with_one_value_replaced_is_either_refused_or_read(place: Index, value in any_value()) {
        let mut resource = production();
        let places = places(&resource, String::new());
        *resource.pointer_mut(&places[place.index(places.len())]).unwrap() = value;
        let violations = validate(&resource, None);
        if violations.is_empty() {
            prop_assert!(accept(&resource, None).is_ok());
        }
    }

    #[test]
    fn change_of_one_value_has_a_verdict_in_both_directions(place: Index, value in any_value()) {
        let resource = production();
        let places = places(&resource, String::new());
        let mut changed = resource.clone();
        *changed.pointer_mut(&places[place.index(places.len())]).unwrap() = value;
        validate(&changed, Some(&resource));
        if validate(&changed, None).is_empty() {
            validate(&resource, Some(&changed));
        }
    }
}

fn production() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/production.yaml");
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Texts with a special meaning in some field.
const TEXTS: [&str; 12] = [
    "",
    "0",
    "1h",
    "99999h99999h99999h99999h",
    "99999ms",
    "20Gi",
    "999999999999999Ei",
    "1e3",
    "-1",
    "a.b",
    "Managed",
    "ä",
];

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        (-1.0e9..1.0e9).prop_map(|value| json!(value)),
        prop::sample::select(&TEXTS).prop_map(|text| json!(text)),
        ".{0,40}".prop_map(|text| json!(text)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{}, null, "x"])),
        Just(json!({"x": {"y": null}})),
    ]
}

/// Returns JSON pointers to all values in the spec.
fn places(value: &Value, pointer: String) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.replace('~', "~0").replace('/', "~1"), field)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    let mut places: Vec<String> =
        inner.into_iter().flat_map(|(name, value)| places(value, format!("{pointer}/{name}"))).collect();
    places.push(pointer);
    places
}
