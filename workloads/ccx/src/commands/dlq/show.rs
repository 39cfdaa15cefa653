//! `ccx dlq show`

use ccx_cli::CliError;
use ccx_config::Kafka;
use ccx_transport::Record;
use clap::Args;

use super::{Letters, NoLetterSnafu, Position};
use crate::output;

/// Show one message that was given up, with its headers
///
/// A payload that is JSON is laid out; links in it are still good for a day, so mind where it is pasted.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx dlq show announce/0/42")]
pub(crate) struct ShowArgs {
    /// Where it lies, as `ccx dlq list` prints it.
    position: Position,
}

pub(super) async fn run(kafka: &Kafka, args: &ShowArgs) -> Result<(), Box<dyn CliError>> {
    let position = args.position;
    let mut letters = Letters::of(kafka, [position.queue]);
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
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect();
    if let Some(key) = &record.key {
        lines.push(format!("(key): {}", String::from_utf8_lossy(key)));
    }
    lines.push(String::new());
    lines.push(payload(&record.payload));
    lines.join("\n")
}

fn payload(bytes: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    json.and_then(|json| serde_json::to_string_pretty(&json).ok())
        .unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn headers_come_first_and_json_is_laid_out() {
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
    }
}
