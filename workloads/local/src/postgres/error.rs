//! Errors of the server.

use std::{io, path::PathBuf};

use snafu::Snafu;

use crate::FolderError;

/// The server can't be run.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
pub enum PostgresError {
    /// PostgreSQL is not installed.
    #[snafu(display(
        "failed to find PostgreSQL's programs postgres and initdb{} in {}; install it (Debian, Ubuntu: apt install postgresql; \
         Fedora: dnf install postgresql-server; macOS: brew install postgresql) or name a running server with --database-url",
        major.map(|major| format!(" of version {major}, which the data are of,")).unwrap_or_default(),
        list(searched)
    ))]
    NotInstalled {
        /// The searched folders.
        searched: Vec<PathBuf>,
        /// The required version.
        major: Option<u32>,
    },
    /// No account exists that root can run the server as.
    #[snafu(display(
        "failed to find an account to run PostgreSQL as: it refuses root, and there is no postgres or nobody"
    ))]
    NoAccount,
    /// The program that changes the account is missing.
    #[snafu(display(
        "failed to find the program setpriv (of util-linux), which starts PostgreSQL as {account}: it refuses root"
    ))]
    NoSetpriv {
        /// The other account.
        account: String,
    },
    /// The account can't access the folder.
    #[snafu(display("the account {account}, which runs PostgreSQL, can't enter {}; choose another folder", path.display()))]
    Hidden {
        /// The other account.
        account: String,
        /// The parent that it can't enter.
        path: PathBuf,
    },
    /// The folder can't be created.
    #[snafu(display("failed to prepare the folder of PostgreSQL"))]
    Folder {
        /// The cause.
        source: FolderError,
    },
    /// A file or folder can't be used.
    #[snafu(display("failed to {action} {}", path.display()))]
    File {
        /// The action.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A program can't be started.
    #[snafu(display("failed to start {}", program.display()))]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The data directory can't be created.
    #[snafu(display("failed to create a PostgreSQL data directory in {}: {message}", path.display()))]
    Initialise {
        /// Its path.
        path: PathBuf,
        /// The output of `initdb`.
        message: String,
    },
    /// The server has ended during its start.
    #[snafu(display("PostgreSQL ended while starting; the end of its log: {log}"))]
    Start {
        /// The last lines of its log.
        log: String,
    },
    /// The server is not ready in time.
    #[snafu(display("PostgreSQL was not ready within {seconds} s; the end of its log: {log}"))]
    Slow {
        /// The timeout.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// No port is free.
    #[snafu(display("failed to find a free port for PostgreSQL"))]
    Port {
        /// The cause.
        source: io::Error,
    },
    /// The server can't be connected to.
    #[snafu(display("failed to connect to the private PostgreSQL"))]
    Connect {
        /// The cause.
        source: sqlx::Error,
    },
    /// The database can't be created.
    #[snafu(display("failed to create the database {name}"))]
    CreateDatabase {
        /// The database.
        name: String,
        /// The output of the server.
        source: sqlx::Error,
    },
    /// The server is not running.
    #[snafu(display("the private PostgreSQL is not running"))]
    Ended,
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
