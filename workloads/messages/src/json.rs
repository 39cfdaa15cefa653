//! Parsing JSON of other programs, with errors that are safe to log.

use std::{collections::BTreeMap, error::Error, fmt};

use serde::Deserialize;
use serde_json::{Value, error::Category};

/// The beginning of serde's message about a field that the type does not declare.
const UNKNOWN_FIELD: &str = "unknown field `";

/// Parses JSON that another program wrote.
///
/// ```
/// #[derive(Debug, serde::Deserialize)]
/// struct Login { user: String, attempts: u8 }
///
/// let json = br#"{"user": "jane", "attempts": "hunter2"}"#;
/// let error = ccx_messages::parse_json::<Login>(json).unwrap_err();
/// assert_eq!(error.to_string(), "attempts: expected u8 (line 1, column 38)");
/// ```
pub fn parse_json<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, JsonError> {
    serde_json::from_slice(json).map_err(|error| JsonError::new::<T>(json, &error))
}

/// Parses a JSON object that another program wrote. In contrast to [`parse_json`], an array is not taken for the fields of a struct.
pub fn parse_json_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, JsonError> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        parse_json::<BTreeMap<String, Value>>(json)?;
    }
    parse_json(json)
}

/// An error about JSON that names the place and the expected type, and never repeats a value.
///
/// The errors of `serde_json` show the wrong value, which may be a credential: a presigned link, an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    path: Option<String>,
    expectation: String,
    line: usize,
    column: usize,
}

impl JsonError {
    fn new<'de, T: Deserialize<'de>>(json: &'de [u8], error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
        match error.classify() {
            Category::Data => {
                Self { path: path_of::<T>(json), expectation: without_values(text), line, column }
            }
            // Texts of these categories are constants.
            Category::Syntax | Category::Eof | Category::Io => {
                Self { path: None, expectation: text.into(), line, column }
            }
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        write!(f, "{} (line {}, column {})", self.expectation, self.line, self.column)
    }
}

impl Error for JsonError {}

/// Returns the part of a serde error message that the program wrote itself: the expectation, without the value
/// that was found instead.
///
/// serde writes `invalid type: string "hunter2", expected u16`, and puts the expectation last. Messages of other
/// forms come from a type's own code and may hold anything.
///
/// ```
/// use ccx_messages::without_values;
///
/// assert_eq!(without_values(r#"invalid type: string "a, expected b", expected u16"#), "expected u16");
/// assert_eq!(without_values("missing field `url`"), "missing field `url`");
/// ```
pub fn without_values(serde_message: &str) -> String {
    const NAMING_OWN_FIELDS: [&str; 2] = ["missing field `", "duplicate field `"];
    const ENDING_WITH_EXPECTATION: [&str; 5] =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `", UNKNOWN_FIELD];
    let begins_with = |beginnings: &[&str]| beginnings.iter().any(|text| serde_message.starts_with(text));
    if begins_with(&NAMING_OWN_FIELDS) {
        return serde_message.to_owned();
    }
    let expectation =
        serde_message.rsplit_once(", expected ").filter(|_| begins_with(&ENDING_WITH_EXPECTATION));
    expectation.map_or_else(|| "invalid value".to_owned(), |(_, expected)| format!("expected {expected}"))
}

/// Returns the path of fields to the error, out of names that the types declare: message types have no maps with values
/// that can fail. Called for errors only, since tracking the path costs time.
fn path_of<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let error = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err()?;
    let mut segments: Vec<String> = error.path().iter().map(ToString::to_string).collect();
    if error.inner().to_string().starts_with(UNKNOWN_FIELD) {
        // The last segment is the name that was found.
        segments.pop();
    }
    (!segments.is_empty()).then(|| segments.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Message {
        url: String,
        size: Option<u16>,
        kind: Option<Kind>,
        inner: Option<Box<Message>>,
        org_id: Option<crate::OrgId>,
        cluster_id: Option<crate::ClusterId>,
        time: Option<crate::Timestamp>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Upload,
    }

    fn error(json: &str) -> String {
        parse_json::<Message>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn error_of_every_kind_repeats_no_value() {
        for json in [
            r#"{"url": ["hunter2"]}"#,
            r#"{"url": "", "size": "hunter2"}"#,
            r#"{"url": "", "kind": "hunter2"}"#,
            r#"{"url": "", "hunter2": 1}"#,
            r#"{"url": "", "org_id": "hunter2"}"#,
            r#"{"url": "", "cluster_id": "hunter2"}"#,
            r#"{"url": "", "time": "hunter2"}"#,
            r#"{"url": "", "inner": {"url": "", "size": "x, expected hunter2"}}"#,
            r#""hunter2""#,
            "hunter2",
            r#"{"url": "hunter2"#,
            r#"{"url": "hunter2\u{0}"}"#,
            r#"{"url": hunter2}"#,
        ] {
            let text = error(json);
            assert!(!text.contains(SECRET) && text.contains("line 1, column"), "{json}: {text}");
        }
    }

    #[test]
    fn error_names_place_and_expectation() {
        assert_eq!(error(r#"{"url": 5}"#), "url: expected a string (line 1, column 9)");
        assert_eq!(
            error(r#"{"url": "", "inner": {"url": "", "size": "x"}}"#),
            "inner.size: expected u16 (line 1, column 44)"
        );
        assert_eq!(
            error(r#"{"url": "", "org_id": 0}"#),
            "org_id: expected an organisation id (1 to 2147483647) (line 1, column 24)"
        );
        assert_eq!(error("{}"), "missing field `url` (line 1, column 2)");
        assert_eq!(error("}"), "expected value (line 1, column 1)");
    }
}
