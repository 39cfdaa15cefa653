//! Tables of our own about users and clusters, in the schema `ccx`.
//!
//! Other programs on the database neither need nor mind them. They have no version: they are created when they are missing, and a
//! later release may add some. Where they are missing, as another program has migrated the database, reads find nothing, and the writer
//! leaves them out.

use std::sync::atomic::Ordering;

use snafu::OptionExt as _;

use crate::{Database, StorageError, error::OwnTablesMissingSnafu, retention::without_report};

/// A table of ours. Its columns `org_id` and `cluster_id` name the organisation and the cluster of a row.
pub(crate) struct OwnTable {
    /// The name, with its schema.
    pub(crate) name: &'static str,
    /// The condition for rows that are older than the time `$1`.
    pub(crate) old_rows: &'static str,
    /// Whether rows move with their cluster to another organisation.
    pub(crate) moves: bool,
}

/// Every table that [`CREATE`] creates.
pub(crate) const TABLES: [OwnTable; 5] = [
    OwnTable { name: "ccx.cluster_name", old_rows: without_report!("cluster_name"), moves: true },
    OwnTable { name: "ccx.reported_name", old_rows: without_report!("reported_name"), moves: true },
    OwnTable { name: "ccx.past_recommendation", old_rows: "vanished_at < $1", moves: true },
    // Without a cluster, the rule is disabled for all clusters.
    OwnTable {
        name: "ccx.disabled_by",
        old_rows: concat!("cluster_id <> '' AND ", without_report!("disabled_by")),
        moves: true,
    },
    // A cluster asks as a member of the organisation for which it has uploaded.
    OwnTable { name: "ccx.processed_request", old_rows: "expires_at < $1", moves: false },
];

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
    CREATE TABLE IF NOT EXISTS ccx.reported_name (
        org_id INTEGER NOT NULL,
        cluster_id VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
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
    CREATE TABLE IF NOT EXISTS ccx.past_recommendation (
        org_id INTEGER NOT NULL,
        cluster_id VARCHAR NOT NULL,
        rule_fqdn VARCHAR NOT NULL,
        error_key VARCHAR NOT NULL,
        appeared_at TIMESTAMP,
        vanished_at TIMESTAMP NOT NULL,
        PRIMARY KEY (org_id, cluster_id, vanished_at, rule_fqdn, error_key)
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

/// Whether [`TABLES`] exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnTables {
    /// They are read and written.
    Present,
    /// Another program has migrated the database.
    Missing,
}

impl Database {
    /// Returns whether the tables exist. Once they do, the server is not asked again.
    pub(crate) async fn own_tables(&self) -> Result<OwnTables, StorageError> {
        const EXIST: &str = "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest($1::text[]) AS name";
        if self.own_tables_exist().load(Ordering::Relaxed) {
            return Ok(OwnTables::Present);
        }
        let mut connection = self.acquire().await?;
        let exist = sqlx::query_scalar(EXIST).bind(TABLES.map(|table| table.name).to_vec());
        let exist = exist.fetch_one(&mut *connection);
        let exist: bool = self.statements().run("look for tables of ours", exist).await?;
        self.own_tables_exist().store(exist, Ordering::Relaxed);
        Ok(if exist { OwnTables::Present } else { OwnTables::Missing })
    }

    /// As [`own_tables`](Self::own_tables).
    pub(crate) async fn has_own_tables(&self) -> Result<bool, StorageError> {
        Ok(self.own_tables().await? == OwnTables::Present)
    }

    /// Fails unless the tables exist.
    pub(crate) async fn require_own_tables(&self) -> Result<(), StorageError> {
        self.has_own_tables().await?.then_some(()).context(OwnTablesMissingSnafu)
    }
}
