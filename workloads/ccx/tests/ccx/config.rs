//! `ccx config`, and the errors of all commands about an invalid configuration.

use std::{fs, path::PathBuf};

use crate::process::{ccx, run};

fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("ccx.toml");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn config_check_reports_all_mistakes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "[kafka]\nbootstrap_servers = [\"kafka\"]\nsession_timeout = \"soon\"\n[databse]\nport = 1\n",
    );
    for command in
        [["config", "check"].as_slice(), &["pipeline"], &["db-writer"], &["aggregator"], &["migrate"]]
    {
        let outcome =
            run(ccx(command).env("CCX_CONFIG", &path).env("CCX__WRITER__MAX_BATCH_MESSAGES", "many"));
        assert_eq!(outcome.code, Some(2), "{command:?}: {outcome:?}");
        for part in [
            "ccx.toml",
            "kafka.session_timeout",
            "databse.port",
            "writer.max_batch_messages",
            "a whole number",
        ] {
            assert!(outcome.stderr.contains(part), "{command:?}: {part} is missing: {}", outcome.stderr);
        }
    }
}

#[test]
fn config_print_masks_secrets() {
    let outcome = run(ccx(["config", "print"])
        .env("CCX__DATABASE__PASSWORD", "hunter2")
        .env("CCX__KAFKA__CLIENT_ID", "me")
        .env("CCX__OBJECT_STORAGE__ACCESS_KEY_ID", "id")
        .env("CCX__OBJECT_STORAGE__SECRET_ACCESS_KEY", "hunter3"));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("client_id = \"me\""), "{outcome:?}");
    assert!(outcome.stdout.contains("password = \"********\""), "{outcome:?}");
    assert!(!outcome.stdout.contains("hunter") && !outcome.stderr.contains("hunter"), "{outcome:?}");
}

#[test]
fn printed_defaults_are_a_valid_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let defaults = run(ccx(["config", "print", "--defaults"]).env("CCX__KAFKA__CLIENT_ID", "me"));
    assert!(!defaults.stdout.contains("\"me\""), "{defaults:?}");
    let path = file(&folder, &defaults.stdout);
    let outcome = run(ccx(["config", "check"]).arg("--config").arg(&path));
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(0), "the configuration is fine\n"),
        "{outcome:?}"
    );
}

#[test]
fn config_check_finds_a_missing_secret_file() {
    let outcome = run(ccx(["config", "check"]).env("CCX__DATABASE__PASSWORD_FILE", "/nonexistent/password"));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("/nonexistent/password"), "{}", outcome.stderr);
}

#[test]
fn config_check_reads_the_named_files_and_reports_where_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let rule = folder.path().join("rule.yaml");
    fs::write(&rule, "id: a.b\n").unwrap();
    let text = |lines: &str| file(&folder, lines);
    let check = |path: &PathBuf| run(ccx(["config", "check"]).arg("--config").arg(path));
    let empty_secret = check(&text(&format!("[database]\npassword_file = {empty:?}\n")));
    let expected = format!("ccx.toml:2:1: database.password_file names {}, which is empty", empty.display());
    assert!(empty_secret.stderr.contains(&expected), "{empty_secret:?}");
    let rules = check(&text(&format!("[rules]\ndirectories = [{rule:?}]\n")));
    assert!(rules.stderr.contains("a rule needs the fields `apiVersion`"), "{rules:?}");
    let property = check(&text("[kafka.properties]\n\"fetch.min.bytes\" = \"hunter2\"\n"));
    assert!(
        property.stderr.contains("fetch.min.bytes") && !property.stderr.contains("hunter2"),
        "{property:?}"
    );
    for outcome in [empty_secret, rules, property] {
        assert_ne!(outcome.code, Some(0), "{outcome:?}");
    }
    let variable = run(ccx(["config", "check"]).env("CCX__DATABASE__PASSWORD_FILE", &empty));
    assert!(variable.stderr.contains("variable CCX__DATABASE__PASSWORD_FILE: "), "{variable:?}");
}

#[cfg(unix)]
#[test]
fn variable_that_is_not_utf8_or_an_empty_path_is_an_error_with_its_name() {
    use std::os::unix::ffi::OsStrExt as _;

    let invalid = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let outcome = run(ccx(["config", "check"]).env("CCX__DATABASE__HOST", invalid));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("variable CCX__DATABASE__HOST: is not valid UTF-8"), "{outcome:?}");
    let outcome = run(ccx(["config", "check"]).env("CCX_CONFIG", ""));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("CCX_CONFIG"), "{outcome:?}");
}
