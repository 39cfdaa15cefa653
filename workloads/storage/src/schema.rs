//! Versions of the tables, and the migrations between them.
//!
//! Each schema keeps its version in the one row of its table `migration_info`, as every program that shares the database
//! does. [`steps`] has the statements of each version.

mod steps;

use std::fmt;

use snafu::{OptionExt, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tracing::info;

use self::steps::Step;
use crate::{
    Database, StorageError,
    error::{
        NotMigratedSnafu, SchemaTooNewSnafu, SchemaTooOldSnafu, SchemaVersionAmbiguousSnafu,
        UnknownSchemaVersionSnafu,
    },
    observe::Statements,
    own_objects,
};

/// Serialises migrations of one database, so that pods that start together do not migrate together. The number is arbitrary.
const MIGRATION_LOCK: i64 = 0x6363_785f_6d69_6772;

/// A PostgreSQL schema with a version of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// `public`: the reports of clusters, and the votes, toggles and ratings of users.
    Public,
    /// `dvo`: the workload recommendations of namespaces.
    Dvo,
}

/// The version of a schema before and after a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The schema.
    pub schema: Schema,
    /// The version before; 0 is a schema without tables.
    pub from: u32,
    /// The version now.
    pub to: u32,
}

impl Schema {
    /// Both schemas, in the order in which they are migrated.
    pub const ALL: [Self; 2] = [Self::Public, Self::Dvo];

    /// Returns the name of the schema in PostgreSQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Dvo => "dvo",
        }
    }

    /// Returns the newest version, the one that this release works with.
    pub const fn newest(self) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "there are not four billion steps")]
        let newest = self.steps().len() as u32;
        newest
    }

    const fn steps(self) -> &'static [Step] {
        match self {
            Self::Public => steps::PUBLIC,
            Self::Dvo => steps::DVO,
        }
    }

    /// Returns the statements that lead from version `from` to version `to`, in order.
    fn route(self, from: u32, to: u32) -> Vec<&'static str> {
        let between = |low: u32, high: u32| &self.steps()[low as usize..high as usize];
        if from <= to {
            between(from, to).iter().map(|step| step.up).collect()
        } else {
            between(to, from).iter().rev().map(|step| step.down).collect()
        }
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Database {
    /// Returns the version of a schema; `None` when it has never been migrated, 0 when it has no tables.
    pub async fn schema_version(&self, schema: Schema) -> Result<Option<u32>, StorageError> {
        let mut connection = self.acquire().await?;
        read_version(&mut connection, self.statements(), schema).await
    }

    /// Fails, with the command that helps, unless `schema` has its newest version.
    pub async fn require_newest(&self, schema: Schema) -> Result<(), StorageError> {
        let needed = schema.newest();
        let found = self.schema_version(schema).await?.filter(|version| *version > 0);
        let found = found.context(NotMigratedSnafu { schema })?;
        ensure!(found >= needed, SchemaTooOldSnafu { schema, found, needed });
        ensure!(found <= needed, SchemaTooNewSnafu { schema, found, needed });
        Ok(())
    }

    /// Migrates both schemas to their newest version, in one transaction; a schema that has it is left as it is.
    ///
    /// Several may call it at once, also in different processes: one migrates, the others wait and find it done.
    pub async fn migrate(&self) -> Result<Vec<Migrated>, StorageError> {
        self.migrate_all(&Schema::ALL.map(|schema| (schema, schema.newest()))).await
    }

    /// Migrates one schema up or down to `version`, in one transaction. Version 0 is a schema without tables.
    pub async fn migrate_to(&self, schema: Schema, version: u32) -> Result<Migrated, StorageError> {
        let newest = schema.newest();
        ensure!(version <= newest, UnknownSchemaVersionSnafu { schema, version, newest });
        let migrated = self.migrate_all(&[(schema, version)]).await?;
        Ok(migrated[0])
    }

    async fn migrate_all(&self, targets: &[(Schema, u32)]) -> Result<Vec<Migrated>, StorageError> {
        let mut connection = self.acquire().await?;
        let statements = self.statements();
        let mut transaction = statements.run("begin the migration", connection.begin()).await?;
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
        statements.run("wait for another migration", lock.execute(&mut *transaction)).await?;
        let mut migrated = Vec::new();
        for (schema, to) in targets {
            migrated.push(migrate_schema(&mut transaction, statements, *schema, *to).await?);
        }
        statements.run("commit the migration", transaction.commit()).await?;
        for Migrated { schema, from, to } in migrated.iter().filter(|schema| schema.from != schema.to) {
            info!(%schema, from, to, "schema migrated");
        }
        Ok(migrated)
    }
}

async fn migrate_schema(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
    to: u32,
) -> Result<Migrated, StorageError> {
    let from = read_version(connection, statements, schema).await?.unwrap_or(0);
    let needed = schema.newest();
    ensure!(from <= needed, SchemaTooNewSnafu { schema, found: from, needed });
    create_version_table(connection, statements, schema).await?;
    for step in schema.route(from, to) {
        statements.run("migrate", sqlx::raw_sql(step).execute(&mut *connection)).await?;
    }
    if schema == Schema::Public && from == 0 && to > 0 {
        compress_reports(connection, statements).await?;
    }
    if to == schema.newest() {
        own_objects::create(connection, statements, schema).await?;
    } else {
        own_objects::drop(connection, statements, schema).await?;
    }
    if from != to {
        write_version(connection, statements, schema, to).await?;
    }
    Ok(Migrated { schema, from, to })
}

/// Returns the version; 0 when the table has no row, `None` when there is no table.
async fn read_version(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
) -> Result<Option<u32>, StorageError> {
    let table = format!("{schema}.migration_info");
    // The table may be missing, and the server plans a statement only with tables that exist.
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(&table);
    if !statements.run("look for the schema", exists.fetch_one(&mut *connection)).await? {
        return Ok(None);
    }
    let versions = sqlx::query_scalar::<_, i32>(AssertSqlSafe(format!("SELECT version FROM {table}")));
    let versions = statements.run("read the schema's version", versions.fetch_all(connection)).await?;
    ensure!(versions.len() <= 1, SchemaVersionAmbiguousSnafu { schema, rows: versions.len() });
    Ok(Some(versions.first().map_or(0, |version| u32::try_from(*version).unwrap_or(0))))
}

/// Creates the schema and its table of the version, with the version 0, as far as they do not exist.
async fn create_version_table(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
) -> Result<(), StorageError> {
    let table = format!("{schema}.migration_info");
    let create = format!(
        "CREATE SCHEMA IF NOT EXISTS {schema}; \
         CREATE TABLE IF NOT EXISTS {table} (version INTEGER NOT NULL); \
         INSERT INTO {table} (version) SELECT 0 WHERE NOT EXISTS (SELECT FROM {table});"
    );
    statements.run("create the schema", sqlx::raw_sql(AssertSqlSafe(create)).execute(connection)).await?;
    Ok(())
}

async fn write_version(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
    version: u32,
) -> Result<(), StorageError> {
    let write = format!("UPDATE {schema}.migration_info SET version = {version}");
    let write = sqlx::raw_sql(AssertSqlSafe(write));
    statements.run("write the schema's version", write.execute(connection)).await?;
    Ok(())
}

/// Compresses reports with lz4, several times faster than PostgreSQL's own method. Not every server is built with it.
async fn compress_reports(
    connection: &mut PgConnection,
    statements: &Statements,
) -> Result<(), StorageError> {
    const HAS_LZ4: &str =
        "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'";
    let has_lz4 =
        statements.run("look for lz4", sqlx::query_scalar(HAS_LZ4).fetch_optional(&mut *connection)).await?;
    if has_lz4 == Some(true) {
        const USE_LZ4: &str = "ALTER TABLE public.report ALTER COLUMN report SET COMPRESSION lz4";
        statements.run("choose lz4", sqlx::query(USE_LZ4).execute(connection)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_versions_are_those_of_other_programs() {
        assert_eq!(Schema::Public.newest(), 32);
        assert_eq!(Schema::Dvo.newest(), 4);
    }

    #[test]
    fn route_up_takes_each_later_step_in_order() {
        assert_eq!(Schema::Dvo.route(1, 3), [steps::DVO[1].up, steps::DVO[2].up]);
        assert!(Schema::Dvo.route(4, 4).is_empty());
    }

    #[test]
    fn route_down_takes_the_steps_backwards() {
        assert_eq!(Schema::Dvo.route(3, 1), [steps::DVO[2].down, steps::DVO[1].down]);
        assert_eq!(Schema::Public.route(32, 0).len(), 32);
    }
}
