//! Errors for a line of a log, a header, or `/readyz`.

use std::{error::Error, fmt::Write as _};

/// An error and its causes in one sentence: `failed to send: no broker: connection refused`.
pub fn sentence(error: &dyn Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(sentence, ": {error}");
        cause = error.source();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_in_one_line() {
        #[derive(Debug, snafu::Snafu)]
        #[snafu(display("failed to listen"))]
        struct Outer {
            source: std::io::Error,
        }
        let error = Outer { source: std::io::Error::other("the address is taken") };
        assert_eq!(sentence(&error), "failed to listen: the address is taken");
    }
}
