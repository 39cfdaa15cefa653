//! `ccx dlq`: dead letters.

mod dead_letter;
mod list;
mod progress;
mod reader;
mod replay;
mod show;

use ccx_cli::{CliError, Exit};
use ccx_transport::KafkaError;
use clap::Subcommand;
use snafu::Snafu;

use crate::{cli::Global, commands::workload::start_logging};
pub(crate) use dead_letter::Letter;
use dead_letter::{LetterClass, Position, Queue};
use list::ListArgs;
use replay::ReplayArgs;
use show::ShowArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    List(ListArgs),
    Show(ShowArgs),
    Replay(ReplayArgs),
}

/// A command on dead-letter queues failed.
#[derive(Debug, Snafu)]
pub(crate) enum DlqError {
    #[snafu(display("failed to read the dead-letter queue {topic}"))]
    Read { topic: String, source: KafkaError },
    #[snafu(display("no letter at {position}"))]
    NoLetter { position: Position },
    #[snafu(display("nothing to replay: name positions, a --class, or --all"))]
    NothingChosen,
    #[snafu(display("failed to prepare sending to Kafka"))]
    Producer { source: KafkaError },
    #[snafu(display("failed to send the letter at {position} to {topic}; {sent} before it are sent"))]
    Send { position: Position, topic: String, sent: usize, source: KafkaError },
    #[snafu(display("failed to remember what was replayed; the next replay sends up to 100 letters again"))]
    Commit { source: KafkaError },
    #[snafu(display("too many single letters were replayed to remember more"))]
    TooManySingles,
}

impl CliError for DlqError {
    fn exit(&self) -> Exit {
        match self {
            Self::NothingChosen => Exit::Setup,
            _ => Exit::Failed,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Read { .. } | Self::Producer { .. } | Self::Send { .. } | Self::Commit { .. } => {
                Some("see [kafka] in `ccx config print`".into())
            }
            Self::TooManySingles => Some("replay a whole class: --class CLASS, or --all".into()),
            Self::NoLetter { .. } | Self::NothingChosen => Some("`ccx dlq list` shows the positions".into()),
        }
    }
}

pub(crate) async fn run(global: &Global, command: DlqCommand) -> Result<(), Box<dyn CliError>> {
    start_logging(&global.tool_logging())?;
    let config = global.config()?;
    match command {
        DlqCommand::List(args) => list::run(&config, &args).await,
        DlqCommand::Show(args) => show::run(&config.kafka, &args).await,
        DlqCommand::Replay(args) => replay::run(&config, &args).await,
    }
}
