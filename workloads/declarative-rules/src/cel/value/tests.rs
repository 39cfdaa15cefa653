use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(json: &str, mut values_left: usize) -> Result<Value, JsonError> {
    Value::from_json(json.as_bytes(), &mut values_left)
}

#[test]
fn json_is_read_and_written_in_its_order() {
    let json = r#"{"z":[1,-2,0.5,18446744073709551615],"a":{"b":null,"c":true},"é":"ü"}"#;
    let value = read(json, 100).unwrap();
    assert_eq!(serde_json::to_string(&value.details()).unwrap(), json);
}

#[test]
fn invalid_json_is_malformed_and_does_not_count() {
    let mut values_left = 10;
    for text in ["", "{", "[1,]", "{} x", "nul"] {
        assert_eq!(
            Value::from_json(text.as_bytes(), &mut values_left).unwrap_err(),
            JsonError::Malformed,
            "{text}"
        );
    }
    assert_eq!(values_left, 10);
    assert_eq!(read(&"[".repeat(1000), 10_000).unwrap_err(), JsonError::Malformed);
}

#[test]
fn json_of_too_many_values_is_too_large() {
    assert!(read("[1,2,3]", 4).is_ok());
    assert_eq!(read("[1,2,3,4]", 4).unwrap_err(), JsonError::TooLarge);
}

#[test]
fn last_entry_with_the_same_key_wins() {
    assert_eq!(read(r#"{"a":1,"b":2,"a":3}"#, 10).unwrap().to_json(), json!({"a": 3, "b": 2}));
    let many: Vec<String> = (0..40).map(|number| format!(r#""k{}":{number}"#, number % 20)).collect();
    let Value::Map(map) = read(&format!("{{{}}}", many.join(",")), 100).unwrap() else { panic!() };
    assert_eq!(map.entries().len(), 20);
    assert_eq!(map.get("k3").unwrap().to_json(), json!(23));
}

#[test]
fn long_details_are_truncated() {
    let long = Value::list((0..1500).map(Value::Int));
    let details = serde_json::to_value(long.details()).unwrap();
    assert_eq!(details.as_array().unwrap().len(), 1000);
    let text = Value::text("é".repeat(3000));
    assert_eq!(serde_json::to_value(text.details()).unwrap().as_str().unwrap().len(), 4096);
}

#[test]
fn clone_of_a_list_shares_its_items() {
    let list = Value::list([Value::text("a")]);
    let (Value::List(a), Value::List(b)) = (&list, &list.clone()) else { panic!() };
    assert!(std::ptr::eq(a.items(), b.items()));
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        "[a-cé]{0,3}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 64, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..24).prop_map(|items| json!(items)),
            prop::collection::hash_map("[a-z]{1,2}", inner, 0..24).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_survives_a_round_trip(json in json_value()) {
        let value = read(&json.to_string(), usize::MAX).unwrap();
        prop_assert_eq!(value.to_json(), json.clone());
        prop_assert_eq!(&value, &Value::from_serde(json));
    }

    #[test]
    fn every_entry_of_a_map_is_found(json in prop::collection::hash_map("[a-z]{1,2}", any::<i64>(), 0..60)) {
        let Value::Map(map) = Value::from_serde(json!(json)) else { panic!() };
        for (key, value) in &json {
            prop_assert_eq!(map.get(key), Some(&Value::Int(*value)));
        }
        prop_assert_eq!(map.get("-"), None);
    }

    #[test]
    fn value_equals_itself_and_weighs_as_much_as_its_parts(json in json_value()) {
        let value = Value::from_serde(json);
        prop_assert_eq!(&value, &value.clone());
        prop_assert!(value.weight() >= 1);
        prop_assert!(value.depth() <= 8);
    }
}
