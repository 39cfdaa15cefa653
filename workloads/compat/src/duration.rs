//! Durations in the format of Go.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A duration: `"300s"`, `"1m30s"`, or a number of nanoseconds. Printed as nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) Duration);

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Nanoseconds(u64),
            Text(String),
        }
        match Written::deserialize(deserializer) {
            Ok(Written::Nanoseconds(nanoseconds)) => Ok(Self(Duration::from_nanos(nanoseconds))),
            Ok(Written::Text(text)) if text.is_empty() || text == "0" => Ok(Self(Duration::ZERO)),
            Ok(Written::Text(text)) => humantime::parse_duration(&text)
                .map(Self)
                .map_err(|_| D::Error::custom("expected a duration such as \"300s\" or \"1m30s\"")),
            Err(_) => Err(D::Error::custom("expected a duration such as \"300s\" or \"1m30s\"")),
        }
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX))
    }
}
