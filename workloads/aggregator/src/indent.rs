//! JSON on several lines, indented by tabs, as Go's `MarshalIndent` writes it.

/// Appends the JSON document `json` to `out`. Its first line continues the current one; later ones stand `depth` tabs to the
/// right. Values are copied as they are; only the white space between them changes.
///
/// `json` must be valid: an invalid document becomes some text of about the same length.
pub(crate) fn append_indented(out: &mut Vec<u8>, json: &str, depth: usize) {
    let mut depth = depth;
    let mut bytes = json.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' => {
                out.push(byte);
                copy_string(out, &mut bytes);
            }
            b'{' | b'[' => {
                out.push(byte);
                while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
                if let Some(end) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    start_line(out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                start_line(out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                start_line(out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
}

/// Starts a line indented by `depth` tabs.
pub(crate) fn start_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + depth, b'\t');
}

fn copy_string(out: &mut Vec<u8>, bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        out.push(byte);
        match byte {
            b'"' => return,
            b'\\' => out.extend(bytes.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json, ser::PrettyFormatter};

    use super::*;

    fn indented(json: &str) -> String {
        let mut out = Vec::new();
        append_indented(&mut out, json, 0);
        String::from_utf8(out).unwrap()
    }

    fn indented_by_serde(value: &Value) -> String {
        let mut out = Vec::new();
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"\t"));
        serde::Serialize::serialize(value, &mut serializer).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn nested_document_continues_the_current_line() {
        let mut out = b"\t\"x\": ".to_vec();
        append_indented(&mut out, r#"{"a":[1,{}],"b":"{,}\"" , "c": [ ] }"#, 1);
        let expected = "\t\"x\": {\n\t\t\"a\": [\n\t\t\t1,\n\t\t\t{}\n\t\t],\n\t\t\"b\": \"{,}\\\"\",\n\t\t\"c\": []\n\t}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn any_document_is_written_as_by_a_pretty_printer(value in any_json()) {
            prop_assert_eq!(indented(&value.to_string()), indented_by_serde(&value));
            prop_assert_eq!(indented(&format!("{value:#}")), indented_by_serde(&value));
        }

        #[test]
        fn broken_document_stays_bounded(text in any::<String>()) {
            prop_assert!(indented(&text).len() <= text.len() * (text.len() + 2));
        }
    }

    #[test]
    fn empty_object_is_written_as_by_serde() {
        assert_eq!(indented("{ }"), indented_by_serde(&json!({})));
    }
}
