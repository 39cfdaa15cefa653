//! Sizes as Kubernetes writes them.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::schema::rule::rule;

/// A number of bytes as a Kubernetes quantity, such as `20Gi`, `512Mi` or `1.5G`.
///
/// The original text is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteQuantity {
    text: String,
    bytes: u64,
}

/// The text is not a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityError {
    text: String,
}

/// The accepted format: no more digits than a sum of 128 bits can hold.
const PATTERN: &str = "^[0-9]{1,15}([.][0-9]{1,3})?([kMGTPE]|[KMGTPE]i)?$";

/// Enough for `PATTERN`.
const MAX_LENGTH: u32 = 21;

impl ByteQuantity {
    /// Returns the number of bytes, rounded up; the maximum if it does not fit.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the original text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn gibibytes(number: u64) -> Self {
        Self { text: format!("{number}Gi"), bytes: number << 30 }
    }

    pub(crate) fn mebibytes(number: u64) -> Self {
        Self { text: format!("{number}Mi"), bytes: number << 20 }
    }
}

impl FromStr for ByteQuantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bytes = parse(text).ok_or_else(|| QuantityError { text: text.to_owned() })?;
        Ok(Self { text: text.to_owned(), bytes })
    }
}

fn parse(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_short = !fraction.is_empty() && fraction.len() <= 3 && whole.len() <= 15;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_short || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let thousandths = whole.parse::<u128>().ok()? * 1000 + format!("{fraction:0<3}").parse::<u128>().ok()?;
    let bytes = (thousandths * u128::from(bytes_per_unit(unit)?)).div_ceil(1000);
    Some(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn bytes_per_unit(unit: &str) -> Option<u64> {
    Some(match unit {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u64.pow(2),
        "G" => 1000_u64.pow(3),
        "T" => 1000_u64.pow(4),
        "P" => 1000_u64.pow(5),
        "E" => 1000_u64.pow(6),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        "Ei" => 1 << 60,
        _ => return None,
    })
}

impl TryFrom<String> for ByteQuantity {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, QuantityError> {
        text.parse()
    }
}

impl From<ByteQuantity> for String {
    fn from(quantity: ByteQuantity) -> Self {
        quantity.text
    }
}

impl fmt::Display for QuantityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\" is not a size; write for example 20Gi or 512Mi", self.text)
    }
}

impl std::error::Error for QuantityError {}

impl JsonSchema for ByteQuantity {
    fn schema_name() -> Cow<'static, str> {
        "ByteQuantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_LENGTH,
            "x-kubernetes-validations": [
                rule(&format!("self.matches('{PATTERN}')"), "write a size such as 20Gi, 512Mi or 1.5G"),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_both_systems_are_known_and_the_text_is_kept() {
        let bytes = |text: &str| text.parse::<ByteQuantity>().unwrap().bytes();
        assert_eq!(bytes("20Gi"), 20 * 1024 * 1024 * 1024);
        assert_eq!([bytes("0"), bytes("7"), bytes("1.5k"), bytes("0.001Ki")], [0, 7, 1500, 2]);
        assert_eq!(bytes("999999999999999Ei"), u64::MAX);
        assert_eq!(String::from("1.50G".parse::<ByteQuantity>().unwrap()), "1.50G");
    }

    #[test]
    fn invalid_quantity_is_quoted() {
        for text in ["", "Gi", "20GB", "20 Gi", "-1Gi", "1.Gi", ".5Gi", "1.2345Gi", "9999999999999999", "1e3"]
        {
            let error = text.parse::<ByteQuantity>().unwrap_err();
            assert_eq!(error.to_string(), format!("{text:?} is not a size; write for example 20Gi or 512Mi"));
        }
    }
}
