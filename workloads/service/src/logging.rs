//! The log: structured events on standard error.

use std::io::{self, IsTerminal as _};

use ccx_config::{LogFormat, Logging};
use snafu::{ResultExt, Snafu};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Logging can't be set up.
#[derive(Debug, Snafu)]
pub enum LoggingError {
    /// The level is none.
    #[snafu(display(
        "logging.level {level:?} is neither error, warn, info, debug, trace nor a filter such as info,ccx_writer=debug"
    ))]
    Level {
        /// What it is instead.
        level: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logging was set up before.
    #[snafu(display("logging is already set up"))]
    AlreadySet {
        /// The same in other words.
        source: tracing_subscriber::util::TryInitError,
    },
}

/// Sends all events of this process to standard error, so that standard output stays free for results.
pub fn init_logging(settings: &Logging) -> Result<(), LoggingError> {
    let filter = EnvFilter::try_new(&settings.level).context(LevelSnafu { level: &settings.level })?;
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
    outcome.context(AlreadySetSnafu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_level_is_named() {
        let error =
            init_logging(&Logging { level: "loud=very".into(), format: LogFormat::Json }).unwrap_err();
        assert!(error.to_string().contains("\"loud=very\""), "{error}");
    }
}
