//! `ccx dlq replay`

use ccx_config::{Kafka, Topics};
use ccx_messages::DeadLetter;
use ccx_transport::{Outgoing, Producer, Record};
use clap::Args;
use serde::Serialize;
use snafu::{ResultExt as _, ensure};

use super::{
    DlqError, Letter, LetterClass, NoLetterSnafu, NothingChosenSnafu, Position, ProducerSnafu, Queue, SendSnafu,
    for_each_letter,
};
use crate::{
    failure::Failure,
    output::{self, Format, OutputError},
};

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

/// A letter that is to be sent again.
struct Chosen {
    position: Position,
    record: Record,
    letter: Letter,
    /// Where to.
    topic: String,
}

#[derive(Serialize)]
struct Row<'a> {
    position: Position,
    topic: &'a str,
    class: LetterClass,
    request_id: Option<&'a str>,
    sent: bool,
}

pub(super) async fn run(kafka: &Kafka, args: &ReplayArgs) -> Result<(), Box<dyn Failure>> {
    let is_chosen = !args.positions.is_empty() || args.class.is_some() || args.all;
    ensure!(is_chosen, NothingChosenSnafu);
    let chosen = choose(kafka, args).await?;
    let producer = Producer::new(kafka).context(ProducerSnafu)?;
    for (sent, letter) in chosen.iter().enumerate() {
        if !args.dry_run {
            let topic = &letter.topic;
            send(&producer, letter).await.context(SendSnafu { position: letter.position, topic, sent })?;
        }
        print(args, letter)?;
    }
    if args.output == Format::Text {
        let verb = if args.dry_run { "would be sent" } else { "sent" };
        output::print(&format!("{} letter(s) {verb}", chosen.len()))?;
    }
    Ok(())
}

/// Reads the queues and keeps what was asked for.
async fn choose(kafka: &Kafka, args: &ReplayArgs) -> Result<Vec<Chosen>, DlqError> {
    let limit = args.limit.unwrap_or(usize::MAX);
    let mut chosen = Vec::new();
    for queue in Queue::ALL.into_iter().filter(|queue| wants_queue(args, *queue)) {
        for_each_letter(kafka, queue, |record, letter| {
            let position = Position::of(queue, &record);
            if chosen.len() < limit && wants(args, position, letter.class) {
                let topic = destination(queue, &letter, &kafka.topics).to_owned();
                chosen.push(Chosen { position, record, letter, topic });
            }
        })
        .await?;
    }
    for &position in &args.positions {
        let is_found = chosen.iter().any(|letter| letter.position == position);
        ensure!(is_found || chosen.len() >= limit, NoLetterSnafu { position });
    }
    Ok(chosen)
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

async fn send(producer: &Producer, Chosen { record, topic, .. }: &Chosen) -> Result<(), ccx_transport::KafkaError> {
    let headers: Vec<_> = record.headers.iter().filter(|(name, _)| !DeadLetter::owns_header(name)).collect();
    producer.send(Outgoing { topic, key: record.key.as_deref(), headers: &headers, payload: &record.payload }).await
}

fn print(args: &ReplayArgs, Chosen { position, letter, topic, .. }: &Chosen) -> Result<(), OutputError> {
    let request_id = letter.request_id.as_deref();
    match args.output {
        Format::Json => {
            output::print_json(&Row { position: *position, topic, class: letter.class, request_id, sent: !args.dry_run })
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
