use std::{collections::BTreeSet, fs};

use ccx_storage::{Migrated, SCHEMA_VERSION};

use crate::support::{empty, look_into, migrated, rows, run};

const COLUMNS: &str = "\
    SELECT table_schema, table_name, ordinal_position, column_name, data_type, is_nullable, coalesce(column_default, '') AS def \
    FROM information_schema.columns WHERE table_schema IN ('public', 'dvo') ORDER BY 1, 2, 3";

const CONSTRAINTS: &str = "\
    SELECT n.nspname, r.relname, c.conname, pg_get_constraintdef(c.oid) AS definition \
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace \
    WHERE n.nspname IN ('public', 'dvo') AND c.contype <> 'n' ORDER BY 1, 2, 3";

const INDEXES: &str = "\
    SELECT schemaname, tablename, indexname, regexp_replace(indexdef, '.* USING ', '') AS using \
    FROM pg_indexes WHERE schemaname IN ('public', 'dvo') ORDER BY 1, 2, 3";

/// One line for each column, constraint and index.
const CATALOGUE: &str = "\
    SELECT format('%s.%s column %s: %s %s%s%s', table_schema, table_name, ordinal_position, column_name, data_type, \
        CASE is_nullable WHEN 'NO' THEN ' NOT NULL' END, ' DEFAULT ' || column_default) AS line \
    FROM information_schema.columns WHERE table_schema IN ('public', 'dvo') \
    UNION ALL \
    SELECT format('%s.%s constraint %s: %s', n.nspname, r.relname, c.conname, pg_get_constraintdef(c.oid)) \
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace \
    WHERE n.nspname IN ('public', 'dvo') AND c.contype <> 'n' \
    UNION ALL \
    SELECT format('%s.%s index %s: %s', schemaname, tablename, indexname, regexp_replace(indexdef, '.* USING ', '')) \
    FROM pg_indexes WHERE schemaname IN ('public', 'dvo')";

#[tokio::test]
async fn the_tables_are_those_that_other_programs_expect() {
    let (_database, mut connection) = migrated().await;
    let mut found = rows(&mut connection, CATALOGUE).await;
    found.sort();
    let expected: Vec<&str> = include_str!("catalogue.txt").lines().collect();
    assert_eq!(found, expected);
    assert_eq!(rows(&mut connection, "SELECT version FROM public.migration_info").await, ["32"]);
    assert_eq!(rows(&mut connection, "SELECT version FROM dvo.migration_info").await, ["4"]);
}

/// The catalogue of a database that was migrated step by step.
#[tokio::test]
#[ignore = "needs published samples"]
async fn the_tables_equal_the_reference() {
    let folder = ccx_test_support::needs::published_samples("db-schema");
    let (_database, mut connection) = migrated().await;
    for (file, query) in [("columns", COLUMNS), ("constraints", CONSTRAINTS), ("indexes", INDEXES)] {
        let csv = fs::read_to_string(folder.join(format!("{file}_v32_dvo4.csv"))).unwrap();
        let expected: BTreeSet<String> = csv.lines().skip(1).map(|line| fields(file, line)).collect();
        let found: BTreeSet<String> = rows(&mut connection, query).await.into_iter().collect();
        let differences: Vec<&String> = found.symmetric_difference(&expected).collect();
        assert!(differences.is_empty(), "{file}: {differences:#?}");
    }
}

/// A CSV line in the form of [`rows`]. The kind of a constraint is part of its definition.
fn fields(file: &str, line: &str) -> String {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(character),
        }
    }
    if file == "constraints" {
        fields.remove(3);
    }
    fields.join(" | ")
}

#[tokio::test]
async fn a_second_migration_changes_nothing() {
    let (database, _) = empty().await;
    assert_eq!(database.schema_version().await.unwrap(), None);
    let migrated = |schema, from, to| Migrated { schema, from, to };
    assert_eq!(database.migrate().await.unwrap(), [migrated("public", 0, 32), migrated("dvo", 0, 4)]);
    assert_eq!(database.migrate().await.unwrap(), [migrated("public", 32, 32), migrated("dvo", 4, 4)]);
    assert_eq!(database.schema_version().await.unwrap(), Some(SCHEMA_VERSION));
    database.require_current_schema().await.unwrap();
}

#[tokio::test]
async fn of_migrations_at_the_same_moment_one_works_and_the_others_wait() {
    let (database, _) = empty().await;
    let all = futures::future::join_all((0..4).map(|_| database.migrate())).await;
    let from: Vec<u32> = all.into_iter().map(|migrated| migrated.unwrap()[0].from).collect();
    assert_eq!(from.iter().filter(|from| **from == 0).count(), 1, "{from:?}");
}

#[tokio::test]
async fn a_missing_an_older_and_a_newer_schema_say_what_to_run() {
    let (database, settings) = empty().await;
    let required = async || database.require_current_schema().await.unwrap_err().to_string();
    assert_eq!(required().await, "the database has no schema public yet; run `ccx migrate` to create it");

    let mut connection = look_into(&settings).await;
    run(
        &mut connection,
        "CREATE TABLE migration_info (version INTEGER NOT NULL); INSERT INTO migration_info VALUES (31)",
    )
    .await;
    assert_eq!(
        required().await,
        "schema public of the database has version 31, and 32 is needed; run `ccx migrate`"
    );
    let refused = database.migrate().await.unwrap_err().to_string();
    assert!(
        refused.starts_with("unable to migrate schema public of the database from version 31 to 32"),
        "{refused}"
    );

    run(&mut connection, "UPDATE migration_info SET version = 33").await;
    assert!(required().await.contains("version 33, newer than version 32 of this release"));
    assert!(database.migrate().await.unwrap_err().to_string().contains("newer"));
    assert_eq!(
        rows(&mut connection, "SELECT to_regclass('dvo.dvo_report') AS t").await,
        ["NULL"],
        "nothing is half done"
    );
}

#[tokio::test]
async fn a_database_with_only_a_version_table_is_empty() {
    let (database, settings) = empty().await;
    let mut connection = look_into(&settings).await;
    run(
        &mut connection,
        "CREATE TABLE migration_info (version INTEGER NOT NULL); INSERT INTO migration_info VALUES (0)",
    )
    .await;
    assert_eq!(database.schema_version().await.unwrap(), None);
    assert_eq!(database.migrate().await.unwrap()[0], Migrated { schema: "public", from: 0, to: 32 });
    assert_eq!(rows(&mut connection, "SELECT version FROM migration_info").await, ["32"]);
}

#[tokio::test]
async fn reports_are_compressed_with_lz4_where_the_server_can() {
    let (_database, mut connection) = migrated().await;
    let can =
        "SELECT 'lz4' = ANY (enumvals) AS can FROM pg_settings WHERE name = 'default_toast_compression'";
    let has = "SELECT attcompression = 'l' AS has FROM pg_attribute WHERE attrelid = 'report'::regclass AND attname = 'report'";
    assert_eq!(rows(&mut connection, can).await, rows(&mut connection, has).await);
}
