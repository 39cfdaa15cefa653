//! Errors of commands: the text for the user, and the exit code.

use std::{error::Error, fmt::Write as _, io};

use snafu::Snafu;

/// An error that ends a command.
pub(crate) trait CliError: Error {
    /// Returns the exit code of the process.
    fn exit_code(&self) -> u8 {
        1
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

/// Returns the error with its causes, a line each, and the advice.
pub(crate) fn report(error: &dyn CliError) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(source) = cause {
        let _ = write!(text, "\n  caused by: {source}");
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
pub(crate) struct NoRuntime {
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
    fn a_failure_is_told_with_its_causes_and_what_to_do() {
        let error = Outer { source: io::Error::other("no disk") };
        assert_eq!(report(&error), "error: failed to do it\n  caused by: no disk\n  help: do it again");
    }
}
