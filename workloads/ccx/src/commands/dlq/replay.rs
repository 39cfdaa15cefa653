//! `ccx dlq replay`

use std::collections::{BTreeMap, BTreeSet};

use ccx_cli::{CliError, escape_control};
use ccx_config::{Config, Kafka};
use ccx_messages::{DeadLetter, header};
use ccx_transport::{
    GroupOffsets, KafkaError, Outgoing, Producer, Record, TopicAdmin, TopicOutcome, TopicSettings,
};
use clap::{Args, ValueEnum as _};
use serde::Serialize;
use snafu::{ResultExt as _, ensure};

use super::{
    CommitSnafu, DlqError, LetterClass, NoLetterSnafu, NothingChosenSnafu, Position, ProducerSnafu, Queue,
    ReadSnafu, SendSnafu,
    progress::{Progress, TooManySingles},
    reader::{Found, Letters},
};
use crate::output::{self, Format, OutputError};

/// The number of letters after which the progress is committed: a crash repeats at most so many.
const COMMIT_INTERVAL: usize = 100;

/// Send dead letters again
///
/// Each letter is sent to the retry topic of its queue, `<queue>.retry`, with its payload, key and headers as
/// they were. Only the workloads of this installation consume that topic, so other consumers of the original topic do not receive
/// a message twice. What was replayed is remembered (in a consumer group of the queue), and not replayed
/// again; a letter that fails again comes back as a new letter. Letters without payload can't be replayed and
/// are named.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx dlq replay --class transient --dry-run     # what would be sent
  ccx dlq replay announce/0/42 announce/0/43
  ccx dlq replay --queue results --all --limit 1000")]
pub(crate) struct ReplayArgs {
    /// Positions of the letters, as `ccx dlq list` prints them.
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
    /// Also letters that were replayed before.
    #[arg(long)]
    again: bool,
    /// Send nothing, only print what would be sent.
    #[arg(long)]
    dry_run: bool,
    /// Format of the results.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
}

pub(super) async fn run(config: &Config, args: &ReplayArgs) -> Result<(), Box<dyn CliError>> {
    let is_chosen = !args.positions.is_empty() || args.class.is_some() || args.all;
    ensure!(is_chosen, NothingChosenSnafu);
    let mut missing: BTreeSet<Position> = args.positions.iter().copied().collect();
    let (mut sent, mut skipped) = (0, 0);
    for queue in Queue::value_variants().iter().copied().filter(|queue| wants_queue(config, args, *queue)) {
        let mut replay = Replay::prepare(&config.kafka, args, queue, sent).await?;
        let result = replay.run(&mut missing).await;
        replay.commit_all().await?;
        result?;
        sent += replay.sent;
        skipped += replay.skipped;
    }
    if args.output == Format::Text {
        let verb = if args.dry_run { "would be sent" } else { "sent" };
        let rest = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        output::print(&format!("{sent} letter(s) {verb}{rest}"))?;
    }
    match missing.first() {
        Some(&position) if sent < args.limit.unwrap_or(usize::MAX) => {
            Err(NoLetterSnafu { position }.build().into())
        }
        _ => Ok(()),
    }
}

/// The replay of one queue.
struct Replay<'a> {
    args: &'a ReplayArgs,
    letters: Letters<'a>,
    producer: Producer,
    offsets: GroupOffsets,
    progress: BTreeMap<i32, Progress>,
    /// Partitions whose progress is not committed yet.
    uncommitted: BTreeSet<i32>,
    topic: String,
    limit: usize,
    sent: usize,
    skipped: usize,
}

impl<'a> Replay<'a> {
    async fn prepare(
        kafka: &'a Kafka,
        args: &'a ReplayArgs,
        queue: Queue,
        sent_before: usize,
    ) -> Result<Self, DlqError> {
        let letters_topic = queue.topic(&kafka.topics);
        let topic = queue.retry_topic(&kafka.topics);
        if !args.dry_run {
            create_if_missing(kafka, &topic).await;
        }
        let group = format!("{letters_topic}.replay");
        let offsets = GroupOffsets::connect(kafka, &group, letters_topic)
            .context(ReadSnafu { topic: letters_topic })?;
        let committed = offsets.committed().await.context(ReadSnafu { topic: letters_topic })?;
        let progress = committed
            .iter()
            .map(|(partition, committed)| (*partition, Progress::from_committed(committed)))
            .collect();
        Ok(Self {
            args,
            letters: Letters::new(kafka, [queue]),
            producer: Producer::new(kafka).context(ProducerSnafu)?,
            offsets,
            progress,
            uncommitted: BTreeSet::new(),
            topic,
            limit: args.limit.unwrap_or(usize::MAX).saturating_sub(sent_before),
            sent: 0,
            skipped: 0,
        })
    }

    async fn run(&mut self, missing: &mut BTreeSet<Position>) -> Result<(), Box<dyn CliError>> {
        while self.sent < self.limit
            && let Some(found) = self.letters.next().await?
        {
            missing.remove(&found.position);
            if self.args.wants(found.position, found.letter.class) {
                self.replay(&found).await?;
            }
        }
        Ok(())
    }

    /// Sends a letter again unless it can't be or was replayed before, and notes it.
    async fn replay(&mut self, found: &Found) -> Result<(), Box<dyn CliError>> {
        let Found { position, letter, record } = found;
        let progress = self.progress.entry(position.partition).or_default();
        if progress.is_replayed(position.offset, letter.class) && !self.args.again {
            // All letters of a class before the new ones were replayed before; they are not listed.
            return if self.args.is_by_position() {
                self.skip(found, "it was replayed before; --again sends it once more")
            } else {
                Ok(())
            };
        }
        if let Some(obstacle) = obstacle(record) {
            self.note(*position, letter.class).map_err(|TooManySingles| DlqError::TooManySingles)?;
            return self.skip(found, obstacle);
        }
        if !self.args.dry_run {
            let (topic, sent) = (self.topic.as_str(), self.sent);
            send(&self.producer, topic, record).await.context(SendSnafu {
                position: *position,
                topic,
                sent,
            })?;
        }
        self.sent += 1;
        self.note(*position, letter.class).map_err(|TooManySingles| DlqError::TooManySingles)?;
        self.print(found, None)?;
        if self.sent.is_multiple_of(COMMIT_INTERVAL) {
            self.commit_all().await?;
        }
        Ok(())
    }

    /// Records that a letter needs no further replay.
    fn note(&mut self, position: Position, class: LetterClass) -> Result<(), TooManySingles> {
        if self.args.dry_run {
            return Ok(());
        }
        let progress = self.progress.entry(position.partition).or_default();
        if self.args.is_by_position() {
            progress.replayed(position.offset)?;
        } else {
            progress.passed(position.offset, class);
        }
        self.uncommitted.insert(position.partition);
        Ok(())
    }

    async fn commit_all(&mut self) -> Result<(), DlqError> {
        for partition in std::mem::take(&mut self.uncommitted) {
            if let Some(progress) = self.progress.get(&partition) {
                self.offsets.commit(partition, progress.to_committed()).await.context(CommitSnafu)?;
            }
        }
        Ok(())
    }

    fn skip(&mut self, found: &Found, reason: &str) -> Result<(), Box<dyn CliError>> {
        self.skipped += 1;
        self.print(found, Some(reason))?;
        Ok(())
    }

    fn print(
        &self,
        Found { position, letter, .. }: &Found,
        skipped: Option<&str>,
    ) -> Result<(), OutputError> {
        let request_id = letter.request_id.as_deref();
        match self.args.output {
            Format::Json => output::print_json(&Row {
                position: *position,
                topic: &self.topic,
                class: letter.class,
                request_id,
                sent: !self.args.dry_run && skipped.is_none(),
                skipped,
            }),
            Format::Text => {
                let request = request_id.map(|id| format!(", request {}", escape_control(id)));
                let what = format!("({}{})", letter.class, request.unwrap_or_default());
                match skipped {
                    None => output::print(&format!("{position} -> {} {what}", self.topic)),
                    Some(reason) => output::print(&format!("{position} skipped: {reason} {what}")),
                }
            }
        }
    }
}

impl ReplayArgs {
    fn is_by_position(&self) -> bool {
        !self.positions.is_empty()
    }

    fn wants(&self, position: Position, class: LetterClass) -> bool {
        self.all || self.class == Some(class) || self.positions.contains(&position)
    }
}

fn wants_queue(config: &Config, args: &ReplayArgs, queue: Queue) -> bool {
    let has_position = args.positions.iter().any(|position| position.queue == queue);
    let is_named = args.positions.is_empty() || has_position;
    let is_known = has_position || args.queue == Some(queue) || queue.is_in_use(config);
    is_named && is_known && args.queue.is_none_or(|only| only == queue)
}

/// Returns the reason for which a letter can't be replayed.
fn obstacle(record: &Record) -> Option<&'static str> {
    if record.headers.get(header::OMITTED).is_some() {
        Some("its payload was too large for the queue; its headers name the original message")
    } else if record.payload.is_empty() {
        Some("it has no payload")
    } else {
        None
    }
}

/// Creates the retry topic with the brokers' defaults. Brokers may create it by themselves, or forbid it:
/// then sending fails.
async fn create_if_missing(kafka: &Kafka, topic: &str) {
    let settings = TopicSettings { name: topic.to_owned(), partitions: None, replication_factor: None };
    let created = async { TopicAdmin::connect(kafka)?.ensure(&settings).await };
    match created.await {
        Ok(TopicOutcome::Created) => tracing::info!(topic, "retry topic created"),
        Ok(_) => {}
        Err(error) => tracing::debug!(topic, %error, "failed to create the retry topic"),
    }
}

async fn send(producer: &Producer, topic: &str, record: &Record) -> Result<(), KafkaError> {
    let headers: Vec<_> = record.headers.iter().filter(|(name, _)| !DeadLetter::owns_header(name)).collect();
    producer
        .send(Outgoing { topic, key: record.key.as_deref(), headers: &headers, payload: &record.payload })
        .await
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ccx_transport::Headers;

    use super::*;

    fn record(payload: &'static [u8], headers: Headers) -> Record {
        Record {
            topic: "queue".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: None,
            key: None,
            headers,
            payload: Bytes::from_static(payload),
        }
    }

    #[test]
    fn letter_without_payload_is_not_replayable() {
        assert_eq!(obstacle(&record(b"{}", Headers::default())), None);
        assert!(obstacle(&record(b"", Headers::default())).is_some());
        let omitted: Headers = [(header::OMITTED.to_owned(), "payload".into())].into_iter().collect();
        assert!(obstacle(&record(b"", omitted)).unwrap().contains("too large"));
    }
}
