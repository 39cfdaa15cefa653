//! The programs under the names of the original cleaner and exporter.

use std::{
    fs,
    os::unix::{fs::symlink, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
};

use ccx_storage::Database;
use ccx_test_support::{eventually, http::get};

use crate::process::{Outcome, ccx, run};

const CLEANER: &str = "insights-results-aggregator-cleaner";
const EXPORTER: &str = "insights-results-aggregator-exporter";

/// A program in a folder of its own, with a migrated database.
struct Tool {
    name: &'static str,
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    database: ccx_config::Database,
}

impl Tool {
    async fn new(name: &'static str, prefix: &str) -> Self {
        let database = ccx_local::test_postgres().await.create_database().await.unwrap();
        Database::connect(&database).unwrap().migrate().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        symlink(env!("CARGO_BIN_EXE_ccx"), folder.path().join(name)).unwrap();
        let password = database.password().unwrap().unwrap();
        let keys = [
            ("DB_DRIVER", "postgres"),
            ("PG_HOST", &database.host),
            ("PG_PORT", &database.port.to_string()),
            ("PG_USERNAME", &database.user),
            ("PG_PASSWORD", password.expose()),
            ("PG_DB_NAME", &database.name),
            ("PG_PARAMS", "sslmode=prefer"),
        ];
        let variables = keys.map(|(key, value)| (format!("{prefix}__STORAGE__{key}"), value.to_owned()));
        Self { name, folder, variables: variables.into(), database }
    }

    fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(self.folder.path().join(self.name));
        command.args(arguments).arg0(self.name).current_dir(self.folder.path()).env_remove("ACG_CONFIG");
        for (name, _) in ccx(arguments).get_envs() {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        run(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    async fn sql(&self, statement: &str) {
        let password = self.database.password().unwrap().unwrap();
        let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
            .host(&self.database.host)
            .port(self.database.port)
            .username(&self.database.user)
            .password(password.expose())
            .database(&self.database.name);
        let pool = sqlx::PgPool::connect_with(options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&pool).await.unwrap();
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

async fn cleaner() -> Tool {
    Tool::new(CLEANER, "INSIGHTS_RESULTS_CLEANER").await
}

async fn exporter() -> Tool {
    Tool::new(EXPORTER, "INSIGHTS_RESULTS_AGGREGATOR_EXPORTER").await
}

const TWO_REPORTS: &str = "INSERT INTO report VALUES
    (1, '5d5892d4-1f74-4ccf-91af-548dfc9767aa', '', '1990-01-01', '1990-01-01'),
    (2, '5d5892d4-1f74-4ccf-91af-548dfc9767ad', '', '2200-01-01', '2200-01-01')";

#[tokio::test]
async fn cleaner_prints_help_version_and_authors() {
    let cleaner = cleaner().await;
    let help = cleaner.run(&["--help"]);
    assert_eq!((help.code, help.stdout.as_str()), (Some(0), "Clowder is not enabled, skipping init...\n"));
    let block = "Usage of insights-results-aggregator-cleaner:
  -authors
    \tshow authors
  -cleanup
    \tperform database cleanup
  -clusters string
    \tlist of clusters to cleanup
  -fill-in-db
    \tfill-in database by test data
  -max-age string
    \tmax age for displaying old records
  -multiple-rule-disable
    \tlist clusters with the same rule(s) disabled by different users
  -output string
    \tfilename for old cluster listing
  -show-configuration
    \tshow configuration
  -summary
    \tprint summary table after cleanup
  -vacuum
    \tvacuum database
  -version
    \tshow cleaner version
";
    assert!(help.stderr.starts_with(block), "{}", help.stderr);
    let lines = |flag| cleaner.run(&[flag]).stdout;
    assert!(lines("--version").ends_with("\nInsights Results Aggregator Cleaner version 1.0\n"));
    assert!(lines("-authors").ends_with("\nPavel Tisnovsky, Red Hat Inc.\n"));
    let unknown = cleaner.run(&["-x"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.starts_with("flag provided but not defined: -x\nUsage of "), "{unknown:?}");
}

#[tokio::test]
async fn cleaner_lists_old_reports_and_deletes_clusters() {
    let cleaner = cleaner().await;
    cleaner.sql(TWO_REPORTS).await;
    let list = || {
        let outcome = cleaner.run(&["--output", "test", "--max-age", "90 days"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        cleaner.file("test")
    };
    let line = "5d5892d4-1f74-4ccf-91af-548dfc9767aa,1990-01-01T00:00:00Z,1990-01-01T00:00:00Z,";
    let listed = list();
    assert!(listed.starts_with(line) && listed.lines().count() == 1, "{listed}");

    let wrong = cleaner.run(&["--cleanup", "--clusters", "foo"]);
    assert_eq!(wrong.code, Some(0), "{wrong:?}");
    assert!(list().starts_with(line));
    let cleanup =
        cleaner.run(&["--cleanup", "--clusters", "5d5892d4-1f74-4ccf-91af-548dfc9767aa,foo", "-summary"]);
    assert_eq!(cleanup.code, Some(0), "{cleanup:?}");
    for row in [
        "| Proper cluster entries ",
        "| Improper cluster entries ",
        "| Deletions from table 'report'",
        "TOTAL DELETIONS",
    ] {
        assert!(cleanup.stdout.contains(row), "{row}: {cleanup:?}");
    }
    assert_eq!(list(), "");
}

#[tokio::test]
async fn cleaner_deletes_all_old_records_unless_it_is_a_dry_run() {
    let cleaner = cleaner().await;
    cleaner.sql(TWO_REPORTS).await;
    let listed = || {
        cleaner.run(&["--output", "test", "--max-age", "1 day"]);
        cleaner.file("test").lines().count()
    };
    let dry = cleaner.run(&["-cleanup-all", "-max-age", "30 years"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(dry.stderr.contains("\"Dry run\":true") && dry.stderr.contains("\"Affected\":1"), "{dry:?}");
    assert_eq!(listed(), 1);
    let deleted = cleaner.run(&["-cleanup-all", "-dry-run=false", "-max-age=30 years"]);
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    assert_eq!(listed(), 0);
    assert_eq!(cleaner.run(&["-cleanup-all", "-dry-run=false"]).code, Some(3));
}

#[tokio::test]
async fn cleaner_vacuums_shows_its_configuration_and_reports_failures() {
    let tool = cleaner().await;
    let vacuum = tool.run(&["-vacuum"]);
    assert_eq!(vacuum.code, Some(0), "{vacuum:?}");
    for message in
        ["DB connection configuration", "driverName", "postgres", "Vacuuming started", "Vacuuming finished"]
    {
        assert!(vacuum.stderr.contains(message), "{message}: {vacuum:?}");
    }
    let shown = tool.run(&["-show-configuration"]).stderr;
    for message in ["DB connection", "Storage", "Logging", "Cleaner"] {
        assert!(shown.contains(&format!("\"message\":\"{message} configuration\"")), "{message}: {shown}");
    }
    let unreachable = cleaner().await.with("INSIGHTS_RESULTS_CLEANER__STORAGE__PG_PORT", "1");
    for (flag, code) in
        [("-vacuum", 4), ("-cleanup-all", 3), ("-multiple-rule-disable", 1), ("-fill-in-db", 2)]
    {
        assert_eq!(unreachable.run(&[flag, "-max-age", "1 day"]).code, Some(code), "{flag}");
    }
}

#[tokio::test]
async fn cleaner_lists_rules_that_are_disabled_several_times() {
    let cleaner = cleaner().await;
    cleaner
        .sql(
            "INSERT INTO cluster_rule_toggle (cluster_id, rule_id, disabled, updated_at, error_key)
             VALUES ('c', 'r', 1, now(), 'A'), ('c', 'r', 1, now(), 'B')",
        )
        .await;
    assert_eq!(cleaner.run(&["-multiple-rule-disable", "-output", "found"]).code, Some(0));
    assert_eq!(cleaner.file("found"), "-1,c,r,2\n");
}

const EXPORTED: [&str; 11] = [
    "advisor_ratings",
    "cluster_rule_toggle",
    "cluster_rule_user_feedback",
    "cluster_user_rule_disable_feedback",
    "consumer_error",
    "migration_info",
    "recommendation",
    "report",
    "report_info",
    "rule_disable",
    "rule_hit",
];

#[tokio::test]
async fn exporter_writes_every_table_its_metadata_and_log_into_files() {
    let exporter = exporter().await;
    exporter.sql(TWO_REPORTS).await;
    let outcome = exporter.run(&[
        "--output",
        "file",
        "--metadata",
        "--export-log",
        "--disabled-by-more-users",
        "-summary",
    ]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    for table in EXPORTED {
        assert!(!exporter.file(&format!("{table}.csv")).is_empty(), "{table}");
    }
    assert_eq!(exporter.file("report.csv").lines().count(), 3);
    assert_eq!(exporter.file("_disabled_rules.csv"), "Rule,Count\n");
    let metadata = exporter.file("_metadata.csv");
    assert!(metadata.starts_with("Table name,Records\n") && metadata.lines().count() == 12, "{metadata}");
    assert!(metadata.contains("\nreport,2\n"), "{metadata}");
    assert_eq!(exporter.file("_tables.csv").lines().count(), 12);
    let log = exporter.file("_logs.txt");
    let head = "{\"level\":\"info\",\"message\":\"File logger initialized\"}\n\
        {\"level\":\"info\",\"message\":\"Retrieving connection to storage\"}\n\
        {\"level\":\"info\",\"message\":\"Exporting to file\"}\n\
        {\"level\":\"info\",\"message\":\"Reading list of tables\"}\n\
        {\"level\":\"info\",\"message\":\"Exporting metadata\"}\n";
    assert!(log.starts_with(head), "{log}");
    assert!(
        log.contains("{\"level\":\"info\",\"Table name\":\"report\",\"message\":\"Exporting table\"}\n"),
        "{log}"
    );
    assert!(log.ends_with("{\"level\":\"info\",\"message\":\"Closing connection to storage\"}\n"), "{log}");
}

#[tokio::test]
async fn exporter_limits_rows_and_leaves_tables_and_organisations_out() {
    let tool = exporter().await;
    tool.sql(TWO_REPORTS).await;
    assert_eq!(tool.run(&["-output=file", "-limit=1", "-ignore-tables=rule_hit,report_info"]).code, Some(0));
    assert_eq!(tool.file("report.csv").lines().count(), 2);
    assert!(!Path::new(&tool.folder.path().join("rule_hit.csv")).exists());

    fs::write(tool.folder.path().join("organisations.csv"), "org\n2\n").unwrap();
    let tool =
        tool.with("INSIGHTS_RESULTS_AGGREGATOR_EXPORTER__STORAGE__ENABLE_ORG_ID_FILTERING", "true").with(
            "INSIGHTS_RESULTS_AGGREGATOR_EXPORTER__STORAGE__ORGANIZATION_IDS_CSV_FILE",
            "organisations.csv",
        );
    assert_eq!(tool.run(&["-output=file"]).code, Some(0));
    let report = tool.file("report.csv");
    assert!(report.lines().count() == 2 && report.contains("\n2,5d5892d4"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exporter_stores_objects_under_the_prefix() {
    let storage = ccx_local::ObjectStorage::start("test").await.unwrap();
    let settings = storage.config();
    let endpoint = settings.endpoint.clone().unwrap();
    let (host, port) = endpoint.rsplit_once(':').unwrap();
    let (id, key) = settings.credentials().unwrap().unwrap();
    let prefix = "INSIGHTS_RESULTS_AGGREGATOR_EXPORTER__S3__";
    let mut tool = exporter().await;
    for (name, value) in [
        ("ENDPOINT_URL", host.trim_start_matches("http://")),
        ("ENDPOINT_PORT", port),
        ("ACCESS_KEY_ID", &id),
        ("SECRET_ACCESS_KEY", key.expose()),
        ("USE_SSL", "false"),
        ("BUCKET", "test"),
        ("PREFIX", "test"),
    ] {
        tool = tool.with(&format!("{prefix}{name}"), value);
    }
    assert_eq!(tool.run(&["--check-s3-connection"]).code, Some(0));
    let outcome = tool.run(&["--metadata", "--output", "S3", "--export-log"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let store = ccx_transport::ObjectStore::connect(&settings).await.unwrap();
    for object in ["test/report.csv", "test/_metadata.csv", "test/_logs.txt"] {
        let link = store.presign_get("test", object, std::time::Duration::from_mins(1)).await.unwrap();
        let answer = reqwest::get(link).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{object}");
        assert!(!answer.text().await.unwrap().is_empty(), "{object}");
    }
    let missing = tool.with(&format!("{prefix}BUCKET"), "other").run(&["--check-s3-connection"]);
    assert_eq!(missing.code, Some(3), "{missing:?}");
}

#[tokio::test]
async fn exporter_prints_its_help_and_configuration_without_the_secret() {
    let tool = exporter().await.with("INSIGHTS_RESULTS_AGGREGATOR_EXPORTER__S3__SECRET_ACCESS_KEY", "hush");
    let help = tool.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    let lines = "  -limit int\n    \tlimit number of exported records (default -1)\n  -metadata\n    \texport metadata\n  \
        -output string\n    \toutput to: file, S3 (default \"S3\")\n";
    assert!(help.stderr.contains(lines), "{}", help.stderr);
    let shown = tool.run(&["--show-configuration"]);
    for name in [
        "DB Name",
        "Username",
        "Host",
        "AccessKeyID",
        "SecretAccessKey",
        "S3 configuration",
        "Storage configuration",
    ] {
        assert!(shown.stderr.contains(name), "{name}: {shown:?}");
    }
    assert!(!shown.stderr.contains("hush"), "{shown:?}");
    assert_eq!(tool.run(&["--output", "paper"]).code, Some(4));
}

/// Runs the program under the name of an original service, in `folder`, with variables, until it listens or ends.
fn service(name: &str, folder: &Path, variables: &[(&str, &str)]) -> Command {
    let link = folder.join(name);
    symlink(env!("CARGO_BIN_EXE_ccx"), &link).unwrap();
    let mut command = Command::new(link);
    command.arg0(name).current_dir(folder).env_remove("ACG_CONFIG");
    for (name, _) in ccx::<&str>([]).get_envs() {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn services_read_the_configuration_of_their_originals() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!(":{port}");
    let web_port = port.to_string();
    for (name, variables) in [
        (
            "insights-results-smart-proxy",
            [
                ("INSIGHTS_RESULTS_SMART_PROXY__SERVER__ADDRESS", address.as_str()),
                ("CCX__DATABASE__PORT", "1"),
            ],
        ),
        (
            "insights-ingress-go",
            // Metrics and health have a port of their own, as those of the original.
            [("INGRESS_METRICSPORT", web_port.as_str()), ("INGRESS_WEBPORT", "0")],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), "[server]\nelephant = 1\ndebug = true\n").unwrap();
        let mut command = service(name, folder.path(), &variables);
        let mut child = command.env("INGRESS_STAGEBUCKET", "uploads").spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}/livez");
        eventually(name, || get(&url, &[]).filter(|response| response.status == 200));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        if name == "insights-results-smart-proxy" {
            assert!(
                errors.contains("server.elephant is not a key of insights-results-smart-proxy"),
                "{errors}"
            );
            assert!(errors.contains("server.debug of insights-results-smart-proxy is not used"), "{errors}");
        }
    }
}

#[test]
fn ingress_finds_brokers_and_bucket_in_the_document_of_clowder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cdappconfig.json");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let document = format!(
        r#"{{
            "publicPort": 0, "metricsPort": {port},
            "kafka": {{"brokers": [{{"hostname": "127.0.0.1", "port": 1}}], "topics": []}},
            "objectStore": {{"hostname": "127.0.0.1", "port": 2, "tls": false, "buckets": [
                {{"requestedName": "uploads", "name": "uploads-of-stage", "accessKey": "me", "secretKey": "s3cret"}}
            ]}}
        }}"#
    );
    fs::write(&file, document).unwrap();
    let variables = [("ACG_CONFIG", file.to_str().unwrap()), ("INGRESS_STAGEBUCKET", "uploads")];
    let mut child = service("insights-ingress-go", folder.path(), &variables).spawn().unwrap();
    let url = format!("http://127.0.0.1:{port}/readyz");
    eventually("ingress names the broker and the object storage", || {
        let text = get(&url, &[])?.body;
        (text.contains("127.0.0.1:1") && text.contains("uploads-of-stage")).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();

    fs::write(&file, "{\"kafka\": s3cret}").unwrap();
    let other = tempfile::tempdir().unwrap();
    let outcome = run(&mut service("insights-ingress-go", other.path(), &variables));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("cdappconfig.json is not understood, line 1"), "{outcome:?}");
    assert!(!outcome.stderr.contains("s3cret"), "{outcome:?}");
}

#[test]
fn invalid_value_of_an_original_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("INGRESS_WEBPORT", "s3cret")];
    let outcome = run(&mut service("insights-ingress-go", folder.path(), &variables));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("INGRESS_WEBPORT is invalid: expected a port"), "{outcome:?}");
    assert!(!outcome.stderr.contains("s3cret"), "{outcome:?}");
}
