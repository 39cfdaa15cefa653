//! An archive from an insights operator's upload by HTTP to the REST report, with all programs as they run in production.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

use std::{fs, path::Path, process::Command};

use ccx_e2e::{KafkaAccess, Program, Servers, TestEnv, cluster_with, get, identity_header};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually, http::Response};
use serde_json::Value;

const ORG: u32 = 7;
const OTHER_ORG: u32 = 8;

#[test]
#[ignore = "needs servers"]
fn archive_that_a_cluster_uploads_becomes_a_report_of_its_organisation() {
    let servers = Servers::start();
    let env = TestEnv::new(servers, "ingress");
    let tokens = env.folder().join("tokens");
    fs::create_dir_all(&tokens).unwrap();
    fs::write(tokens.join(ORG.to_string()), "token-of-seven\n").unwrap();
    fs::write(tokens.join(OTHER_ORG.to_string()), "token-of-eight\n").unwrap();
    let env = env.with("auth.cluster_tokens", &tokens.display().to_string());
    let programs = [Program::Pipeline, Program::Writer, Program::Aggregator, Program::Ingress];
    let mut workloads = programs.map(|program| env.start_with(KafkaAccess::Sasl, program));
    for workload in &mut workloads {
        workload.wait_until_ready();
    }
    let cluster_id = ClusterId::random();
    let archive = env.folder().join("insights.tar.gz");
    fs::write(&archive, cluster_with(cluster_id, &[Fault::NodeNotReady])).unwrap();

    let refused = upload(&env, &archive, cluster_id, "unknown");
    assert_eq!(refused.status, 401, "{refused:?}");
    let accepted = upload(&env, &archive, cluster_id, "token-of-seven");
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(accepted.json()["upload"]["org_id"], ORG.to_string());

    let report = wait_for_report(&env, ORG, cluster_id);
    assert_eq!(report["reports"][0]["key"], "NODE_NOT_READY");
    assert!(report["meta"]["gathered_at"].as_str().unwrap().starts_with("2026-01-15T11:59:00"), "{report}");
    assert_cluster_stays_with_its_organisation(&env, &archive, cluster_id);
    assert_gathering_rules_are_served(&env);
    for workload in workloads {
        assert_eq!(workload.terminate().code(), Some(0), "the end of a program that was asked to stop");
    }
    assert!(env.announce_dead_letters().is_empty());
}

/// A token of another organisation can't take the cluster, although the client claims to be it.
fn assert_cluster_stays_with_its_organisation(env: &TestEnv, archive: &Path, cluster_id: ClusterId) {
    let accepted = upload(env, archive, cluster_id, "token-of-eight");
    assert_eq!(accepted.status, 202, "{accepted:?}");
    eventually("the refusal", || !env.results_dead_letters().is_empty());
    assert_eq!(ask(env, OTHER_ORG, cluster_id).status, 404);
    assert_eq!(ask(env, ORG, cluster_id).status, 200);
}

fn assert_gathering_rules_are_served(env: &TestEnv) {
    let rules = get(env.port(Program::Ingress), "/api/gathering/v2/4.17.1/gathering_rules", &[]).unwrap();
    assert!(!rules.json()["conditional_gathering_rules"].as_array().unwrap().is_empty(), "{rules:?}");
}

/// Uploads an archive as an insights operator does: in chunks, without a length.
fn upload(env: &TestEnv, archive: &Path, cluster_id: ClusterId, token: &str) -> Response {
    let port = env.port(Program::Ingress);
    let metadata = r#"{"custom_metadata":{"gathering_time":"2026-01-15T11:59:00Z"}}"#;
    let file = archive.display();
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "60",
            "--write-out",
            "\n%{http_code}",
        ])
        .args(["--header", "Transfer-Encoding: chunked"])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--user-agent", &format!("insights-operator/4.17.0-abc cluster/{cluster_id}")])
        .args([
            "--form",
            &format!("file=@{file};filename=payload.tar.gz;type=application/vnd.redhat.openshift.periodic"),
        ])
        .args([
            "--form",
            &format!("metadata={metadata};filename=metadata.json;type=application/octet-stream"),
        ])
        .arg(format!("http://127.0.0.1:{port}/api/ingress/v1/upload"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    Response { status: status.parse().unwrap(), body: body.into() }
}

fn wait_for_report(env: &TestEnv, org_id: u32, cluster_id: ClusterId) -> Value {
    eventually("the report", || match ask(env, org_id, cluster_id) {
        Response { status: 200, body } => Ok(serde_json::from_str::<Value>(&body).unwrap()["report"].clone()),
        other => Err(other),
    })
}

fn ask(env: &TestEnv, org_id: u32, cluster_id: ClusterId) -> Response {
    let path = format!("/api/v1/organizations/{org_id}/clusters/{cluster_id}/users/1/report");
    get(env.port(Program::Aggregator), &path, &[identity_header(org_id)]).unwrap()
}
