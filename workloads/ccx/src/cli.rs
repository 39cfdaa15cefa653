//! The command line.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::{Mutex, PoisonError},
};

use ccx_cli::{CliError, Exit};
use ccx_config::{Config, ConfigErrors, LogFormat, Logging, Problem};
use clap::{Args, Parser, Subcommand, ValueEnum};
use snafu::{Snafu, ensure};
use tempfile::TempDir;

use crate::{
    argument_values,
    commands::{
        check::CheckArgs, clean::CleanArgs, completion::CompletionArgs, config::ConfigCommand,
        content::ContentCommand, dlq::DlqCommand, export::ExportArgs, insights_config::InsightsConfigArgs,
        local::LocalArgs, migrate::MigrateArgs, rules::RulesCommand, sample_archive::SampleArchiveArgs,
        topics::TopicsCommand, upload::UploadArgs,
    },
    original_config::{self, OriginalConfigError},
};

/// Program names that select a command, so that the program replaces the service of that name.
const ALIASES: [(&str, &str); 7] = [
    ("ccx-data-pipeline", "pipeline"),
    ("insights-results-db-writer", "db-writer"),
    ("dvo-writer", "dvo-writer"),
    ("valkey-writer", "valkey-writer"),
    ("insights-results-smart-proxy", "smart-proxy"),
    // The public API serves the endpoints of the content service too.
    ("insights-content-service", "smart-proxy"),
    ("insights-ingress-go", "ingress"),
];

/// Recommendations for OpenShift clusters, out of the archives that they upload.
#[derive(Debug, Parser)]
#[command(name = "ccx", version, after_long_help = LONG_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const LONG_HELP: &str = "\
Try it on this machine, without a cluster:
  ccx local

Configuration: one TOML file for all commands (--config), each key also as a variable such as
  CCX__KAFKA__BOOTSTRAP_SERVERS=kafka:9092
`ccx config print --defaults` shows every key.

Exit codes:
  0  done; for a workload: asked to stop, and everything in flight was finished
  1  failed
  2  the command line or the configuration is wrong, or the database can't be set up
  3  the consumer of a topic has failed
  4  the HTTP server has failed
  5  the database can't be migrated
  130  asked twice to stop

Called by the name ccx-data-pipeline, insights-results-db-writer, dvo-writer or valkey-writer (a link to it, for example), the \
program behaves like its command pipeline, db-writer, dvo-writer or valkey-writer. Called by the name insights-results-aggregator, \
insights-results-aggregator-cleaner or insights-results-aggregator-exporter it takes that program's arguments and configuration; see \
docs/compatibility.md.";

/// The heading of the options of all commands in the help.
const GLOBAL: &str = "Options of all commands";

/// Log level of tools. The embedded object storage logs each probe without a signature as an error, which it is not.
const TOOL_LOG_LEVEL: &str = "warn,s3s=off";

/// Options of all commands.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The configuration; without one, the defaults and CCX__… variables are used.
    #[arg(long, global = true, env = "CCX_CONFIG", hide_env_values = true, value_name = "FILE", help_heading = GLOBAL)]
    config: Option<OsString>,
    /// Log level: error, warn, info, debug, trace, or a filter such as `info,ccx_writer=debug`.
    #[arg(long, global = true, value_name = "LEVEL", value_parser = argument_values::log_level, help_heading = GLOBAL)]
    log_level: Option<String>,
    /// Format of the log.
    #[arg(long, global = true, value_name = "FORMAT", help_heading = GLOBAL)]
    log_format: Option<LogLook>,
    /// The certificates of a program by whose name this one is called: removed when the process ends.
    #[arg(skip)]
    certificates: Mutex<Vec<TempDir>>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogLook {
    Json,
    Text,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run ccx-data-pipeline: announced archives become rule results
    ///
    /// Reads announcements from Kafka, downloads the archives from S3, runs the rules and sends the results
    /// to Kafka. SIGTERM lets work in flight finish; a second one ends the process at once.
    #[command(after_long_help = "Example:\n  ccx --config ccx.toml pipeline")]
    Pipeline,
    /// Run insights-results-db-writer: rule results become rows
    ///
    /// Reads results from Kafka and stores them in PostgreSQL. Of several writers on one database one is
    /// active; the others wait to take over.
    #[command(
        after_long_help = "Example:\n  ccx --config ccx.toml migrate && ccx --config ccx.toml db-writer"
    )]
    DbWriter,
    /// Run dvo-writer: checked workloads become rows
    ///
    /// Reads the failed checks of workloads from Kafka (kafka.topics.workloads) and stores them in the schema dvo. Of
    /// several on one database one is active; the others wait to take over.
    #[command(
        after_long_help = "Example:\n  CCX__KAFKA__TOPICS__WORKLOADS=ccx.dvo.results ccx --config ccx.toml dvo-writer"
    )]
    DvoWriter,
    /// Run valkey-writer: results become processed requests
    ///
    /// Reads results from Kafka and writes the processed requests to Valkey or Redis, for clusters that wait for them.
    /// Any number of them may run.
    #[command(
        after_long_help = "Example:\n  CCX__VALKEY__ENDPOINT=valkey:6379 ccx --config ccx.toml valkey-writer"
    )]
    ValkeyWriter,
    /// Run insights-results-aggregator: rows become REST
    ///
    /// Serves the results over HTTP. `GET /api/v1/openapi.json` describes what can be asked.
    #[command(
        after_long_help = "Example:\n  ccx --config ccx.toml aggregator\n  curl localhost:10000/api/v1/openapi.json"
    )]
    Aggregator,
    /// Run insights-results-smart-proxy: the public API, with texts, users and clusters
    ///
    /// Serves what the console, Advanced Cluster Management, the insights operator and the Advisor page read, and the
    /// endpoints of the content service. `GET /api/insights-results-aggregator/v2/openapi.json` describes what can be asked.
    #[command(
        after_long_help = "Example:\n  ccx --config ccx.toml smart-proxy\n  curl localhost:8004/api/insights-results-aggregator/v2/openapi.json"
    )]
    SmartProxy,
    /// Run ingress: clusters upload their archives by HTTP
    ///
    /// Receives archives of insights operators, stores them in S3 and announces them on Kafka, and serves the
    /// remote gathering rules. `auth` in the configuration decides who may upload.
    #[command(
        after_long_help = "Example:\n  ccx --config ccx.toml ingress\n  curl -H 'Authorization: Bearer TOKEN' \\\n    -F 'file=@insights.tar.gz;type=application/vnd.redhat.openshift.periodic+tgz' \\\n    localhost:3000/api/ingress/v1/upload"
    )]
    Ingress,
    InsightsConfig(InsightsConfigArgs),
    Migrate(MigrateArgs),
    Clean(CleanArgs),
    Export(ExportArgs),
    /// Create the topics that are missing
    #[command(subcommand)]
    Topics(TopicsCommand),
    Check(CheckArgs),
    Upload(UploadArgs),
    SampleArchive(SampleArchiveArgs),
    Local(LocalArgs),
    /// List, show and replay dead letters
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Print or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List and explain rules, and write rules of your own
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Check the texts of rules
    #[command(subcommand)]
    Content(ContentCommand),
    Completion(CompletionArgs),
}

impl Global {
    /// Returns the effective configuration.
    pub(crate) fn config(&self) -> Result<Config, InvalidConfig> {
        let file = self.config_file();
        ensure!(file.is_none_or(|file| !file.as_os_str().is_empty()), EmptyPathSnafu);
        let problems = not_utf8();
        if !problems.is_empty() {
            return Err(ConfigErrors::new(file, problems).into());
        }
        let original = original_config::load(file, &environment().collect())?;
        let variables = original.variables.into_iter().chain(environment());
        let mut config = Config::load(file, variables)?;
        if let Some(certificates) = original.certificates {
            self.certificates.lock().unwrap_or_else(PoisonError::into_inner).push(certificates);
        }
        config.logging = self.logging(config.logging);
        Ok(config)
    }

    /// Returns the problems of the files that a configuration names.
    pub(crate) fn file_problems(&self, config: &Config) -> Result<(), InvalidConfig> {
        match config.located_file_problems(self.config_file(), environment()) {
            Some(errors) => Err(errors.into()),
            None => Ok(()),
        }
    }

    fn config_file(&self) -> Option<&Path> {
        self.config.as_deref().map(Path::new)
    }

    /// Returns the logging of a tool: warnings as text, unless the options say otherwise.
    pub(crate) fn tool_logging(&self) -> Logging {
        self.logging(Logging { level: TOOL_LOG_LEVEL.into(), format: LogFormat::Text })
    }

    fn logging(&self, default: Logging) -> Logging {
        let format = self.log_format.map(|look| match look {
            LogLook::Json => LogFormat::Json,
            LogLook::Text => LogFormat::Text,
        });
        Logging {
            level: self.log_level.clone().unwrap_or(default.level),
            format: format.unwrap_or(default.format),
        }
    }
}

/// Returns the environment variables of the process that are valid UTF-8.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Returns a problem for each variable that may be one of ours and is not valid UTF-8.
fn not_utf8() -> Vec<Problem> {
    let invalid =
        std::env::vars_os().filter(|(name, value)| name.to_str().is_none() || value.to_str().is_none());
    invalid.filter_map(|(name, _)| ccx_config::not_utf8(&name.to_string_lossy())).collect()
}

/// The configuration has mistakes.
#[derive(Debug, Snafu)]
pub(crate) enum InvalidConfig {
    /// The path is an empty text.
    #[snafu(display("the path of the configuration is empty (--config or the variable CCX_CONFIG)"))]
    EmptyPath,
    /// Ours.
    #[snafu(transparent)]
    Config {
        /// All mistakes.
        source: ConfigErrors,
    },
    /// That of the program by whose name this one is called.
    #[snafu(transparent)]
    Original {
        /// The mistake.
        source: OriginalConfigError,
    },
}

impl CliError for InvalidConfig {
    fn exit(&self) -> Exit {
        Exit::Setup
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::EmptyPath => Some("name a file, or unset the variable".into()),
            Self::Config { .. } => {
                Some("`ccx config print --defaults` shows every key with its default".into())
            }
            Self::Original { .. } => Some(
                "the page Compatibility of the documentation lists the keys and their counterparts".into(),
            ),
        }
    }
}

/// Returns the arguments, with the command that the program name selects. `--version` is that of the program, and `help` is about
/// the command. The program is called `ccx` then, so that its texts name a command line that works.
pub(crate) fn command_line(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let name = arguments.first().and_then(|program| Path::new(program).file_name()).unwrap_or(OsStr::new(""));
    let Some((_, command)) = ALIASES.iter().find(|(alias, _)| name == OsStr::new(alias)) else {
        return arguments;
    };
    let position = match arguments.get(1).and_then(|argument| argument.to_str()) {
        Some("--version" | "-V") => None,
        Some("help") => Some(2),
        _ => Some(1),
    };
    arguments[0] = "ccx".into();
    if let Some(position) = position {
        arguments.insert(position, command.into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(command_line(line.split_whitespace().map(OsString::from)))
    }

    #[test]
    fn command_line_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_description() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let has_more = command.get_long_about().is_some() || command.has_subcommands();
            assert!(has_more, "{} has no long description", command.get_name());
        }
    }

    #[test]
    fn program_name_selects_the_command() {
        assert!(matches!(parse("/usr/bin/ccx-data-pipeline").unwrap().command, Command::Pipeline));
        assert!(matches!(
            parse("insights-results-db-writer --log-level debug").unwrap().command,
            Command::DbWriter
        ));
        assert!(matches!(parse("/bin/dvo-writer").unwrap().command, Command::DvoWriter));
        assert!(matches!(parse("valkey-writer").unwrap().command, Command::ValkeyWriter));
        assert!(matches!(parse("insights-results-smart-proxy").unwrap().command, Command::SmartProxy));
        assert!(matches!(parse("insights-content-service").unwrap().command, Command::SmartProxy));
        assert!(matches!(parse("insights-ingress-go").unwrap().command, Command::Ingress));
        assert!(matches!(parse("ccx pipeline").unwrap().command, Command::Pipeline));
        assert!(parse("ccx").is_err());
        let text = |line: &str| parse(line).unwrap_err().to_string();
        assert_eq!(text("/bin/dvo-writer --version"), concat!("ccx ", env!("CARGO_PKG_VERSION"), "\n"));
        for line in ["dvo-writer --help", "dvo-writer help"] {
            assert!(text(line).contains("Usage: ccx dvo-writer [OPTIONS]"), "{line}: {}", text(line));
        }
    }

    #[test]
    fn log_options_override_the_configuration() {
        let global = parse("ccx pipeline --log-format text").unwrap().global;
        let logging = global.logging(Logging { level: "info".into(), format: LogFormat::Json });
        assert_eq!((logging.level.as_str(), logging.format), ("info", LogFormat::Text));
        let tool = parse("ccx --log-level debug config check").unwrap().global.tool_logging();
        assert_eq!((tool.level.as_str(), tool.format), ("debug", LogFormat::Text));
    }
}
