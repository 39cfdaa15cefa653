//! An archive from `ccx upload` to the REST report, with all programs as they run in production.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

use std::collections::{BTreeMap, BTreeSet};

use ccx_e2e::{BACKLOG, KafkaAccess, Program, Servers, TestEnv, cluster_with, get, identity_header, upload};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually, eventually_within, http::Response, kafka::Message};
use serde_json::Value;

const ORG: u32 = 1;
const FAULTS: [Fault; 2] = [Fault::NodeNotReady, Fault::EtcdSlowDisk];

#[test]
#[ignore = "needs servers"]
fn uploaded_archive_becomes_a_report() {
    let servers = Servers::start();
    let env = TestEnv::new(servers, "flow");
    let mut workloads = Program::ALL.map(|program| env.start_with(KafkaAccess::Sasl, program));
    for workload in &mut workloads {
        workload.wait_until_ready();
    }
    let cluster_id = ClusterId::random();

    upload(&env, ORG, &[cluster_with(cluster_id, &FAULTS)]);

    let report = wait_for_report(&env, cluster_id);
    assert_eq!(error_keys(&report["reports"]), error_keys_of(&FAULTS));
    assert_eq!(report["meta"]["count"], FAULTS.len());
    assert_other_endpoints_agree(&env, cluster_id);
    assert_other_users_are_refused(&env, cluster_id);
    assert_payload_status_is_complete(&env);
    for workload in workloads {
        assert!(workload.is_live());
        assert_eq!(workload.terminate().code(), Some(0), "the end of a program that was asked to stop");
    }
    assert_eq!(env.is_drained(), Ok(()), "offsets are committed before the end");
    assert!(env.announce_dead_letters().is_empty() && env.results_dead_letters().is_empty());
}

#[test]
#[ignore = "needs servers"]
fn topics_ensure_creates_missing_topics_and_grows_only_on_request() {
    let servers = Servers::start();
    let env = TestEnv::new(servers, "ensure");
    let checked = env.run(&["check"]);
    assert!(checked.contains("kafka: ") && checked.contains("bucket"), "{checked}");

    let again = env.run(&["topics", "ensure"]);
    assert_eq!(again.matches("exists with 1 partition").count(), 5, "{again}");
    let more = env.run(&["topics", "ensure", "--partitions", "3"]);
    assert_eq!(more.matches("exists with 1 partition").count(), 5, "shared topics are kept: {more}");
    let owned = ["--grow", "ensure.results", "--grow", "ensure.results-dlq"];
    let grown = env.run(&[&["topics", "ensure", "--partitions", "3"], &owned[..]].concat());
    assert_eq!(grown.matches("grown from 1 to 3 partitions").count(), 2, "{grown}");
    assert_eq!(grown.matches("exists with 1 partition").count(), 3, "{grown}");
    let fewer = env.run(&[&["topics", "ensure", "--partitions", "2"], &owned[..]].concat());
    assert_eq!(fewer.matches("exists with 3 partitions").count(), 2, "{fewer}");
}

#[test]
#[ignore = "needs servers"]
fn work_in_flight_at_sigterm_is_finished_exactly_once() {
    const ARCHIVES: usize = 30;
    let servers = Servers::start();
    let env = TestEnv::new(servers, "stop");
    let archive = || cluster_with(ClusterId::random(), &FAULTS);
    upload(&env, ORG, &std::iter::repeat_with(archive).take(ARCHIVES).collect::<Vec<_>>());
    let workloads = [Program::Pipeline, Program::Writer].map(|program| env.start(program));
    eventually("some results, not all", || env.results().len() > 3);

    for workload in workloads {
        assert_eq!(workload.terminate().code(), Some(0));
    }

    let _workloads = [Program::Pipeline, Program::Writer].map(|program| env.start(program));
    eventually_within(BACKLOG, "the rest", || env.is_drained());
    assert_eq!(env.tables().count("report"), ARCHIVES);
    assert_eq!(env.results().len(), ARCHIVES, "one result for each archive: none is processed twice");
}

#[test]
#[ignore = "needs servers"]
fn wrong_kafka_password_makes_the_pipeline_unready_with_the_reason() {
    let servers = Servers::start();
    let env = TestEnv::new(servers, "password");
    let mut pipeline = env.start_with(KafkaAccess::WrongPassword, Program::Pipeline);
    let reasons = pipeline.wait_until_unready();
    assert!(reasons.to_lowercase().contains("kafka"), "{reasons}");
    assert!(pipeline.is_live(), "a restart would not bring the right password");
}

fn wait_for_report(env: &TestEnv, cluster_id: ClusterId) -> Value {
    let path = format!("organizations/{ORG}/clusters/{cluster_id}/users/1/report");
    eventually("the report", || match ask(env, ORG, &path) {
        Response { status: 200, body } => Ok(serde_json::from_str::<Value>(&body).unwrap()["report"].clone()),
        other => Err(other),
    })
}

fn assert_other_endpoints_agree(env: &TestEnv, cluster_id: ClusterId) {
    let clusters = ask(env, ORG, &format!("organizations/{ORG}/clusters")).json();
    assert_eq!(clusters["clusters"], serde_json::json!([cluster_id]));
    let info =
        ask(env, ORG, &format!("organizations/{ORG}/clusters/{cluster_id}/users/1/report/info")).json();
    assert_eq!(info["metainfo"]["count"], FAULTS.len());
}

fn assert_other_users_are_refused(env: &TestEnv, cluster_id: ClusterId) {
    let path = format!("organizations/{ORG}/clusters/{cluster_id}/users/1/report");
    assert_eq!(ask(env, ORG + 1, &path).status, 403, "a user of another organisation");
    let port = env.port(Program::Aggregator);
    assert_eq!(get(port, &format!("/api/v1/{path}"), &[]).unwrap().status, 401, "a request without identity");
}

/// Each service reports the statuses of the request to the payload tracker, in order.
fn assert_payload_status_is_complete(env: &TestEnv) {
    let mut reported: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in wait_for_success_of_both(env) {
        let status: Value = serde_json::from_str(&message.payload).unwrap();
        let text = |key: &str| status[key].as_str().unwrap().to_owned();
        reported.entry(text("service")).or_default().push(text("status"));
    }
    let steps: BTreeSet<_> = reported.values().map(|steps| steps.join(", ")).collect();
    assert_eq!(
        steps,
        ["received, processed, success", "received, processing, success"].map(String::from).into(),
        "{reported:?}"
    );
}

fn wait_for_success_of_both(env: &TestEnv) -> Vec<Message> {
    eventually("the success of both services", || {
        let messages = env.payload_status().read();
        let successes = messages.iter().filter(|message| message.payload.contains("\"success\"")).count();
        if successes == 2 { Ok(messages) } else { Err(messages) }
    })
}

fn ask(env: &TestEnv, org_id: u32, path: &str) -> Response {
    let port = env.port(Program::Aggregator);
    get(port, &format!("/api/v1/{path}"), &[identity_header(org_id)]).expect("the aggregator answers")
}

fn error_keys(hits: &Value) -> BTreeSet<&str> {
    hits.as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap()).collect()
}

fn error_keys_of(faults: &[Fault]) -> BTreeSet<&'static str> {
    faults.iter().map(Fault::error_key).collect()
}
