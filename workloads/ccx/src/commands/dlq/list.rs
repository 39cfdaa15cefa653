//! `ccx dlq list`

use ccx_config::Kafka;
use clap::Args;
use serde::Serialize;

use super::{Letter, LetterClass, Position, Queue, for_each_letter};
use crate::{
    failure::Failure,
    output::{self, Format},
};

/// Most characters of an error in a table; `show` has the rest.
const SHOWN_CHARS: usize = 120;

/// List the messages that were given up
///
/// Of both queues, oldest first within a partition. Nothing is committed: the next list shows them again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx dlq list
  ccx dlq list --queue announce --class transient
  ccx dlq list --output json | jq -r 'select(.class == \"bug\").error'")]
pub(crate) struct ListArgs {
    /// Only this queue.
    #[arg(long, value_name = "QUEUE")]
    queue: Option<Queue>,
    /// Only letters of this class.
    #[arg(long, value_name = "CLASS")]
    class: Option<LetterClass>,
    /// At most so many.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// How the list looks.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Serialize)]
struct Row {
    position: Position,
    #[serde(flatten)]
    letter: Letter,
    timestamp_ms: Option<i64>,
    payload_bytes: usize,
}

pub(super) async fn run(kafka: &Kafka, args: &ListArgs) -> Result<(), Box<dyn Failure>> {
    let limit = args.limit.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    for queue in Queue::ALL.into_iter().filter(|queue| args.queue.is_none_or(|only| only == *queue)) {
        for_each_letter(kafka, queue, |record, letter| {
            let is_wanted = args.class.is_none_or(|class| class == letter.class);
            if is_wanted && rows.len() < limit {
                let position = Position::of(queue, &record);
                rows.push(Row { position, letter, timestamp_ms: record.timestamp_ms, payload_bytes: record.payload.len() });
            }
        })
        .await?;
    }
    match args.output {
        Format::Json => rows.iter().try_for_each(output::print_json)?,
        Format::Text if rows.is_empty() => output::print("no letters")?,
        Format::Text => output::print(&table(rows))?,
    }
    Ok(())
}

fn table(rows: Vec<Row>) -> String {
    let mut table = output::table(&["POSITION", "CLASS", "REQUEST", "FROM", "ERROR"]);
    for Row { position, letter, .. } in rows {
        table.add_row([
            position.to_string(),
            letter.class.to_string(),
            letter.request_id.unwrap_or_default(),
            letter.original_topic.unwrap_or_default(),
            shortened(&letter.error),
        ]);
    }
    table.to_string()
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_error_is_shortened_at_a_character() {
        assert_eq!(shortened("short"), "short");
        let long = "é".repeat(SHOWN_CHARS + 1);
        assert_eq!(shortened(&long), format!("{}…", "é".repeat(SHOWN_CHARS)));
    }
}
