//! Errors of the database, and whether a retry can help.

use std::time::Duration;

use ccx_messages::ErrorClass;
use snafu::Snafu;

use crate::{Schema, sqlstate};

mod sql_error;

pub use sql_error::SqlError;

/// A request to the database failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum StorageError {
    /// The file with the password can't be read.
    #[snafu(display("failed to read the database's password"))]
    Password {
        /// The file and the cause.
        source: ccx_config::SecretError,
    },

    /// There is no connection.
    #[snafu(display("failed to connect to the database at {address}"))]
    Connect {
        /// Host and port, or the folder of the socket.
        address: String,
        /// The cause.
        #[snafu(source(from(sqlx::Error, SqlError::from)))]
        source: SqlError,
    },

    /// Requests use all connections.
    #[snafu(display(
        "failed to connect to the database: all {connections} connections (database.max_connections) were in use for {} s",
        limit.as_secs()
    ))]
    AllInUse {
        /// The maximum of the pool.
        connections: u32,
        /// The time limit.
        limit: Duration,
    },

    /// A statement failed.
    #[snafu(display("failed to {action}"))]
    Statement {
        /// The purpose of the statement.
        action: &'static str,
        /// The cause.
        #[snafu(source(from(sqlx::Error, SqlError::from)))]
        source: SqlError,
    },

    /// The server has not answered for so long that it counts as unreachable.
    #[snafu(display("failed to {action}: no answer from the database within {} s", limit.as_secs()))]
    NoAnswer {
        /// The purpose of the request.
        action: &'static str,
        /// The time limit.
        limit: Duration,
    },

    /// Another program stored the first report of a cluster at the same moment. Once more, and it is a known cluster.
    #[snafu(display(
        "failed to write reports: {clusters} of the clusters were stored by another program at the same moment"
    ))]
    StoredByAnother {
        /// Number of clusters.
        clusters: usize,
    },

    /// The writer's lease is in other hands, or it can't be known.
    #[snafu(display("the writer's lease is lost"))]
    LeaseLost,

    /// The database has no tables yet.
    #[snafu(display("the database has no schema {schema} yet; run `ccx migrate` to create it"))]
    NotMigrated {
        /// The schema.
        schema: Schema,
    },

    /// The tables of our own are missing: another program has migrated the database.
    #[snafu(display("the database has no schema ccx yet; run `ccx migrate` to create it"))]
    OwnTablesMissing,

    /// The tables are those of an earlier release.
    #[snafu(display(
        "schema {schema} of the database has version {found}, and {needed} is needed; run `ccx migrate`"
    ))]
    SchemaTooOld {
        /// The schema.
        schema: Schema,
        /// Its version.
        found: u32,
        /// The version that this release works with.
        needed: u32,
    },

    /// The tables are those of a later release.
    #[snafu(display(
        "schema {schema} of the database has version {found}, newer than version {needed} of this release; run a newer `ccx`"
    ))]
    SchemaTooNew {
        /// The schema.
        schema: Schema,
        /// Its version.
        found: u32,
        /// The version that this release works with.
        needed: u32,
    },

    /// A version was asked for that the history of the schema does not have.
    #[snafu(display("schema {schema} has no version {version}; its versions are 0 to {newest}"))]
    UnknownSchemaVersion {
        /// The schema.
        schema: Schema,
        /// The version that was asked for.
        version: u32,
        /// The newest version.
        newest: u32,
    },

    /// The table of the version has several rows.
    #[snafu(display(
        "table {schema}.migration_info has {rows} rows instead of one; \
         find out which version the tables have and delete the other rows"
    ))]
    SchemaVersionAmbiguous {
        /// The schema.
        schema: Schema,
        /// Number of rows.
        rows: usize,
    },
}

impl StorageError {
    /// Returns whether a retry can help, or the message is at fault.
    ///
    /// Everything that concerns the server, the network, the login or the schema is transient: no message may be given up because
    /// of it, however long it takes until it is fixed.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Statement { source, .. } => class_of(source),
            Self::Connect { .. }
            | Self::AllInUse { .. }
            | Self::Password { .. }
            | Self::NoAnswer { .. }
            | Self::StoredByAnother { .. }
            | Self::LeaseLost
            | Self::NotMigrated { .. }
            | Self::OwnTablesMissing
            | Self::SchemaTooOld { .. }
            | Self::SchemaTooNew { .. }
            | Self::UnknownSchemaVersion { .. }
            | Self::SchemaVersionAmbiguous { .. } => ErrorClass::Transient,
        }
    }

    /// Returns whether its connection is unusable from now on.
    pub(crate) fn breaks_connection(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::NoAnswer { .. } => true,
            Self::Statement { source, .. } => match &**source {
                sqlx::Error::Database(error) => {
                    error.code().is_some_and(|code| sqlstate::ends_session(&code))
                }
                source => matches!(
                    source,
                    sqlx::Error::Io(_)
                        | sqlx::Error::Tls(_)
                        | sqlx::Error::Protocol(_)
                        | sqlx::Error::BeginFailed
                        | sqlx::Error::ColumnNotFound(_)
                        | sqlx::Error::ColumnIndexOutOfBounds { .. }
                        | sqlx::Error::ColumnDecode { .. }
                        | sqlx::Error::TypeNotFound { .. }
                ),
            },
            _ => false,
        }
    }
}

fn class_of(error: &sqlx::Error) -> ErrorClass {
    match error {
        sqlx::Error::Database(error) => error.code().map_or(ErrorClass::Bug, |code| sqlstate::class(&code)),
        // A value that PostgreSQL's wire format has no bytes for.
        sqlx::Error::Encode(_) => ErrorClass::BadInput,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Configuration(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        // The columns are not those that the constant statement expects: the schema was changed.
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::TypeNotFound { .. } => ErrorClass::Transient,
        _ => ErrorClass::Bug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(source: sqlx::Error) -> StorageError {
        StorageError::Statement { action: "write reports", source: source.into() }
    }

    #[test]
    fn network_error_is_transient() {
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let error = statement(sqlx::Error::Io(reset));
        assert_eq!(error.class(), ErrorClass::Transient);
        assert!(error.breaks_connection());
        assert_eq!(statement(sqlx::Error::PoolTimedOut).class(), ErrorClass::Transient);
    }

    #[test]
    fn value_without_encoding_is_bad_input_and_unknown_column_is_transient() {
        assert_eq!(statement(sqlx::Error::Encode("out of range".into())).class(), ErrorClass::BadInput);
        let unknown = statement(sqlx::Error::ColumnNotFound("x".into()));
        assert_eq!(unknown.class(), ErrorClass::Transient);
        assert!(unknown.breaks_connection());
    }

    #[test]
    fn missing_schema_names_the_command_to_run() {
        let error = StorageError::NotMigrated { schema: Schema::Public };
        assert_eq!(
            error.to_string(),
            "the database has no schema public yet; run `ccx migrate` to create it"
        );
        assert_eq!(error.class(), ErrorClass::Transient);
    }
}
