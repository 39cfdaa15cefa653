//! Booleans and numbers that may be text, as environment variables are.

use serde::{Deserialize, Deserializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Boolean(bool),
    Number(i64),
    Text(String),
}

/// Deserializes `true`, `1` or `"true"`.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let expected = || D::Error::custom("expected true or false");
    match Written::deserialize(deserializer).map_err(|_| expected())? {
        Written::Boolean(value) => Ok(value),
        Written::Number(value) => Ok(value != 0),
        Written::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Ok(true),
            "false" | "f" | "0" | "" => Ok(false),
            _ => Err(expected()),
        },
    }
}

/// Deserializes `5432` or `"5432"`.
pub(crate) fn number<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64>,
{
    let expected = || D::Error::custom("expected a whole number in the range of the key");
    let value = match Written::deserialize(deserializer).map_err(|_| expected())? {
        Written::Number(value) => value,
        Written::Text(text) if text.is_empty() => 0,
        Written::Text(text) => text.trim().parse().map_err(|_| expected())?,
        Written::Boolean(_) => return Err(expected()),
    };
    N::try_from(value).map_err(|_| expected())
}
