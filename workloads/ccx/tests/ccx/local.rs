//! `ccx local`: archives are uploaded, processed and served.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};
use ccx_test_support::{eventually, http::get, send_signal};
use serde_json::Value;

use crate::process::{ChildGuard, Outcome, ccx, reader, run, wait};

fn once(archives: &[&Path]) -> Outcome {
    run(ccx(["local", "--once", "--output", "json"]).args(archives))
}

/// Parses standard output, which has one JSON object per line and nothing else.
fn rows(outcome: &Outcome) -> Vec<Value> {
    let parse =
        |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{outcome:?}"));
    outcome.stdout.lines().map(parse).collect()
}

fn hits(row: &Value) -> Vec<(&str, &str)> {
    let mut hits: Vec<_> = row["hits"]
        .as_array()
        .unwrap_or_else(|| panic!("no hits in {row}"))
        .iter()
        .map(|hit| (hit["rule_fqdn"].as_str().unwrap(), hit["error_key"].as_str().unwrap()))
        .collect();
    hits.sort_unstable();
    hits
}

fn sample(folder: &Path, cluster_id: ClusterId, faults: &[Fault]) -> PathBuf {
    let path = folder.join(format!("{cluster_id}.tar.gz"));
    let sample = SampleArchive { faults: faults.to_vec(), ..SampleArchive::small(cluster_id) };
    fs::write(&path, sample.to_tar_gz()).unwrap();
    path
}

#[test]
fn archive_and_folder_are_served_with_their_faults_only() {
    let folder = tempfile::tempdir().unwrap();
    let (faulty, healthy) = (ClusterId::random(), ClusterId::random());
    let archive = sample(folder.path(), faulty, &[Fault::NodeNotReady, Fault::EtcdSlowDisk]);
    let unpacked = folder.path().join("unpacked");
    for (path, content) in SampleArchive::small(healthy).files() {
        let path = unpacked.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    let outcome = once(&[&archive, &unpacked]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let rows = rows(&outcome);
    assert_eq!(rows.len(), 2, "{outcome:?}");
    assert_eq!(rows[0]["archive"], archive.display().to_string());
    assert_eq!(rows[0]["cluster_id"], faulty.to_string());
    assert_eq!(rows[0]["org_id"], 1);
    assert_eq!(rows[0]["request_id"].as_str().unwrap().len(), 32);
    assert!(rows[0]["elapsed_ms"].is_u64());
    let path = format!("/api/v1/organizations/1/clusters/{faulty}/users/1/report");
    assert!(rows[0]["report_url"].as_str().unwrap().ends_with(&path), "{}", rows[0]);
    assert_eq!(
        hits(&rows[0]),
        [
            ("ccx_rules.external.etcd_slow_disk", "ETCD_SLOW_DISK"),
            ("ccx_rules.external.node_not_ready", "NODE_NOT_READY"),
        ]
    );
    assert_eq!(rows[1]["cluster_id"], healthy.to_string());
    assert_eq!(hits(&rows[1]), []);
}

#[test]
fn nothing_is_started_when_no_archive_can_be_read() {
    let outcome = once(&[Path::new("/nonexistent/a.tar.gz"), Path::new("/nonexistent/b.tar.gz")]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stdout.is_empty(), "{outcome:?}");
    for part in ["nothing was started", "/nonexistent/a.tar.gz: No such file", "/nonexistent/b.tar.gz"] {
        assert!(outcome.stderr.contains(part), "{part}: {outcome:?}");
    }
}

#[test]
fn unreadable_archive_is_reported_and_the_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.tar");
    fs::write(&garbage, "this is no archive").unwrap();
    let missing = folder.path().join("missing.tar");
    let good = sample(folder.path(), ClusterId::random(), &[]);

    let outcome = once(&[&garbage, &missing, &good]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("2 archives could not be served"), "{}", outcome.stderr);
    let rows = rows(&outcome);
    let error = |row: &Value| row["error"].as_str().unwrap_or_else(|| panic!("no error in {row}")).to_owned();
    assert!(error(&rows[0]).contains("not an archive"), "{}", rows[0]);
    assert!(error(&rows[1]).contains("missing.tar"), "{}", rows[1]);
    assert_eq!(hits(&rows[2]), []);
}

#[test]
fn samples_are_served_until_sigterm_and_kept_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    // Root runs PostgreSQL as another user, which needs access to this folder.
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut program = ChildGuard(
        ccx(["local", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path()).spawn().unwrap(),
    );
    let child = &mut program.0;
    let stderr = reader(child.stderr.take());
    let text = printed_until_served(child);
    for key in ["NODE_NOT_READY", "CLUSTER_OPERATOR_DEGRADED", "ETCD_SLOW_DISK"] {
        assert!(text.contains(key), "{key} is missing: {text}");
    }
    let url = url_in(&text, "/users/1/recommendations");
    assert_eq!(get(url, &[]).map(|response| response.status), Some(200), "{url}\n{text}");

    assert!(send_signal("TERM", &child.id()));
    let status = wait(child);
    assert_eq!(status.code(), Some(0), "{}", stderr.join().unwrap());
    assert!(folder.path().join("postgres/data/PG_VERSION").exists());
    assert!(!folder.path().join("postgres/data/postmaster.pid").exists(), "PostgreSQL is stopped in order");
}

#[test]
fn archive_that_is_uploaded_by_the_printed_command_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let cluster_id = ClusterId::random();
    let first = sample(folder.path(), ClusterId::random(), &[]);
    fs::rename(
        sample(folder.path(), cluster_id, &[Fault::NodeNotReady]),
        folder.path().join("insights.tar.gz"),
    )
    .unwrap();
    let arguments = ["local", "--listen", "127.0.0.1:0"];
    let mut program = ChildGuard(ccx(arguments).arg(first).spawn().unwrap());
    let text = printed_until(&mut program.0, "/openshift/insights/advisor/clusters");
    let command = text.lines().find(|line| line.contains("curl -F")).expect(&text);

    let curl = Command::new("sh").args(["-c", command]).current_dir(folder.path()).output().unwrap();
    let answer: Value = serde_json::from_slice(&curl.stdout).unwrap_or_else(|_| panic!("{curl:?}"));
    assert_eq!(answer["upload"]["org_id"], "1", "{answer}");

    let api = url_in(&text, "/openapi.json").trim_end_matches("openapi.json");
    let report = format!("{api}organizations/1/clusters/{cluster_id}/users/1/report");
    let served = eventually("the report", || get(&report, &[]).filter(|response| response.status == 200));
    assert!(served.body.contains("NODE_NOT_READY"), "{}", served.body);

    // The list shows the name that the archive tells.
    let clusters = get(url_in(&text, "v2/clusters"), &[]).unwrap();
    let name = format!("sample-{}.example.com", &cluster_id.to_string()[28..]);
    assert!(clusters.body.contains(&name), "{name} in {}", clusters.body);
}

#[test]
fn archives_of_one_cluster_show_their_own_findings_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let cluster_id = ClusterId::random();
    let archive = |name: &str, faults: &[Fault]| {
        let path = sample(folder.path(), cluster_id, faults);
        let renamed = folder.path().join(name);
        fs::rename(path, &renamed).unwrap();
        renamed
    };
    let faulty = archive("faulty.tar.gz", &[Fault::NodeNotReady]);
    let healthy = archive("healthy.tar.gz", &[]);

    let outcome = once(&[&faulty, &healthy, &faulty]);

    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let found: Vec<usize> = rows(&outcome).iter().map(|row| hits(row).len()).collect();
    assert_eq!(found, [1, 0, 1], "{outcome:?}");
}

#[test]
fn text_of_a_single_run_fits_80_columns_and_has_no_url() {
    let folder = tempfile::tempdir().unwrap();
    let archive = sample(folder.path(), ClusterId::random(), &[Fault::NodeNotReady]);
    let outcome = run(ccx(["local", "--once"]).arg(&archive).env("COLUMNS", "80").current_dir(folder.path()));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("  important  ") && outcome.stdout.contains("1. "), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("http"), "{}", outcome.stdout);
    let findings = outcome.stdout.lines().skip_while(|line| !line.starts_with("cluster"));
    let too_long: Vec<&str> = findings.filter(|line| line.chars().count() > 80).collect();
    assert_eq!(too_long, Vec::<&str>::new());
}

/// A rule that hits on every sample.
const RULE: &str = "\
apiVersion: ccx.rules/v1
id: acme.external.version
error_key: ACME_VERSION
inputs: {version: {file: config/version.json}}
when: version != null
details: {channel: version.spec.channel}
content:
  description: The channel is {{=pydata.channel}}
  impact: 3
  likelihood: 4
  tags: [security]
  reason: R
  resolution: S
";

#[test]
fn rule_of_a_user_is_served_with_its_texts() {
    let folder = tempfile::tempdir().unwrap();
    let rule = folder.path().join("rule.yaml");
    fs::write(&rule, RULE).unwrap();
    let archive = sample(folder.path(), ClusterId::random(), &[]);
    let mut local = ccx(["local", "--listen", "127.0.0.1:0"]);
    let mut program = ChildGuard(local.arg(archive).env("CCX__RULES__DIRECTORIES", rule).spawn().unwrap());
    let _stderr = reader(program.0.stderr.take());
    let text = printed_until_served(&mut program.0);

    let answer = get(url_in(&text, "/recommendations"), &[]).unwrap();
    let recommendations = answer.json();
    let data = &recommendations["report"]["data"][0];
    let seen = (&data["rule_id"], &data["description"], &data["total_risk"]);
    assert_eq!(
        seen,
        (&"acme.external.version.report".into(), &"The channel is stable-4.22".into(), &3.into()),
        "{answer:?}"
    );
}

#[test]
fn checked_workloads_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let cluster_id = ClusterId::random();
    let metrics = "deployment_validation_operator_host_pid{kind=\"Deployment\",namespace=\"shop\",\
        namespace_uid=\"n1\",name=\"web\",uid=\"u1\"} 1\n";
    for (path, content) in SampleArchive::small(cluster_id).files() {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::write(folder.path().join("config/dvo_metrics"), metrics).unwrap();
    let mut program =
        ChildGuard(ccx(["local", "--listen", "127.0.0.1:0"]).arg(folder.path()).spawn().unwrap());
    let _stderr = reader(program.0.stderr.take());
    let text = printed_until_served(&mut program.0);
    let api = url_in(&text, "/openapi.json").trim_end_matches("openapi.json");

    let listed = eventually("workloads are listed", || {
        let answer = get(&format!("{api}organization/1/workloads"), &[])?.json();
        answer["workloads"].get(0).cloned()
    });
    assert_eq!(
        (&listed["cluster"]["uuid"], &listed["namespace"]["name"]),
        (&cluster_id.to_string().into(), &"shop".into())
    );
    assert_eq!(
        (&listed["metadata"]["recommendations"], &listed["metadata"]["objects"]),
        (&1.into(), &1.into())
    );
    let url = format!("{api}organization/1/namespace/n1/cluster/{cluster_id}/workloads");
    let report = get(&url, &[]).unwrap().json();
    assert_eq!(report["workloads"]["recommendations"][0]["objects"][0]["uid"], "u1", "{report}");
}

/// Returns the output up to the last line before the program serves.
fn printed_until_served(child: &mut Child) -> String {
    printed_until(child, "/openapi.json")
}

/// Returns the output up to the line with this ending.
fn printed_until(child: &mut Child, end: &str) -> String {
    let mut text = String::new();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map_while(Result::ok);
    let last = lines.by_ref().inspect(|line| text.extend([line, "\n"])).find(|line| line.ends_with(end));
    assert!(last.is_some(), "{text}");
    text
}

/// Returns the printed URL with this ending.
fn url_in<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_whitespace().find(|word| word.ends_with(end)).expect("a ready line for curl")
}

#[test]
#[ignore = "needs Chromium"]
fn page_of_the_samples_takes_archives_and_every_link_leads_to_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let archive = sample(folder.path(), ClusterId::random(), &[Fault::NodeNotReady, Fault::EtcdSlowDisk]);
    let mut guard = ChildGuard(ccx(["local"]).spawn().unwrap());
    let path = "/openshift/insights/advisor/clusters";
    let printed = printed_until(&mut guard.0, path);
    let base = url_in(&printed, path).strip_suffix(path).unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/browser");
    for script in ["crawl.mjs", "uploads.mjs"] {
        let status = Command::new("node")
            .arg(scripts.join(script))
            .env("CCX_WEB_URL", base)
            .env("CCX_WEB_ARCHIVE", &archive)
            .env("CCX_WEB_SHOTS", folder.path())
            .env("CCX_TEST_CHROMIUM", ccx_test_support::needs::chromium())
            .status();
        assert!(status.unwrap().success(), "{script} failed: see above");
    }
}

#[test]
#[ignore = "needs published samples"]
fn published_archives_are_served_and_the_invalid_one_is_explained() {
    let archives = ccx_test_support::needs::published_samples("archives");
    let paths = [
        archives.join("ccx-messaging/correct_data.tar"),
        archives.join("ccx-messaging/ocp_with_id.tar"),
        archives.join("ccx-messaging/rapid-recommendations.tar.gz"),
        archives.join("insights-archive-sample"),
        archives.join("ccx-messaging/wrong_data.tar"),
    ];
    let outcome = once(&paths.each_ref().map(PathBuf::as_path));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let rows = rows(&outcome);
    for row in &rows[..4] {
        assert!(row["hits"].is_array() && row["cluster_id"].is_string(), "{row}");
    }
    let error = rows[4]["error"].as_str().unwrap_or_else(|| panic!("no error in {}", rows[4]));
    assert!(error.contains("unable to process the archive"), "{error}");
    assert!(outcome.stderr.contains("no cluster id in it"), "{}", outcome.stderr);
}

#[tokio::test]
async fn database_url_selects_the_database() {
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    let password = database.password().unwrap().unwrap();
    let url = format!(
        "postgres://{}:{}@{}:{}/{}?sslmode=disable",
        database.user,
        password.expose(),
        database.host,
        database.port,
        database.name
    );
    let run_with_url = move || run(&mut ccx(["local", "--once", "--output", "json", "--database-url", &url]));
    let outcome = tokio::task::spawn_blocking(run_with_url).await.unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(!outcome.stderr.contains("private PostgreSQL"), "{}", outcome.stderr);
    let stored = ccx_storage::Database::connect(&database).unwrap();
    for row in rows(&outcome) {
        let cluster_id = row["cluster_id"].as_str().unwrap().parse().unwrap();
        let report = stored.report(ccx_messages::OrgId::new(1).unwrap(), cluster_id, "1").await.unwrap();
        assert!(report.is_some(), "{cluster_id}");
    }
}
