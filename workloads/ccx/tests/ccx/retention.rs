//! `ccx clean` and `ccx export`

use std::{fs, process::Command};

use ccx_messages::OrgId;
use ccx_storage::{Database, NewReport};
use chrono::{TimeDelta, Utc};

use crate::process::{ccx, run};

/// Stores a report of 100 days ago and one of today; returns the settings of the database.
async fn database() -> ccx_config::Database {
    let settings = ccx_local::test_postgres().await.create_database().await.unwrap();
    let database = Database::connect(&settings).unwrap();
    database.migrate().await.unwrap();
    for (number, days) in [(1, 100), (2, 0)] {
        let stored_at = Utc::now() - TimeDelta::days(days);
        let report = NewReport {
            org_id: OrgId::new(1).unwrap(),
            cluster_id: format!("00000000-0000-4000-8000-{number:012x}").parse().unwrap(),
            last_checked_at: stored_at,
            gathered_at: None,
            report: "{}".into(),
            hits: Vec::new(),
            cluster_version: None,
            reported_name: None,
            is_authenticated: true,
        };
        database.write_batch(&[report], stored_at).await.unwrap();
    }
    settings
}

fn command(database: &ccx_config::Database, arguments: &[&str]) -> Command {
    let mut command = ccx(arguments);
    command.env("CCX__DATABASE__HOST", &database.host);
    command.env("CCX__DATABASE__PORT", database.port.to_string());
    command.env("CCX__DATABASE__NAME", &database.name);
    command.env("CCX__DATABASE__USER", &database.user);
    command.env("CCX__DATABASE__PASSWORD", database.password().unwrap().unwrap().expose());
    command
}

#[tokio::test]
async fn clean_deletes_what_is_older_unless_it_is_a_dry_run() {
    let database = database().await;
    let cleaned = |arguments: &[&str]| {
        let outcome = run(&mut command(&database, arguments));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let row = outcome.stdout.lines().find(|line| line.split_whitespace().next() == Some("report"));
        row.unwrap_or_else(|| panic!("{outcome:?}")).split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(cleaned(&["clean", "--max-age", "90d", "--dry-run"]), "1");
    assert_eq!(cleaned(&["clean", "--max-age", "90d"]), "1");
    assert_eq!(cleaned(&["clean", "--max-age", "90d"]), "0");
}

#[tokio::test]
async fn clean_and_export_of_a_database_without_tables_fail() {
    let database = database().await;
    let other = ccx_local::test_postgres().await.create_database().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    for arguments in [["clean", "--max-age", "90d"], ["export", "--folder", target]] {
        let outcome = run(&mut command(&other, &arguments));
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.contains("run `ccx migrate` to create it"), "{outcome:?}");
    }
    let outcome =
        run(&mut command(&database, &["export", "--folder", target, "--ignore-table", "rule_hits"]));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("there is no table rule_hits"), "{outcome:?}");
}

#[tokio::test]
async fn export_writes_the_tables_of_all_schemas() {
    let database = database().await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    let arguments =
        ["export", "--folder", target.to_str().unwrap(), "--metadata", "--ignore-table", "rule_hit"];
    let outcome = run(&mut command(&database, &arguments));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("\ndvo.dvo_report.csv\n"), "{outcome:?}");
    assert_eq!(fs::read_to_string(target.join("report.csv")).unwrap().lines().count(), 3);
    assert_eq!(fs::read_to_string(target.join("dvo.migration_info.csv")).unwrap(), "version\n4\n");
    let names = fs::read_to_string(target.join("ccx.cluster_name.csv")).unwrap();
    assert_eq!(names, "org_id,cluster_id,name,set_by,set_at\n");
    assert!(!target.join("rule_hit.csv").exists());
    assert!(target.join("_metadata.csv").exists() && target.join("_disabled_rules.csv").exists());
}
