//! `insights-results-aggregator`: one program that runs as db-writer, dvo-writer or REST API, by its
//! configuration.

mod clowder;
mod command;
mod help;
mod load;
mod settings;
mod translate;

pub use command::{Command, MigrationTarget};
pub use help::{command_not_found, help};
pub use load::CONFIG_FILE_VARIABLE;
pub use settings::{Backend, Broker, Server, Settings, Storage, StorageType, UnknownStorageType};
pub use translate::TranslateError;
pub(crate) use translate::log_settings;

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Success.
    Ok = 0,
    /// Any error without a specific status.
    Error = 1,
    /// The database is not usable; also a configuration that can't be read.
    Database = 2,
    /// The consumer failed.
    Consumer = 3,
    /// The HTTP server failed.
    Server = 4,
    /// A migration failed.
    Migration = 5,
}
