//! Structured events on standard error.

use std::io::{self, IsTerminal as _};

use ccx_config::{LogFormat, Logging};
use snafu::{ResultExt, Snafu};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Logging can't be set up.
#[derive(Debug, Snafu)]
pub enum LoggingError {
    /// The level is not a filter.
    #[snafu(display("logging.level {reason}"))]
    Level {
        /// The expected form.
        reason: &'static str,
    },
    /// The level is not a filter that the logging library can parse.
    #[snafu(display("logging.level can't be parsed"))]
    Filter {
        /// The cause.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logging was set up before.
    #[snafu(display("logging is already set up"))]
    AlreadySet {
        /// The cause.
        source: tracing_subscriber::util::TryInitError,
    },
}

/// Sends all events of this process to standard error: standard output is for results. The first one has the
/// version.
pub fn init_logging(settings: &Logging) -> Result<(), LoggingError> {
    if let Some(reason) = settings.invalid_level() {
        return LevelSnafu { reason }.fail();
    }
    let filter = EnvFilter::try_new(&settings.level).context(FilterSnafu)?;
    let registry = tracing_subscriber::registry().with(filter);
    let outcome = match settings.format {
        LogFormat::Json => {
            let json = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(json.with_writer(io::stderr)).try_init()
        }
        LogFormat::Text => {
            let text = fmt::layer().with_target(false).with_ansi(io::stderr().is_terminal());
            registry.with(text.with_writer(io::stderr)).try_init()
        }
    };
    outcome.context(AlreadySetSnafu)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_logging_with_unknown_level_is_an_error() {
        for level in ["loud=very", "verbose"] {
            let settings = Logging { level: level.into(), format: LogFormat::Json };
            let error = init_logging(&settings).unwrap_err().to_string();
            assert!(error.starts_with("logging.level must be error, warn, info"), "{error}");
        }
    }
}
