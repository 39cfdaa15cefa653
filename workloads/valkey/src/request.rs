//! A processed request.

use std::fmt::Write as _;

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, SecondsFormat, Utc};

/// A request whose archive is processed, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessedRequest {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The request.
    pub request_id: String,
    /// When the cluster gathered the data, if known.
    pub gathered_at: Option<DateTime<Utc>>,
    /// When the result was stored.
    pub processed_at: DateTime<Utc>,
    /// The rules that hit: component and error key.
    pub hits: Vec<(String, String)>,
}

/// When a request was received and processed, as the server holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTimes {
    /// The request.
    pub request_id: String,
    /// When the cluster gathered the data, in RFC 3339; year 1 when unknown.
    pub received: String,
    /// When the result was stored, in RFC 3339.
    pub processed: String,
}

impl ProcessedRequest {
    /// Returns the hits as `<rule>|<error key>`, joined by commas.
    pub fn rule_hits(&self) -> String {
        let mut csv = String::new();
        for (component, error_key) in &self.hits {
            let rule = component.strip_suffix(".report").unwrap_or(component);
            let separator = if csv.is_empty() { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(csv, "{separator}{rule}|{error_key}");
        }
        csv
    }

    /// Returns when the cluster gathered the data, as text; year 1 when unknown.
    pub fn received(&self) -> String {
        self.gathered_at.map_or_else(|| UNKNOWN_TIME.to_owned(), format_time)
    }

    /// Returns when the result was stored, as text.
    pub fn processed(&self) -> String {
        format_time(self.processed_at)
    }
}

/// The zero time of the services that share the server.
const UNKNOWN_TIME: &str = "0001-01-01T00:00:00Z";

/// Formats as RFC 3339 with as many digits of the fraction as are needed.
fn format_time(time: DateTime<Utc>) -> String {
    let text = time.to_rfc3339_opts(SecondsFormat::Nanos, true);
    match text.trim_end_matches('Z').split_once('.') {
        Some((seconds, fraction)) => match fraction.trim_end_matches('0') {
            "" => format!("{seconds}Z"),
            digits => format!("{seconds}.{digits}Z"),
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_no_trailing_zeros() {
        for text in ["2026-01-15T12:00:00Z", "2026-01-15T12:00:00.5Z", "2026-01-15T12:00:00.000000001Z"] {
            assert_eq!(format_time(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn hits_are_listed_without_the_suffix_of_components() {
        let mut request = ProcessedRequest {
            org_id: OrgId::new(1).unwrap(),
            cluster_id: ClusterId::random(),
            request_id: "r".into(),
            gathered_at: None,
            processed_at: Utc::now(),
            hits: vec![("ccx.a.report".into(), "A".into()), ("ccx.b".into(), "B".into())],
        };
        assert_eq!(request.rule_hits(), "ccx.a|A,ccx.b|B");
        assert_eq!(request.received(), "0001-01-01T00:00:00Z");
        request.hits.clear();
        assert_eq!(request.rule_hits(), "");
    }
}
