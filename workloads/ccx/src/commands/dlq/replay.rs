//! `ccx dlq replay`

use std::collections::BTreeSet;

use ccx_cli::CliError;
use ccx_config::{Kafka, Topics};
use ccx_messages::DeadLetter;
use ccx_transport::{KafkaError, Outgoing, Producer, Record};
use clap::Args;
use serde::Serialize;
use snafu::{ResultExt as _, ensure};

use super::{
    Letter, LetterClass, Letters, NoLetterSnafu, NothingChosenSnafu, Position, ProducerSnafu, Queue,
    SendSnafu, letters::Found,
};
use crate::output::{self, Format, OutputError};

/// Send messages that were given up again
///
/// Each goes to the topic that it came from, with its payload, key and headers as they were. Letters stay in the queue and nothing
/// remembers that they were sent, so the next replay sends them once more; consumers take that without harm, because a report that
/// is not newer than the stored one changes nothing. What fails again comes back as a new letter.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx dlq replay --class transient --dry-run     # what would be sent
  ccx dlq replay announce/0/42 announce/0/43
  ccx dlq replay --queue results --all --limit 1000")]
pub(crate) struct ReplayArgs {
    /// Where the letters lie, as `ccx dlq list` prints it.
    #[arg(value_name = "POSITION", conflicts_with_all = ["class", "all", "queue"])]
    positions: Vec<Position>,
    /// All letters of this class.
    #[arg(long, value_name = "CLASS", conflicts_with = "all")]
    class: Option<LetterClass>,
    /// All letters.
    #[arg(long)]
    all: bool,
    /// Only letters of this queue.
    #[arg(long, value_name = "QUEUE")]
    queue: Option<Queue>,
    /// At most so many, the oldest of each partition first.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// Send nothing, only print what would be sent.
    #[arg(long)]
    dry_run: bool,
    /// How results look.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Serialize)]
struct Row<'a> {
    position: Position,
    topic: &'a str,
    class: LetterClass,
    request_id: Option<&'a str>,
    sent: bool,
}

pub(super) async fn run(kafka: &Kafka, args: &ReplayArgs) -> Result<(), Box<dyn CliError>> {
    let is_chosen = !args.positions.is_empty() || args.class.is_some() || args.all;
    ensure!(is_chosen, NothingChosenSnafu);
    let producer = Producer::new(kafka).context(ProducerSnafu)?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let mut missing: BTreeSet<Position> = args.positions.iter().copied().collect();
    let mut sent = 0;
    let mut letters = Letters::of(kafka, Queue::ALL.into_iter().filter(|queue| wants_queue(args, *queue)));
    while sent < limit
        && let Some(found) = letters.next().await?
    {
        missing.remove(&found.position);
        if wants(args, found.position, found.letter.class) {
            replay(args, &producer, &kafka.topics, &found, sent).await?;
            sent += 1;
        }
    }
    if args.output == Format::Text {
        let verb = if args.dry_run { "would be sent" } else { "sent" };
        output::print(&format!("{sent} letter(s) {verb}"))?;
    }
    match missing.first() {
        Some(&position) if sent < limit => Err(NoLetterSnafu { position }.build().into()),
        _ => Ok(()),
    }
}

/// Sends one letter again, unless it is a rehearsal, and says so.
async fn replay(
    args: &ReplayArgs,
    producer: &Producer,
    topics: &Topics,
    Found { position, letter, record }: &Found,
    sent: usize,
) -> Result<(), Box<dyn CliError>> {
    let topic = destination(position.queue, letter, topics);
    if !args.dry_run {
        send(producer, topic, record).await.context(SendSnafu { position: *position, topic, sent })?;
    }
    print(args, *position, letter, topic)?;
    Ok(())
}

fn wants_queue(args: &ReplayArgs, queue: Queue) -> bool {
    let is_named = args.positions.is_empty() || args.positions.iter().any(|position| position.queue == queue);
    is_named && args.queue.is_none_or(|only| only == queue)
}

fn wants(args: &ReplayArgs, position: Position, class: LetterClass) -> bool {
    args.all || args.class == Some(class) || args.positions.contains(&position)
}

/// The topic that the letter came from. Only topics that are read here are believed: the header is anyone's who can write to the
/// queue.
fn destination<'a>(queue: Queue, letter: &Letter, topics: &'a Topics) -> &'a str {
    let known = [topics.announce.as_str(), topics.results.as_str()];
    let named = known.into_iter().find(|topic| letter.original_topic.as_deref() == Some(*topic));
    named.unwrap_or_else(|| queue.origin(topics))
}

async fn send(producer: &Producer, topic: &str, record: &Record) -> Result<(), KafkaError> {
    let headers: Vec<_> = record.headers.iter().filter(|(name, _)| !DeadLetter::owns_header(name)).collect();
    producer
        .send(Outgoing { topic, key: record.key.as_deref(), headers: &headers, payload: &record.payload })
        .await
}

fn print(args: &ReplayArgs, position: Position, letter: &Letter, topic: &str) -> Result<(), OutputError> {
    let request_id = letter.request_id.as_deref();
    match args.output {
        Format::Json => {
            output::print_json(&Row { position, topic, class: letter.class, request_id, sent: !args.dry_run })
        }
        Format::Text => {
            let request = request_id.map(|id| format!(", request {id}")).unwrap_or_default();
            output::print(&format!("{position} -> {topic} ({}{request})", letter.class))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(original_topic: Option<&str>) -> Letter {
        Letter {
            class: LetterClass::Transient,
            error: String::new(),
            request_id: None,
            original_topic: original_topic.map(str::to_owned),
            failed_by: None,
        }
    }

    #[test]
    fn a_letter_goes_where_it_came_from() {
        let topics = Topics::default();
        let to = |queue, original| destination(queue, &letter(original), &topics);
        assert_eq!(to(Queue::Announce, Some("platform.upload.announce")), "platform.upload.announce");
        assert_eq!(to(Queue::Results, Some("ccx.ocp.results")), "ccx.ocp.results");
    }

    #[test]
    fn a_letter_that_names_a_strange_topic_or_none_goes_to_the_queues_own() {
        let topics = Topics::default();
        let to = |queue, original| destination(queue, &letter(original), &topics);
        assert_eq!(to(Queue::Announce, Some("secrets")), "platform.upload.announce");
        assert_eq!(to(Queue::Results, None), "ccx.ocp.results");
    }
}
