//! Errors as one line of a log, a header, or `/readyz`.

use std::error::Error;

/// Returns an error and its causes on one line, outermost first: `failed to send: no broker: connection refused`.
///
/// Libraries often repeat a cause in the text of the error that wraps it; each text appears once. Line breaks become spaces.
pub fn error_chain(error: &dyn Error) -> String {
    let mut line = one_line(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = one_line(&error.to_string());
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use snafu::Snafu;

    use super::*;

    #[derive(Debug, Snafu)]
    enum Outer {
        #[snafu(display("failed to listen"))]
        Listen { source: std::io::Error },
        #[snafu(display("service error: {source}"))]
        Repeating { source: std::io::Error },
    }

    #[test]
    fn error_chain_of_nested_errors_is_outermost_first() {
        let error = Outer::Listen { source: std::io::Error::other("the address is in use") };
        assert_eq!(error_chain(&error), "failed to listen: the address is in use");
    }

    #[test]
    fn error_chain_of_error_that_repeats_its_cause_has_the_cause_once() {
        let error = Outer::Repeating { source: std::io::Error::other("NotFound") };
        assert_eq!(error_chain(&error), "service error: NotFound");
    }

    #[test]
    fn error_chain_of_multi_line_text_is_one_line() {
        let error = Outer::Listen { source: std::io::Error::other("first\n  second\r\n") };
        assert_eq!(error_chain(&error), "failed to listen: first second");
    }
}
