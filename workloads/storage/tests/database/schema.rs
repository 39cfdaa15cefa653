use std::{collections::BTreeSet, fs};

use ccx_storage::{Database, Migrated, Schema};
use sqlx::PgConnection;

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
    FROM pg_indexes WHERE schemaname IN ('public', 'dvo') AND indexname NOT LIKE 'ccx%' ORDER BY 1, 2, 3";

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
    FROM pg_indexes WHERE schemaname IN ('public', 'dvo') AND indexname NOT LIKE 'ccx%'";

/// As [`CATALOGUE`], without what depends on the direction: positions of columns, and what a restored `user_id` defaults to.
const SHAPE: &str = "\
    SELECT format('%s.%s column %s %s%s', table_schema, table_name, column_name, data_type, \
        CASE WHEN column_name <> 'user_id' THEN format(' %s %s', is_nullable, column_default) END) AS line \
    FROM information_schema.columns WHERE table_schema IN ('public', 'dvo') \
    UNION ALL \
    SELECT format('%s.%s constraint %s: %s', n.nspname, r.relname, c.conname, pg_get_constraintdef(c.oid)) \
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace \
    WHERE n.nspname IN ('public', 'dvo') AND c.contype <> 'n' \
    UNION ALL \
    SELECT format('%s.%s index %s: %s', schemaname, tablename, indexname, regexp_replace(indexdef, '.* USING ', '')) \
    FROM pg_indexes WHERE schemaname IN ('public', 'dvo') AND indexname NOT LIKE 'ccx%'";

async fn shape(connection: &mut PgConnection) -> BTreeSet<String> {
    rows(connection, SHAPE).await.into_iter().collect()
}

/// The names of a schema's tables, in order.
async fn tables(connection: &mut PgConnection, schema: Schema) -> String {
    let query = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1");
    rows(connection, &query).await.join(" ")
}

async fn migrate_to(database: &Database, schema: Schema, version: u32) -> Migrated {
    match database.migrate_to(schema, version).await {
        Ok(migrated) => migrated,
        Err(error) => panic!("{schema} {version}: {error} {:?}", std::error::Error::source(&error)),
    }
}

#[tokio::test]
async fn tables_of_newest_version_are_those_that_other_programs_expect() {
    let (_database, mut connection) = migrated().await;
    let mut found = rows(&mut connection, CATALOGUE).await;
    found.sort();
    let expected: Vec<&str> = include_str!("catalogue.txt").lines().collect();
    assert_eq!(found, expected);
    assert_eq!(rows(&mut connection, "SELECT version FROM public.migration_info").await, ["32"]);
    assert_eq!(rows(&mut connection, "SELECT version FROM dvo.migration_info").await, ["4"]);
}

/// The reference is the catalogue of a database that another program migrated step by step.
#[tokio::test]
#[ignore = "needs published samples"]
async fn tables_of_newest_version_equal_the_reference() {
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

/// Parses a CSV line into the form of [`rows`]. The kind of a constraint is part of its definition.
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

const TABLES_BY_VERSION: &str = include_str!("tables_by_version.txt");

#[tokio::test]
async fn versions_have_their_tables_in_both_directions() {
    let (database, settings) = empty().await;
    let mut connection = look_into(&settings).await;
    for schema in Schema::ALL {
        let expected: Vec<&str> = TABLES_BY_VERSION
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{schema} ")))
            .map(|line| line.split_once(' ').unwrap().1)
            .collect();
        let mut shapes = Vec::new();
        for version in 0..=schema.newest() {
            migrate_to(&database, schema, version).await;
            let found = tables(&mut connection, schema).await;
            assert_eq!(found, expected[version as usize], "up to {schema} {version}");
            shapes.push(shape(&mut connection).await);
        }
        for version in (0..schema.newest()).rev() {
            migrate_to(&database, schema, version).await;
            let found = shape(&mut connection).await;
            let differences: Vec<&String> = found.symmetric_difference(&shapes[version as usize]).collect();
            assert!(differences.is_empty(), "down to {schema} {version}: {differences:#?}");
        }
        migrate_to(&database, schema, schema.newest()).await;
    }
}

#[tokio::test]
#[ignore = "needs published samples"]
async fn tables_of_each_version_equal_the_reference() {
    let folder = ccx_test_support::needs::published_samples("db-schema");
    let csv = fs::read_to_string(folder.join("tables_by_version.csv")).unwrap();
    let mut expected = Vec::new();
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.splitn(4, ',').collect();
        assert_eq!(fields[1], "up");
        let mut tables: Vec<&str> = fields[3].trim_matches('"').split(' ').collect();
        tables.sort_unstable();
        expected.push(format!("{} {} {}", fields[0], fields[2], tables.join(" ")));
    }
    // The reference does not say that schema dvo of version 0 has only the table of the version.
    expected.insert(33, "dvo 0 migration_info".into());
    assert_eq!(TABLES_BY_VERSION.lines().collect::<Vec<_>>(), expected);
}

/// The rows of an installation of version 12, before hits had a table of their own.
const FILLED_12: &str = r#"
INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at) VALUES
    (1, 'a', '{"reports":[{"component":"ccx_rules_ocp.external.rules.operator_unmanaged.report","key":"OPERATOR_UNMANAGED","details":{"b":1, "a":"x"}},
                          {"component":"one.two.report","key":"KEY","details":"text"},
                          {"component":"one.two.report","key":"KEY","details":"again"}]}', now(), now()),
    (2, 'b', 'not JSON', now(), now()),
    (2, 'c', '{"reports":null}', now(), now()),
    (2, 'd', '{"reports":{}}', now(), now());
INSERT INTO cluster_rule_toggle (cluster_id, rule_id, user_id, disabled, updated_at) VALUES
    ('a', 'ccx_rules_ocp.external.rules.operator_unmanaged.report', 'old', 0, '2020-01-01'),
    ('a', 'ccx_rules_ocp.external.rules.operator_unmanaged.report', 'new', 1, '2020-01-02'),
    ('a', 'no.component', 'new', 1, '2020-01-02'),
    ('unknown', 'one.two.report', 'new', 1, '2020-01-02');
INSERT INTO cluster_rule_user_feedback VALUES
    ('a', 'ccx_rules_ocp.external.rules.operator_unmanaged', '7', 'good', 1, '2020-01-01', '2020-01-01'),
    ('b', 'one.two.report', '7', '', -1, '2020-01-01', '2020-01-01');
INSERT INTO cluster_user_rule_disable_feedback VALUES
    ('a', '7', 'ccx_rules_ocp.external.rules.operator_unmanaged.report', 'noise', '2020-01-01', '2020-01-01');
INSERT INTO consumer_error (topic, partition, topic_offset, produced_at, consumed_at, error) VALUES ('t', 0, 1, now(), now(), 'e');
"#;

/// The ratings and acknowledgements of an installation of version 20, several users' for one rule.
const FILLED_20: &str = "
INSERT INTO advisor_ratings (user_id, org_id, rule_fqdn, error_key, rated_at, last_updated_at, rating, rule_id) VALUES
    ('7', '1', 'one.two', 'KEY', '2020-01-01', '2020-01-01', -1, 'one.two|KEY'),
    ('8', '1', 'one.two', 'KEY', '2020-01-01', '2020-01-03', 1, 'one.two|KEY'),
    ('7', '2', 'one.two', 'KEY', NULL, NULL, 0, 'one.two|KEY');
INSERT INTO rule_disable (org_id, user_id, rule_id, error_key, justification, created_at, updated_at) VALUES
    ('1', '7', 'one.two', 'KEY', 'first', '2020-01-01', NULL),
    ('1', '8', 'one.two', 'KEY', 'second', '2020-01-02', NULL);
";

const RECOMMENDATIONS: &str =
    "SELECT org_id, cluster_id, rule_fqdn, error_key, rule_id FROM recommendation ORDER BY 3";

/// Returns a database of version 32 with rows that versions 12 and 20 have written.
async fn filled() -> (Database, PgConnection) {
    let (database, settings) = empty().await;
    let mut connection = look_into(&settings).await;
    migrate_to(&database, Schema::Public, 12).await;
    run(&mut connection, FILLED_12).await;
    migrate_to(&database, Schema::Public, 20).await;
    run(&mut connection, FILLED_20).await;
    migrate_to(&database, Schema::Public, 32).await;
    (database, connection)
}

#[tokio::test]
async fn data_of_old_versions_is_migrated() {
    let (_, mut connection) = filled().await;

    let hits = "SELECT cluster_id, rule_fqdn, error_key, template_data FROM rule_hit ORDER BY 2";
    assert_eq!(
        rows(&mut connection, hits).await,
        [
            r#"a | ccx_rules_ocp.external.rules.operator_unmanaged.report | OPERATOR_UNMANAGED | {"b":1, "a":"x"}"#,
            "a | one.two.report | KEY | text",
        ],
    );
    assert_eq!(
        rows(&mut connection, RECOMMENDATIONS).await,
        [
            "1 | a | ccx_rules_ocp.external.rules.operator_unmanaged | OPERATOR_UNMANAGED \
             | ccx_rules_ocp.external.rules.operator_unmanaged|OPERATOR_UNMANAGED",
            "1 | a | one.two | KEY | one.two|KEY",
        ],
    );
    let toggles = "SELECT cluster_id, rule_id, error_key, disabled, org_id FROM cluster_rule_toggle";
    assert_eq!(
        rows(&mut connection, toggles).await,
        ["a | ccx_rules_ocp.external.rules.operator_unmanaged.report | OPERATOR_UNMANAGED | 1 | 1"],
    );
    let votes =
        "SELECT cluster_id, rule_id, error_key, user_vote, org_id FROM cluster_rule_user_feedback ORDER BY 1";
    assert_eq!(
        rows(&mut connection, votes).await,
        [
            "a | ccx_rules_ocp.external.rules.operator_unmanaged | OPERATOR_UNMANAGED | 1 | 1",
            "b | one.two.report |  | -1 | 2",
        ],
    );
    let ratings = "SELECT org_id, rule_fqdn, rating FROM advisor_ratings ORDER BY 1";
    assert_eq!(rows(&mut connection, ratings).await, ["1 | one.two | 1", "2 | one.two | 0"]);
    let acknowledgements = "SELECT org_id, rule_id, justification FROM rule_disable";
    assert_eq!(rows(&mut connection, acknowledgements).await, ["1 | one.two | second"]);
    assert_eq!(rows(&mut connection, "SELECT count(*) FROM report").await, ["4"]);
    assert_eq!(rows(&mut connection, "SELECT count(*) FROM consumer_error").await, ["1"]);
}

#[tokio::test]
async fn filled_database_goes_down_to_each_version_and_up_again() {
    let (database, mut connection) = filled().await;
    // Two error keys of one rule are one row below version 15.
    run(
        &mut connection,
        "INSERT INTO cluster_rule_toggle (cluster_id, rule_id, error_key, disabled, updated_at, org_id) VALUES
            ('b', 'one.two.report', 'KEY', 0, '2020-01-01', '2'), ('b', 'one.two.report', 'OTHER', 1, '2020-01-02', '2');
         INSERT INTO cluster_rule_user_feedback (cluster_id, rule_id, user_id, message, user_vote, added_at, updated_at, error_key, org_id) VALUES
            ('b', 'one.two.report', '7', 'newer', 1, now(), now(), 'KEY', '2')",
    )
    .await;
    let before = rows(&mut connection, RECOMMENDATIONS).await;
    for version in (0..32).rev() {
        migrate_to(&database, Schema::Public, version).await;
        let up = migrate_to(&database, Schema::Public, version + 1).await;
        assert_eq!(up, Migrated { schema: Schema::Public, from: version, to: version + 1 });
        if version >= 16 {
            migrate_to(&database, Schema::Public, 32).await;
            assert_eq!(rows(&mut connection, RECOMMENDATIONS).await, before, "from version {version}");
        }
        migrate_to(&database, Schema::Public, version).await;
    }
    migrate_to(&database, Schema::Public, 32).await;
}

#[tokio::test]
async fn version_outside_the_history_is_refused() {
    let (database, _) = empty().await;
    let refused = database.migrate_to(Schema::Dvo, 5).await.unwrap_err().to_string();
    assert_eq!(refused, "schema dvo has no version 5; its versions are 0 to 4");
}

#[tokio::test]
async fn second_migration_changes_nothing() {
    let (database, _) = empty().await;
    assert_eq!(database.schema_version(Schema::Public).await.unwrap(), None);
    let both = |public, dvo| {
        [
            Migrated { schema: Schema::Public, from: public, to: 32 },
            Migrated { schema: Schema::Dvo, from: dvo, to: 4 },
        ]
    };
    assert_eq!(database.migrate().await.unwrap(), both(0, 0));
    assert_eq!(database.migrate().await.unwrap(), both(32, 4));
    assert_eq!(database.schema_version(Schema::Public).await.unwrap(), Some(32));
    database.require_newest(Schema::Public).await.unwrap();
}

#[tokio::test]
async fn concurrent_migrations_migrate_once() {
    let (database, _) = empty().await;
    let all = futures::future::join_all((0..4).map(|_| database.migrate())).await;
    let from: Vec<u32> = all.into_iter().map(|migrated| migrated.unwrap()[0].from).collect();
    assert_eq!(from.iter().filter(|from| **from == 0).count(), 1, "{from:?}");
}

#[tokio::test]
async fn missing_old_and_new_schemas_say_what_to_run() {
    let (database, settings) = empty().await;
    let required = async || database.require_newest(Schema::Public).await.unwrap_err().to_string();
    assert_eq!(required().await, "the database has no schema public yet; run `ccx migrate` to create it");

    let mut connection = look_into(&settings).await;
    migrate_to(&database, Schema::Public, 31).await;
    assert_eq!(
        required().await,
        "schema public of the database has version 31, and 32 is needed; run `ccx migrate`"
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
async fn version_table_without_or_with_zero_is_an_empty_database() {
    for version in ["", "INSERT INTO migration_info VALUES (0)"] {
        let (database, settings) = empty().await;
        let mut connection = look_into(&settings).await;
        run(&mut connection, &format!("CREATE TABLE migration_info (version INTEGER NOT NULL); {version}"))
            .await;
        assert_eq!(database.schema_version(Schema::Public).await.unwrap(), Some(0));
        let required = database.require_newest(Schema::Public).await.unwrap_err().to_string();
        assert!(required.starts_with("the database has no schema public yet"), "{required}");
        let migrated = database.migrate().await.unwrap()[0];
        assert_eq!(migrated, Migrated { schema: Schema::Public, from: 0, to: 32 });
        assert_eq!(rows(&mut connection, "SELECT version FROM migration_info").await, ["32"]);
    }
}

#[tokio::test]
async fn version_table_with_several_rows_is_refused() {
    let (database, settings) = empty().await;
    database.migrate().await.unwrap();
    run(&mut look_into(&settings).await, "INSERT INTO migration_info VALUES (31)").await;
    let refused = database.migrate().await.unwrap_err().to_string();
    assert!(refused.starts_with("table public.migration_info has 2 rows instead of one"), "{refused}");
    let required = database.require_newest(Schema::Public).await.unwrap_err().to_string();
    assert_eq!(required, refused);
}

#[tokio::test]
async fn reports_are_compressed_with_lz4_where_the_server_can() {
    let (_database, mut connection) = migrated().await;
    let can =
        "SELECT 'lz4' = ANY (enumvals) AS can FROM pg_settings WHERE name = 'default_toast_compression'";
    let has = "SELECT attcompression = 'l' AS has FROM pg_attribute WHERE attrelid = 'report'::regclass AND attname = 'report'";
    assert_eq!(rows(&mut connection, can).await, rows(&mut connection, has).await);
}
