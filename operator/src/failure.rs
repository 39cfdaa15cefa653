//! What a failed command tells its user, and how the process ends.

use std::{error::Error, fmt::Write as _, io};

use snafu::Snafu;

/// Why a command has failed.
pub(crate) trait Failure: Error {
    /// How the process ends: 1, unless something else was promised.
    fn exit_code(&self) -> u8 {
        1
    }

    /// What to do next, as a sentence.
    fn advice(&self) -> Option<String> {
        None
    }
}

impl<'a, E: Failure + 'a> From<E> for Box<dyn Failure + 'a> {
    fn from(failure: E) -> Self {
        Box::new(failure)
    }
}

/// The error with its causes, a line each, and the advice.
pub(crate) fn report(failure: &dyn Failure) -> String {
    let mut text = format!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        let _ = write!(text, "\n  caused by: {error}");
        cause = error.source();
    }
    if let Some(advice) = failure.advice() {
        let _ = write!(text, "\n  help: {advice}");
    }
    text
}

/// The system gives us no threads.
#[derive(Debug, Snafu)]
#[snafu(context(false), display("failed to start the worker threads"))]
pub(crate) struct NoRuntime {
    source: io::Error,
}

impl Failure for NoRuntime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Snafu)]
    #[snafu(display("failed to do it"))]
    struct Outer {
        source: io::Error,
    }

    impl Failure for Outer {
        fn advice(&self) -> Option<String> {
            Some("do it again".into())
        }
    }

    #[test]
    fn a_failure_is_told_with_its_causes_and_what_to_do() {
        let failure = Outer { source: io::Error::other("no disk") };
        assert_eq!(report(&failure), "error: failed to do it\n  caused by: no disk\n  help: do it again");
    }
}
