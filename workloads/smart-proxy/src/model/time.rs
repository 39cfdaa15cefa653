//! Times in JSON.
#![expect(clippy::ref_option, reason = "serde passes a reference to the field")]

use ccx_messages::format_utc_seconds;
use chrono::{DateTime, Utc};
use serde::Serializer;

/// Writes a time; only for fields that are skipped when the time is unknown.
pub(super) fn seconds<S: Serializer>(time: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    or_empty(time, to)
}

/// Writes a time, or an empty string for an unknown one.
pub(super) fn or_empty<S: Serializer>(time: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.map(format_utc_seconds).unwrap_or_default())
}

/// Writes a known time.
pub(super) fn known<S: Serializer>(time: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format_utc_seconds(*time))
}
