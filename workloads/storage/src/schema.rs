//! The tables' version, and the way to the newest one.
//!
//! Each schema keeps its version in the one row of its table `migration_info`, as every program that shares the database does.

use snafu::{OptionExt, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tracing::info;

use crate::{
    Database, StorageError,
    error::{NoMigrationSnafu, NotMigratedSnafu, SchemaTooNewSnafu, SchemaTooOldSnafu},
    observe::Statements,
};

/// The version of schema `public` that this release works with.
pub const SCHEMA_VERSION: u32 = 32;

/// The version of schema `dvo` that this release works with.
pub const DVO_SCHEMA_VERSION: u32 = 4;

/// Whoever migrates holds this lock, so that pods that start together do not migrate together. The number is arbitrary.
const MIGRATION_LOCK: i64 = 0x6363_785f_6d69_6772;

/// A schema with a version of its own.
struct Schema {
    name: &'static str,
    newest: u32,
    steps: &'static [Step],
}

/// From one version to another.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// The version that the step needs; 0 is an empty database.
    from: u32,
    /// The version that it leads to.
    to: u32,
    /// What it does, in one or more statements.
    up: &'static str,
}

const PUBLIC: Schema = Schema {
    name: "public",
    newest: SCHEMA_VERSION,
    steps: &[Step { from: 0, to: 32, up: include_str!("schema/public_32.sql") }],
};

const DVO: Schema = Schema {
    name: "dvo",
    newest: DVO_SCHEMA_VERSION,
    steps: &[Step { from: 0, to: 4, up: include_str!("schema/dvo_4.sql") }],
};

/// What a migration found and left of one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The schema.
    pub schema: &'static str,
    /// Its version before; 0 when it was empty.
    pub from: u32,
    /// Its version now.
    pub to: u32,
}

impl Database {
    /// The version of schema `public`; `None` when the database has not been migrated.
    pub async fn schema_version(&self) -> Result<Option<u32>, StorageError> {
        let mut connection = self.acquire().await?;
        let version = read_version(&mut connection, self.statements(), &PUBLIC).await?;
        Ok(version.filter(|version| *version > 0))
    }

    /// Fails, with the command that helps, unless schema `public` has [`SCHEMA_VERSION`].
    pub async fn require_current_schema(&self) -> Result<(), StorageError> {
        let (schema, needed) = (PUBLIC.name, SCHEMA_VERSION);
        let found = self.schema_version().await?.context(NotMigratedSnafu { schema })?;
        ensure!(found >= needed, SchemaTooOldSnafu { schema, found, needed });
        ensure!(found <= needed, SchemaTooNewSnafu { schema, found, needed });
        Ok(())
    }

    /// Brings all schemas to their newest version, in one transaction. Does nothing to those that have it.
    ///
    /// Several may call it at once, also in different processes: one migrates, the others wait and find it done.
    pub async fn migrate(&self) -> Result<Vec<Migrated>, StorageError> {
        let mut connection = self.acquire().await?;
        let statements = self.statements();
        let mut transaction = statements.run("begin the migration", connection.begin()).await?;
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
        statements.run("wait for another migration", lock.execute(&mut *transaction)).await?;
        let mut migrated = Vec::new();
        for schema in [PUBLIC, DVO] {
            migrated.push(migrate_schema(&mut transaction, statements, &schema).await?);
        }
        statements.run("commit the migration", transaction.commit()).await?;
        for Migrated { schema, from, to } in migrated.iter().filter(|schema| schema.from != schema.to) {
            info!(schema, from, to, "the schema is migrated");
        }
        Ok(migrated)
    }
}

async fn migrate_schema(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: &Schema,
) -> Result<Migrated, StorageError> {
    let version = read_version(connection, statements, schema).await?;
    let from = version.unwrap_or(0);
    let route = route(schema, from)?;
    if version.is_none() {
        create_version_table(connection, statements, schema).await?;
    }
    for step in &route {
        statements.run("migrate", sqlx::raw_sql(step.up).execute(&mut *connection)).await?;
    }
    if from == 0 && schema.name == PUBLIC.name {
        compress_reports(connection, statements).await?;
    }
    if !route.is_empty() {
        write_version(connection, statements, schema).await?;
    }
    Ok(Migrated { schema: schema.name, from, to: schema.newest })
}

/// The steps from version `from` to the newest, the longest ones first.
fn route(schema: &Schema, from: u32) -> Result<Vec<&'static Step>, StorageError> {
    let (found, needed) = (from, schema.newest);
    ensure!(found <= needed, SchemaTooNewSnafu { schema: schema.name, found, needed });
    let mut route = Vec::new();
    let mut at = from;
    while at != schema.newest {
        let steps = schema.steps.iter().filter(|step| step.from == at && step.to > at);
        let longest = steps.max_by_key(|step| step.to);
        let step = longest.context(NoMigrationSnafu { schema: schema.name, found, needed })?;
        at = step.to;
        route.push(step);
    }
    Ok(route)
}

/// The version, 0 when the table is there and nothing else, `None` when not even that.
async fn read_version(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: &Schema,
) -> Result<Option<u32>, StorageError> {
    let table = format!("{}.migration_info", schema.name);
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(&table);
    if !statements.run("look for the schema", exists.fetch_one(&mut *connection)).await? {
        return Ok(None);
    }
    let version = sqlx::query_scalar::<_, i32>(AssertSqlSafe(format!("SELECT version FROM {table}")));
    let version = statements.run("read the schema's version", version.fetch_optional(connection)).await?;
    Ok(version.map(|version| u32::try_from(version).unwrap_or(0)))
}

async fn create_version_table(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: &Schema,
) -> Result<(), StorageError> {
    let create = format!(
        "CREATE SCHEMA IF NOT EXISTS {0}; CREATE TABLE {0}.migration_info (version INTEGER NOT NULL);",
        schema.name
    );
    statements.run("create the schema", sqlx::raw_sql(AssertSqlSafe(create)).execute(connection)).await?;
    Ok(())
}

async fn write_version(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: &Schema,
) -> Result<(), StorageError> {
    let table = format!("{}.migration_info", schema.name);
    let write = format!("DELETE FROM {table}; INSERT INTO {table} (version) VALUES ({});", schema.newest);
    statements
        .run("write the schema's version", sqlx::raw_sql(AssertSqlSafe(write)).execute(connection))
        .await?;
    Ok(())
}

/// lz4 compresses reports several times faster than PostgreSQL's own method. Not every server is built with it.
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

    const IN_STEPS: Schema = Schema {
        name: "public",
        newest: 4,
        steps: &[
            Step { from: 0, to: 1, up: "" },
            Step { from: 0, to: 3, up: "" },
            Step { from: 1, to: 2, up: "" },
            Step { from: 3, to: 4, up: "" },
        ],
    };

    fn route_of(from: u32) -> Result<Vec<(u32, u32)>, String> {
        let steps = route(&IN_STEPS, from).map_err(|error| error.to_string())?;
        Ok(steps.into_iter().map(|step| (step.from, step.to)).collect())
    }

    #[test]
    fn a_route_takes_the_longest_steps() {
        assert_eq!(route_of(0), Ok(vec![(0, 3), (3, 4)]));
        assert_eq!(route_of(3), Ok(vec![(3, 4)]));
    }

    #[test]
    fn the_newest_version_needs_no_step() {
        assert_eq!(route_of(4), Ok(vec![]));
    }

    #[test]
    fn a_version_without_a_way_or_from_the_future_is_refused() {
        assert!(
            route_of(1)
                .unwrap_err()
                .starts_with("unable to migrate schema public of the database from version 1 to 4")
        );
        assert!(route_of(5).unwrap_err().contains("newer than version 4"));
    }
}
