//! `ccx dlq list`

use ccx_cli::{CliError, escape_control};
use ccx_config::Config;
use clap::{Args, ValueEnum as _};
use serde::Serialize;

use super::{
    DlqError, Letter, LetterClass, Position, Queue,
    reader::{Found, Letters},
};
use crate::output::{self, Format};

/// The limit of an error in a table in characters; `show` has the rest.
const SHOWN_CHARS: usize = 120;

/// List dead letters
///
/// Of both queues, oldest first within a partition. Listing changes nothing.
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
    #[arg(long, default_value_t = 1000, value_name = "NUMBER")]
    limit: usize,
    /// Format of the list.
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

pub(super) async fn run(config: &Config, args: &ListArgs) -> Result<(), Box<dyn CliError>> {
    let rows = read(config, args).await?;
    let is_cut = rows.len() > args.limit;
    let shown = &rows[..rows.len().min(args.limit)];
    match args.output {
        Format::Json => shown.iter().try_for_each(output::print_json)?,
        Format::Text if shown.is_empty() => output::print("no letters")?,
        Format::Text => output::print(&table(shown))?,
    }
    if is_cut {
        output::note(&format!("there are more than {} letters; --limit shows more", args.limit));
    }
    Ok(())
}

/// Reads the wanted letters, and one more to know whether there are more.
async fn read(config: &Config, args: &ListArgs) -> Result<Vec<Row>, DlqError> {
    let is_wanted = |queue: &Queue| args.queue.map_or_else(|| queue.is_in_use(config), |only| only == *queue);
    let queues = Queue::value_variants().iter().copied().filter(is_wanted);
    let mut letters = Letters::new(&config.kafka, queues);
    let mut rows = Vec::new();
    while rows.len() <= args.limit
        && let Some(Found { position, letter, record }) = letters.next().await?
    {
        if args.class.is_none_or(|class| class == letter.class) {
            rows.push(Row {
                position,
                letter,
                timestamp_ms: record.timestamp_ms,
                payload_bytes: record.payload.len(),
            });
        }
    }
    Ok(rows)
}

fn table(rows: &[Row]) -> String {
    let mut table = output::table(&["POSITION", "CLASS", "REQUEST", "FROM", "ERROR"]);
    for Row { position, letter, .. } in rows {
        table.add_row([
            position.to_string(),
            letter.class.to_string(),
            escape_control(letter.request_id.as_deref().unwrap_or_default()).into_owned(),
            escape_control(letter.original_topic.as_deref().unwrap_or_default()).into_owned(),
            escape_control(&shortened(&letter.error)).into_owned(),
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
    fn long_error_is_shortened_at_a_character() {
        assert_eq!(shortened("short"), "short");
        let long = "é".repeat(SHOWN_CHARS + 1);
        assert_eq!(shortened(&long), format!("{}…", "é".repeat(SHOWN_CHARS)));
    }
}
