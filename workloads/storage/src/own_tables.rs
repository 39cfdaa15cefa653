//! Tables of our own about users and clusters, in the schema `ccx`.
//!
//! Other programs on the database neither need nor mind them. They have no version: they are created when they are missing, and a
//! later release may add some. Where they are missing, as another program has migrated the database, reads find nothing.

use std::sync::atomic::Ordering;

use snafu::OptionExt as _;

use crate::{Database, StorageError, error::OwnTablesMissingSnafu};

/// Creates the tables that are missing.
pub(crate) const CREATE: &str = "\
    CREATE SCHEMA IF NOT EXISTS ccx;
    CREATE TABLE IF NOT EXISTS ccx.cluster_name (
        org_id INTEGER NOT NULL,
        cluster_id VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        set_by VARCHAR NOT NULL,
        set_at TIMESTAMP NOT NULL,
        PRIMARY KEY (org_id, cluster_id)
    );
    CREATE TABLE IF NOT EXISTS ccx.disabled_by (
        org_id INTEGER NOT NULL,
        cluster_id VARCHAR NOT NULL,
        rule_id VARCHAR NOT NULL,
        error_key VARCHAR NOT NULL,
        disabled_by VARCHAR NOT NULL,
        disabled_at TIMESTAMP NOT NULL,
        PRIMARY KEY (org_id, rule_id, error_key, cluster_id)
    );
    CREATE TABLE IF NOT EXISTS ccx.processed_request (
        org_id INTEGER NOT NULL,
        cluster_id VARCHAR NOT NULL,
        request_id VARCHAR NOT NULL,
        received VARCHAR NOT NULL,
        processed VARCHAR NOT NULL,
        rule_hits VARCHAR NOT NULL,
        expires_at TIMESTAMP NOT NULL,
        PRIMARY KEY (org_id, cluster_id, request_id)
    );
    CREATE INDEX IF NOT EXISTS ccx_processed_request_expiry ON ccx.processed_request (expires_at);";

impl Database {
    /// Returns whether the tables exist. Once they do, the server is not asked again.
    pub(crate) async fn has_own_tables(&self) -> Result<bool, StorageError> {
        // The last one that `CREATE` creates.
        const EXISTS: &str = "SELECT to_regclass('ccx.processed_request') IS NOT NULL";
        if self.own_tables_exist().load(Ordering::Relaxed) {
            return Ok(true);
        }
        let mut connection = self.acquire().await?;
        let exists = sqlx::query_scalar(EXISTS).fetch_one(&mut *connection);
        let exists = self.statements().run("look for tables of ours", exists).await?;
        self.own_tables_exist().store(exists, Ordering::Relaxed);
        Ok(exists)
    }

    /// Fails unless the tables exist.
    pub(crate) async fn require_own_tables(&self) -> Result<(), StorageError> {
        self.has_own_tables().await?.then_some(()).context(OwnTablesMissingSnafu)
    }
}
