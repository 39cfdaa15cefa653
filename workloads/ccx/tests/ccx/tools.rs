//! The small commands.

use std::{fs, path::Path};

use crate::process::{ccx, run};

#[test]
fn completion_is_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = run(&mut ccx(["completion", shell]));
        assert_eq!(outcome.code, Some(0), "{shell}");
        assert!(outcome.stdout.contains("sample-archive"), "{shell} knows the commands");
    }
}

#[test]
fn completion_has_the_error_keys() {
    assert!(run(&mut ccx(["completion", "bash"])).stdout.contains("NODE_NOT_READY"));
}

#[test]
fn rules_list_has_the_built_in_rules() {
    let outcome = run(&mut ccx(["rules", "list", "--output", "json"]));
    let keys: Vec<serde_json::Value> =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let not_ready = keys.iter().find(|key| key["error_key"] == "NODE_NOT_READY").expect("the key is listed");
    assert_eq!(not_ready["rule"], "ccx_rules.external.node_not_ready");
    assert_eq!(not_ready["risk"], "important");
    assert_eq!(not_ready["reads"][0]["need"], "required");
    let alerts =
        keys.iter().find(|key| key["error_key"] == "CRITICAL_ALERT_FIRING").expect("the key is listed");
    assert_eq!((&alerts["since"], &alerts["until"]), (&"4.12".into(), &serde_json::Value::Null));
    assert_eq!(alerts["reads"][0]["locations"][0]["since"], "4.12");
    let table = run(&mut ccx(["rules", "list"])).stdout;
    for text in ["NODE_NOT_READY", "config/alerts.json (4.12+)", "haproxy_exporter_server_threshold (4.17+)"]
    {
        assert!(table.contains(text), "{text}: {table}");
    }
}

#[test]
fn rules_list_with_a_tag_has_only_rules_with_it() {
    let outcome = run(&mut ccx(["rules", "list", "--tag", "security"]));
    assert!(outcome.stdout.contains("AUDIT_LOGGING_DISABLED"));
    assert!(!outcome.stdout.contains("NODE_NOT_READY"));
}

#[test]
fn rules_explain_renders_the_details_of_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let details = folder.path().join("details.json");
    fs::write(&details, r#"{"channel": "stable-4.18", "reason": "RemoteFailed", "message": "no route"}"#)
        .unwrap();
    let outcome = run(ccx(["rules", "explain", "CANNOT_RETRIEVE_UPDATES", "--details"]).arg(&details));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("## What to do"), "{outcome:?}");
    assert!(!outcome.stdout.contains("{{"), "{outcome:?}");
}

#[test]
fn unknown_rule_is_reported_with_similar_names() {
    let outcome = run(&mut ccx(["rules", "explain", "NODES_NOT_READY"]));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("NODE_NOT_READY"), "{outcome:?}");
}

#[test]
fn content_check_names_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let rule = folder.path().join("external/rules/a");
    fs::create_dir_all(rule.join("KEY")).unwrap();
    fs::write(folder.path().join("config.yaml"), "impact: {}").unwrap();
    fs::write(rule.join("plugin.yaml"), "python_module: acme.a").unwrap();
    fs::write(rule.join("generic.md"), "Text.").unwrap();
    fs::write(rule.join("reason.md"), "Found:\n{{=node.name}}").unwrap();
    fs::write(rule.join("KEY/metadata.yaml"), "description: D").unwrap();
    let outcome = run(ccx(["content", "lint"]).arg(folder.path()));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stdout.contains("external/rules/a/reason.md:2:4: error: unknown name \"node\""),
        "{outcome:?}"
    );

    assert!(
        outcome.stdout.contains("external/rules/a/KEY/metadata.yaml:1:1: warning: missing key impact"),
        "{outcome:?}"
    );

    let builtin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../content/tree");
    for command in ["check", "lint"] {
        assert_eq!(
            run(ccx(["content", command, "--deny-warnings"]).arg(&builtin)).code,
            Some(0),
            "{command}"
        );
    }
    let archive = folder.path().join("content.tar.gz");
    let parent = builtin.parent().unwrap();
    let packed = std::process::Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(parent)
        .arg("tree")
        .status();
    assert!(packed.unwrap().success());
    assert_eq!(run(ccx(["content", "check"]).arg(&archive)).code, Some(0));
    fs::write(&archive, "no archive").unwrap();
    assert_eq!(run(ccx(["content", "check"]).arg(&archive)).code, Some(2));
}

#[test]
fn sample_archive_has_the_requested_cluster_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.tar.gz");
    let id = "12345678-1234-4234-8234-123456789abc";
    let outcome =
        run(ccx(["sample-archive", "--fault", "etcd-slow-disk", "--cluster-id", id, "-o"]).arg(&path));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains(id));
    assert!(fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn unknown_fault_is_reported_with_the_valid_ones() {
    assert!(run(&mut ccx(["sample-archive", "--list-faults"])).stdout.contains("etcd-slow-disk"));
    let outcome = run(&mut ccx(["sample-archive", "--fault", "flood", "-o", "x"]));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("etcd-slow-disk"), "{}", outcome.stderr);
    let outcome = run(&mut ccx(["sample-archive", "--fault", "node-not-redy", "-o", "x"]));
    assert!(outcome.stderr.contains("a similar value exists: 'node-not-ready'"), "{}", outcome.stderr);
}

#[test]
fn check_names_the_unavailable_dependency() {
    let outcome = run(ccx(["check", "database", "--output", "json"])
        .env("CCX__DATABASE__HOST", "127.0.0.1")
        .env("CCX__DATABASE__PORT", "1"));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    let line: serde_json::Value = serde_json::from_str(outcome.stdout.trim()).expect("a line of JSON");
    assert_eq!((&line["dependency"], &line["ok"]), (&"database".into(), &false.into()));
    assert!(outcome.stderr.contains("1 of 1 dependencies"), "{}", outcome.stderr);
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1:1: ") && message.contains("refused"), "{message}");
}

#[test]
fn check_of_valkey_names_what_is_missing() {
    let without_server = run(&mut ccx(["check", "valkey"]));
    assert_eq!(without_server.code, Some(2), "{without_server:?}");
    assert!(
        without_server.stdout.contains("valkey: FAILED: no Valkey server is configured"),
        "{without_server:?}"
    );
    let unavailable = run(ccx(["check", "valkey"]).env("CCX__VALKEY__ENDPOINT", "127.0.0.1:1"));
    assert!(
        unavailable.stdout.contains("valkey: FAILED: failed to reach the Valkey server"),
        "{unavailable:?}"
    );
}

#[test]
fn unavailable_database_is_named_with_its_address() {
    let outcome = run(ccx(["migrate", "status"])
        .env("CCX__DATABASE__HOST", "127.0.0.1")
        .env("CCX__DATABASE__PORT", "1"));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(
        outcome.stderr.contains("at 127.0.0.1:1") && outcome.stderr.contains("Connection refused"),
        "{}",
        outcome.stderr
    );
}

#[tokio::test]
async fn migration_is_idempotent_and_reports_the_versions() {
    let folder = tempfile::tempdir().unwrap();
    let result_file = folder.path().join("termination-log");
    let postgres = ccx_local::test_postgres().await;
    let database = postgres.create_database().await.unwrap();
    let migrate = |action: &str| {
        let _ = fs::remove_file(&result_file);
        run(ccx(["migrate", action, "--result-file"])
            .arg(&result_file)
            .env("CCX__DATABASE__HOST", &database.host)
            .env("CCX__DATABASE__PORT", database.port.to_string())
            .env("CCX__DATABASE__NAME", &database.name)
            .env("CCX__DATABASE__USER", &database.user)
            .env("CCX__DATABASE__PASSWORD", database.password().unwrap().unwrap().expose()))
    };
    assert_eq!(migrate("status").code, Some(5), "an empty database has no schema");
    let first = migrate("latest");
    assert!(first.stdout.contains("schema public is migrated from version 0 to 32"), "{first:?}");
    assert_versions(&fs::read_to_string(&result_file).unwrap());
    let second = migrate("latest");
    assert!(second.stdout.contains("schema public has the newest version already, 32"), "{second:?}");
    assert_versions(&fs::read_to_string(&result_file).unwrap());
    assert_eq!(migrate("status").code, Some(0));
}

#[test]
fn upload_without_a_bucket_names_the_key_to_set() {
    let outcome = run(&mut ccx(["upload", "--org", "1", "x.tar"]));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("CCX__OBJECT_STORAGE__BUCKET"), "{}", outcome.stderr);
}

#[test]
fn link_named_like_a_service_runs_that_service() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("insights-results-db-writer");
    std::os::unix::fs::symlink(Path::new(env!("CARGO_BIN_EXE_ccx")), &link).unwrap();
    let output = std::process::Command::new(link).arg("--help").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Run insights-results-db-writer"), "{output:?}");
}

#[test]
fn closed_pipes_end_commands_quietly() {
    for arguments in
        [&["rules", "list"][..], &["completion", "bash"], &["config", "print", "--defaults"], &["--help"]]
    {
        let mut child = ccx(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let stderr = crate::process::reader(child.stderr.take());
        assert_eq!(crate::process::wait(&mut child).code(), Some(0), "{arguments:?}");
        assert_eq!(stderr.join().unwrap(), "", "{arguments:?}");
    }
    // An error that cannot be shown changes neither the exit code nor into a panic.
    let mut child = ccx(["upload", "--org", "1", "x.tar"]).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(crate::process::wait(&mut child).code(), Some(2));
}

#[test]
fn tables_fit_80_columns_without_breaking_words() {
    let outcome = run(ccx(["rules", "list"]).env("COLUMNS", "80"));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let too_long: Vec<&str> = outcome.stdout.lines().filter(|line| line.chars().count() > 80).collect();
    // A path that is longer than a line stays whole.
    let is_one_word = |line: &&str| line.split_whitespace().count() <= 2;
    assert!(too_long.iter().all(is_one_word), "{too_long:#?}");
    assert!(outcome.stdout.contains("NODE_NOT_READY\n"), "{}", outcome.stdout);
}

/// The result has the versions of the schemas and the major version of the server.
fn assert_versions(result: &str) {
    let versions = ccx_service::SchemaVersions::parse(result).unwrap();
    assert_eq!((versions.dvo, versions.public), (4, 32));
    assert!(versions.postgresql.is_some_and(|major| (13..100).contains(&major)), "{result}");
}
