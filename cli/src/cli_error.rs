//! Errors of commands: the text for the user, and the exit code.

use std::{error::Error, fmt::Write as _, io, process::ExitCode};

use snafu::Snafu;

use crate::note;

/// The exit code of a command that failed. The codes of the workloads are those of the services that they replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 1: any error without a code of its own.
    Failed,
    /// 2: the command line or the configuration is wrong, or the database can't be set up.
    Setup,
    /// 3: the consumer of a topic has failed.
    Consumer,
    /// 4: the HTTP server has failed.
    Server,
    /// 5: the database can't be migrated.
    Migration,
}

impl Exit {
    /// Returns the number.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Setup => 2,
            Self::Consumer => 3,
            Self::Server => 4,
            Self::Migration => 5,
        }
    }
}

/// An error that ends a command.
pub trait CliError: Error {
    /// Returns the exit code of the process.
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    /// Returns what to do next, as a sentence.
    fn advice(&self) -> Option<String> {
        None
    }
}

impl<'a, E: CliError + 'a> From<E> for Box<dyn CliError + 'a> {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

/// Ends a program: reports an error on standard error, and returns the exit code.
pub fn finish(outcome: Result<(), Box<dyn CliError>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&report(error.as_ref()));
            ExitCode::from(error.exit().code())
        }
    }
}

/// Returns the error with its causes, a line each, and the advice.
///
/// Libraries often repeat a cause in the text of the error that wraps it; each text appears once.
pub fn report(error: &dyn CliError) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(source) = cause {
        let line = source.to_string();
        if !text.contains(&line) {
            let _ = write!(text, "\n  caused by: {line}");
        }
        cause = source.source();
    }
    if let Some(advice) = error.advice() {
        let _ = write!(text, "\n  help: {advice}");
    }
    text
}

/// The worker threads could not be started.
#[derive(Debug, Snafu)]
#[snafu(context(false), display("failed to start the worker threads"))]
pub struct NoRuntime {
    source: io::Error,
}

impl CliError for NoRuntime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Snafu)]
    #[snafu(display("failed to do it"))]
    struct Outer {
        source: io::Error,
    }

    impl CliError for Outer {
        fn advice(&self) -> Option<String> {
            Some("do it again".into())
        }
    }

    #[test]
    fn error_is_reported_with_causes_and_advice() {
        let error = Outer { source: io::Error::other("no disk") };
        assert_eq!(report(&error), "error: failed to do it\n  caused by: no disk\n  help: do it again");
    }

    #[derive(Debug, Snafu)]
    #[snafu(display("failed to read a.yaml: {source}"))]
    struct Repeating {
        source: io::Error,
    }

    impl CliError for Repeating {}

    #[test]
    fn error_that_repeats_its_cause_is_reported_with_the_cause_once() {
        let error = Repeating { source: io::Error::other("no disk") };
        assert_eq!(report(&error), "error: failed to read a.yaml: no disk");
    }
}
