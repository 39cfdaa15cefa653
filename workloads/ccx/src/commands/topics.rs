//! `ccx topics`

use ccx_cli::{CliError, Exit};
use ccx_transport::{KafkaError, TopicAdmin, TopicOutcome, TopicSettings};
use clap::{Args, Subcommand};
use serde::Serialize;
use snafu::{ResultExt, Snafu};

use crate::{
    cli::Global,
    commands::workload::start_logging,
    output::{self, Format},
};

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    Ensure(EnsureArgs),
}

/// Create the topics of the configuration that do not exist
///
/// An existing topic is not changed, unless `--grow` names it: it may be shared with other services.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml topics ensure                                  # 8 partitions each
  ccx --config ccx.toml topics ensure --partitions 64 --replication-factor 3")]
pub(crate) struct EnsureArgs {
    /// At least this many partitions; without it a new topic gets 8, for as many pipelines, and an existing
    /// one is not changed.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    partitions: Option<i32>,
    /// A topic that gets more partitions when it has fewer than `--partitions`; may be repeated. Others are
    /// only created.
    #[arg(long, value_name = "TOPIC")]
    grow: Vec<String>,
    /// The replication factor of a new topic; by default that of the brokers.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(1..=10))]
    replication_factor: Option<i32>,
    /// Format of the outcome.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// A topic can't be created.
#[derive(Debug, Snafu)]
pub(crate) enum TopicsError {
    #[snafu(display("failed to use Kafka at {servers}"))]
    Connect { servers: String, source: KafkaError },
    #[snafu(display("failed to ensure topic {topic} at {servers}"))]
    Ensure { topic: String, servers: String, source: KafkaError },
}

impl CliError for TopicsError {
    fn exit(&self) -> Exit {
        Exit::Setup
    }

    fn advice(&self) -> Option<String> {
        if let Self::Ensure { source, .. } = self
            && ccx_service::error_chain(source).contains("InvalidReplicationFactor")
        {
            return Some("there are fewer brokers than that; choose another --replication-factor".into());
        }
        Some("see [kafka] in `ccx config print`; the user needs the rights Describe and Create on the topics, and Alter to grow them".into())
    }
}

#[derive(Serialize)]
struct Ensured<'a> {
    topic: &'a str,
    outcome: &'static str,
    partitions: Option<i32>,
}

pub(crate) async fn run(
    global: &Global,
    TopicsCommand::Ensure(args): &TopicsCommand,
) -> Result<(), Box<dyn CliError>> {
    let config = global.config()?;
    start_logging(&config.logging)?;
    let servers = config.kafka.bootstrap_servers.join(",");
    let admin = TopicAdmin::connect(&config.kafka).context(ConnectSnafu { servers: &servers })?;
    for unknown in args.grow.iter().filter(|owned| !config.topics_in_use().contains(&owned.as_str())) {
        output::note(&format!("warning: --grow names {unknown}, which is no topic of the configuration"));
    }
    for topic in config.topics_in_use() {
        let existing = tokio::task::block_in_place(|| admin.partitions(topic));
        let existing = existing.context(EnsureSnafu { topic, servers: &servers })?;
        let settings = TopicSettings {
            name: topic.into(),
            // Partitions of a topic that others use are added only on request, since that can't be undone.
            partitions: args.partitions.or(existing.is_none().then_some(DEFAULT_PARTITIONS)),
            replication_factor: args.replication_factor,
        };
        let is_kept = existing.filter(|_| !args.grow.iter().any(|owned| owned == topic));
        let outcome = match is_kept {
            Some(partitions) => TopicOutcome::Unchanged { partitions },
            None => admin.ensure(&settings).await.context(EnsureSnafu { topic, servers: &servers })?,
        };
        match args.output {
            Format::Text => output::print(&format!("{topic}: {}", describe(outcome)))?,
            Format::Json => output::print_json(&Ensured::new(topic, outcome))?,
        }
    }
    Ok(())
}

/// Partitions of a new topic, unless `--partitions` says otherwise: the number of pipelines that the
/// documentation advises.
const DEFAULT_PARTITIONS: i32 = 8;

impl<'a> Ensured<'a> {
    fn new(topic: &'a str, outcome: TopicOutcome) -> Self {
        let (outcome, partitions) = match outcome {
            TopicOutcome::Created => ("created", None),
            TopicOutcome::Grown { to, .. } => ("grown", Some(to)),
            TopicOutcome::Unchanged { partitions } => ("unchanged", Some(partitions)),
        };
        Self { topic, outcome, partitions }
    }
}

fn describe(outcome: TopicOutcome) -> String {
    match outcome {
        TopicOutcome::Created => "created".into(),
        TopicOutcome::Grown { from, to } => format!("grown from {from} to {to} partitions"),
        TopicOutcome::Unchanged { partitions: 1 } => "exists with 1 partition".into(),
        TopicOutcome::Unchanged { partitions } => format!("exists with {partitions} partitions"),
    }
}
