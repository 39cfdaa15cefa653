//! JSON objects, byte for byte as Go's `encoding/json` writes a map of raw values.
//!
//! A database may be shared with a writer in Go: the bytes of the `report` column must not depend on the writer.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::value::RawValue;

/// Encodes an object with sorted keys, no whitespace, and `<`, `>`, `&`, U+2028 and U+2029 escaped.
///
/// ```
/// use std::{borrow::Cow, collections::BTreeMap};
/// use serde_json::value::RawValue;
///
/// let object: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(r#"{"b": "<", "a": [1, 2]}"#)?;
/// assert_eq!(ccx_messages::encode_object_like_go(&object), r#"{"a":[1,2],"b":"\u003c"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn encode_object_like_go(object: &BTreeMap<Cow<'_, str>, &RawValue>) -> String {
    let content_len: usize = object.iter().map(|(key, value)| key.len() + value.get().len() + 4).sum();
    let mut out = Vec::with_capacity(content_len + 2);
    out.push(b'{');
    for (index, (key, value)) in object.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let key = serde_json::to_string(key).unwrap_or_default();
        append_compact(&mut out, key.as_bytes());
        out.push(b':');
        append_compact(&mut out, value.get().as_bytes());
    }
    out.push(b'}');
    // Only ASCII bytes and whole characters were replaced, so the output is UTF-8 as the input was.
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Copies valid JSON in runs: drops the whitespace between tokens, and escapes the characters that Go escapes.
fn append_compact(out: &mut Vec<u8>, json: &[u8]) {
    let mut in_string = false;
    let mut run_start = 0;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let (replacement, width): (&[u8], usize) = match byte {
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => (b"", 1),
            b'<' => (b"\\u003c", 1),
            b'>' => (b"\\u003e", 1),
            b'&' => (b"\\u0026", 1),
            0xe2 if json[at..].starts_with("\u{2028}".as_bytes()) => (b"\\u2028", 3),
            0xe2 if json[at..].starts_with("\u{2029}".as_bytes()) => (b"\\u2029", 3),
            b'\\' if in_string => {
                at += 2;
                continue;
            }
            b'"' => {
                in_string = !in_string;
                at += 1;
                continue;
            }
            _ => {
                at += 1;
                continue;
            }
        };
        out.extend_from_slice(&json[run_start..at]);
        out.extend_from_slice(replacement);
        at += width;
        run_start = at;
    }
    out.extend_from_slice(&json[run_start..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(json: &str) -> String {
        encode_object_like_go(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn keys_are_sorted_and_whitespace_is_dropped() {
        let json = "{ \"system\": {\"b\" : 1,\n\"a\":\t2}, \"reports\":[ 1, 2 ] }";
        assert_eq!(encode(json), r#"{"reports":[1,2],"system":{"b":1,"a":2}}"#);
        assert_eq!(encode("{}"), "{}");
    }

    #[test]
    fn strings_keep_their_whitespace_and_escapes() {
        assert_eq!(encode(r#"{"a":" x \" { \\ ","b":"\u00e9é"}"#), r#"{"a":" x \" { \\ ","b":"\u00e9é"}"#);
    }

    #[test]
    fn html_and_line_separators_are_escaped() {
        assert_eq!(
            encode("{\"a&\":\"<b>\u{2028}\u{2029}â\"}"),
            r#"{"a\u0026":"\u003cb\u003e\u2028\u2029â"}"#
        );
    }

    proptest! {
        #[test]
        fn encoded_value_equals_the_original(text in any::<String>(), key in any::<String>(), number in any::<i64>()) {
            let value = serde_json::json!({ key: [text, number], "nested": { "n": number } });
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let encoded = encode(&pretty);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&encoded).unwrap(), value);
        }
    }
}
