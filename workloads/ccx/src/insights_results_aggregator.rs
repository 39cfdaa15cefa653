//! The program `insights-results-aggregator`: the original's command line and configuration, on our
//! workloads.
//!
//! Standard output, exit codes and the texts that operators grep for are the original's; see
//! `docs/compatibility.md`.

mod consumer;
mod migration;
mod start;

use std::{collections::BTreeMap, ffi::OsString, io, path::Path, process::ExitCode};

use ccx_compat::{
    Clowder,
    aggregator::{Backend, Command, ExitStatus, Settings, command_not_found, help},
};
use ccx_config::{Config, Database};
use ccx_service::BuildInfo;
use tracing::{error, info};

use crate::{
    commands::workload::start_logging,
    original::{block_on, say, variables},
    output,
};

/// Name of the program; called by it, `ccx` behaves like the original.
pub(crate) const NAME: &str = "insights-results-aggregator";

/// Runs the program; `arguments` begin with the name by which it was called.
pub(crate) fn main(arguments: Vec<OsString>) -> ExitCode {
    let arguments: Vec<String> =
        arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let (program, arguments) = arguments.split_first().map_or((NAME, &[][..]), |(first, rest)| (first, rest));
    let status = match Environment::load() {
        Ok(environment) => run(program, &Command::parse(arguments), &environment),
        Err(message) => {
            output::note(&format!("panic: {message}"));
            ExitStatus::Database
        }
    };
    ExitCode::from(status as u8)
}

/// The inputs of the process.
struct Environment {
    variables: BTreeMap<String, String>,
    settings: Settings,
    /// Holds the certificates that Clowder's document contains, as long as the process runs.
    _certificates: tempfile::TempDir,
}

impl Environment {
    fn load() -> Result<Self, String> {
        let variables = variables();
        let clowder = Clowder::load(variables.get("ACG_CONFIG").map(String::as_str)).map_err(text)?;
        if clowder.is_none() {
            say("Clowder is not enabled, skipping init...");
        }
        let mut settings = Settings::load(Path::new("."), &variables).map_err(text)?;
        let certificates = tempfile::tempdir().map_err(text)?;
        match &clowder {
            None => say("Clowder is disabled"),
            Some(clowder) => {
                say("Clowder is enabled");
                for message in settings.apply(clowder, certificates.path()).map_err(text)? {
                    say(&message);
                }
            }
        }
        Ok(Self { variables, settings, _certificates: certificates })
    }

    /// Returns our configuration with the same meaning, for the schema that the program writes.
    fn config(&self) -> Result<Config, ExitStatus> {
        self.settings.config(self.backend()).map_err(|cause| {
            error!(error = ccx_service::error_chain(&cause), "Configuration error");
            ExitStatus::Database
        })
    }

    /// Returns the database to migrate. Errors in other sections of the configuration are ignored.
    fn database(&self) -> Result<Database, ExitStatus> {
        self.settings.database(self.backend()).map_err(|cause| {
            error!(error = ccx_service::error_chain(&cause), "Configuration error");
            ExitStatus::Database
        })
    }

    fn backend(&self) -> Backend {
        self.settings.backend().unwrap_or(Backend::OcpRecommendations)
    }
}

/// Prints a text, or logs and works. A program that prints does not log: tests of the original read both outputs as one.
fn run(program: &str, command: &Command, environment: &Environment) -> ExitStatus {
    match command {
        Command::PrintHelp => print(&help(program)),
        Command::Unknown(word) => print(&(command_not_found(word) + &help(program))),
        Command::PrintConfig => print(&environment.settings.to_json()),
        Command::PrintEnv => {
            let variables = environment.variables.iter().map(|(name, value)| format!("{name}={value}"));
            print(&variables.collect::<Vec<_>>().join("\n"))
        }
        Command::StartService | Command::PrintVersionInfo | Command::Migration(_) => {
            work(command, environment)
        }
    }
}

fn work(command: &Command, environment: &Environment) -> ExitStatus {
    if let Err(error) = start_logging(&environment.settings.log_settings()) {
        output::note(&format!("Unable to init logging: {}", ccx_service::error_chain(&error)));
    }
    let status = match command {
        Command::StartService => {
            log_versions();
            match environment.config() {
                Ok(config) => run_async(start::start_service(&environment.settings, &config)),
                Err(status) => status,
            }
        }
        Command::Migration(target) => match environment.database() {
            Ok(database) => run_async(migration::migrate(&environment.settings, &database, target)),
            Err(status) => status,
        },
        _ => {
            log_versions();
            ExitStatus::Ok
        }
    };
    if status != ExitStatus::Ok {
        error!("Service exited with non-zero code {}", status as u8);
    }
    status
}

fn run_async(work: impl Future<Output = ExitStatus>) -> ExitStatus {
    block_on(work).unwrap_or_else(|cause| {
        error!("failed to start the runtime: {cause}");
        ExitStatus::Error
    })
}

fn print(document: &str) -> ExitStatus {
    match output::print_document(document) {
        Ok(()) => ExitStatus::Ok,
        Err(_) => ExitStatus::Error,
    }
}

fn log_versions() {
    let BuildInfo { version, time, branch, commit } = BuildInfo::current();
    info!(r#type = "init", "Version: v{version}");
    info!(r#type = "init", "Build time: {time}");
    info!(r#type = "init", "Branch: {branch}");
    info!(r#type = "init", "Commit: {commit}");
    info!(r#type = "init", "Utils version: v{version}");
}

fn text(error: impl Into<Box<dyn std::error::Error>>) -> String {
    let error = error.into();
    if error.is::<io::Error>() { error.to_string() } else { ccx_service::error_chain(error.as_ref()) }
}
