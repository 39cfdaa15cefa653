//! Settings that all workloads have.

use ccx_config as config;
use ccx_crds::{LogFormat, Logging, Retry};

pub(super) fn retry(retry: &Retry) -> config::Retry {
    config::Retry {
        initial_delay: retry.initial_delay.get(),
        max_delay: retry.max_delay.get(),
        max_attempts: retry.max_attempts,
    }
}

pub(super) fn logging(logging: &Logging) -> config::Logging {
    config::Logging {
        level: logging.filter.clone().unwrap_or_else(|| logging.level.as_str().to_owned()),
        format: match logging.format {
            LogFormat::Json => config::LogFormat::Json,
            LogFormat::Text => config::LogFormat::Text,
        },
    }
}
