//! `ccx dlq show`

use std::borrow::Cow;

use ccx_cli::{CliError, escape_control};
use ccx_config::Kafka;
use ccx_transport::Record;
use clap::Args;

use super::{NoLetterSnafu, Position, reader::Letters};
use crate::output;

/// Show one dead letter, with its headers
///
/// A JSON payload is indented. Links in it may be valid for a day: treat the output as a secret. Control
/// characters are escaped.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx dlq show announce/0/42")]
pub(crate) struct ShowArgs {
    /// Position of the letter, as `ccx dlq list` prints it.
    position: Position,
}

pub(super) async fn run(kafka: &Kafka, args: &ShowArgs) -> Result<(), Box<dyn CliError>> {
    let position = args.position;
    let mut letters = Letters::new(kafka, [position.queue]);
    while let Some(found) = letters.next().await? {
        if found.position == position {
            output::print(&text(&found.record))?;
            return Ok(());
        }
    }
    Err(NoLetterSnafu { position }.build().into())
}

fn text(record: &Record) -> String {
    let mut lines: Vec<String> = record
        .headers
        .iter()
        .map(|(name, value)| {
            format!("{}: {}", escape_control(name), escape_control(&String::from_utf8_lossy(value)))
        })
        .collect();
    if let Some(key) = &record.key {
        lines.push(format!("(key): {}", escape_control(&String::from_utf8_lossy(key))));
    }
    lines.push(String::new());
    lines.push(payload(&record.payload));
    lines.join("\n")
}

fn payload(bytes: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    let indented = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    let text = indented.map_or_else(|| String::from_utf8_lossy(bytes), Cow::from);
    escape_control(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn headers_precede_the_indented_payload() {
        let record = Record {
            topic: "queue".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: None,
            key: Some(b"cluster".to_vec()),
            headers: [("service".to_owned(), Bytes::from_static(b"openshift"))].into_iter().collect(),
            payload: Bytes::from_static(br#"{"url":"x"}"#),
        };
        assert_eq!(text(&record), "service: openshift\n(key): cluster\n\n{\n  \"url\": \"x\"\n}");
        assert_eq!(payload(b"not json"), "not json");
        assert_eq!(payload(b"\x1b[2Jx\ny"), "\\u{1b}[2Jx\ny");
        assert_eq!(payload("\"\u{202e}x\"".as_bytes()), "\"\\u{202e}x\"", "in JSON too");
    }
}
