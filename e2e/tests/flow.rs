//! One archive's way, from `ccx upload` to the REST report, with all programs as they run in production.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

use std::collections::{BTreeMap, BTreeSet};

use ccx_e2e::{BACKLOG, Door, Installation, Program, Servers, cluster_with, get, identity_header, upload};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually, eventually_within, http::Response, kafka::Message};
use serde_json::Value;

const ORG: u32 = 1;
const FAULTS: [Fault; 2] = [Fault::NodeNotReady, Fault::EtcdSlowDisk];

#[test]
#[ignore = "needs servers"]
fn an_upload_becomes_a_report() {
    let servers = Servers::start();
    let installation = Installation::new(servers, "flow");
    let mut workloads = Program::ALL.map(|program| installation.start_by(Door::Sasl, program));
    for workload in &mut workloads {
        workload.wait_until_ready();
    }
    let cluster_id = ClusterId::random();

    upload(&installation, ORG, &[cluster_with(cluster_id, &FAULTS)]);

    let report = wait_for_report(&installation, cluster_id);
    assert_eq!(error_keys(&report["reports"]), error_keys_of(&FAULTS));
    assert_eq!(report["meta"]["count"], FAULTS.len());
    the_other_answers_agree(&installation, cluster_id);
    a_stranger_gets_nothing(&installation, cluster_id);
    the_tracker_has_been_told(&installation);
    for workload in workloads {
        assert!(workload.is_live());
        assert_eq!(workload.terminate().code(), Some(0), "the end of a program that was asked to stop");
    }
    assert_eq!(installation.is_drained(), Ok(()), "offsets are committed before the end");
    assert!(
        installation.announce_dead_letters().is_empty() && installation.results_dead_letters().is_empty()
    );
}

#[test]
#[ignore = "needs servers"]
fn what_is_missing_is_created_and_what_is_there_is_left_alone() {
    let servers = Servers::start();
    let installation = Installation::new(servers, "ensure");
    let checked = installation.run(&["check"]);
    assert!(checked.contains("kafka: ") && checked.contains("bucket"), "{checked}");

    let again = installation.run(&["topics", "ensure"]);
    assert_eq!(again.matches("exists with 1 partition").count(), 5, "{again}");
    let more = installation.run(&["topics", "ensure", "--partitions", "3"]);
    assert_eq!(more.matches("grown from 1 to 3 partitions").count(), 5, "{more}");
    let fewer = installation.run(&["topics", "ensure", "--partitions", "2"]);
    assert_eq!(fewer.matches("exists with 3 partitions").count(), 5, "{fewer}");
}

#[test]
#[ignore = "needs servers"]
fn what_is_in_flight_when_asked_to_stop_is_finished_once() {
    const ARCHIVES: usize = 30;
    let servers = Servers::start();
    let installation = Installation::new(servers, "stop");
    let archive = || cluster_with(ClusterId::random(), &FAULTS);
    upload(&installation, ORG, &std::iter::repeat_with(archive).take(ARCHIVES).collect::<Vec<_>>());
    let workloads = [Program::Pipeline, Program::Writer].map(|program| installation.start(program));
    eventually("some results, not all", || installation.results().len() > 3);

    for workload in workloads {
        assert_eq!(workload.terminate().code(), Some(0));
    }

    let _workloads = [Program::Pipeline, Program::Writer].map(|program| installation.start(program));
    eventually_within(BACKLOG, "the rest", || installation.is_drained());
    assert_eq!(installation.tables().count("report"), ARCHIVES);
    assert_eq!(
        installation.results().len(),
        ARCHIVES,
        "one result for each archive: none is processed twice"
    );
}

#[test]
#[ignore = "needs servers"]
fn a_wrong_password_makes_a_program_unready_and_says_so() {
    let servers = Servers::start();
    let installation = Installation::new(servers, "password");
    let mut pipeline = installation.start_by(Door::WrongPassword, Program::Pipeline);
    let reasons = pipeline.wait_until_unready();
    assert!(reasons.to_lowercase().contains("kafka"), "{reasons}");
    assert!(pipeline.is_live(), "a restart would not bring the right password");
}

fn wait_for_report(installation: &Installation, cluster_id: ClusterId) -> Value {
    let path = format!("organizations/{ORG}/clusters/{cluster_id}/users/1/report");
    eventually("the report", || match ask(installation, ORG, &path) {
        Response { status: 200, body } => Ok(serde_json::from_str::<Value>(&body).unwrap()["report"].clone()),
        other => Err(other),
    })
}

fn the_other_answers_agree(installation: &Installation, cluster_id: ClusterId) {
    let clusters = ask(installation, ORG, &format!("organizations/{ORG}/clusters")).json();
    assert_eq!(clusters["clusters"], serde_json::json!([cluster_id]));
    let info =
        ask(installation, ORG, &format!("organizations/{ORG}/clusters/{cluster_id}/users/1/report/info"))
            .json();
    assert_eq!(info["metainfo"]["count"], FAULTS.len());
}

fn a_stranger_gets_nothing(installation: &Installation, cluster_id: ClusterId) {
    let path = format!("organizations/{ORG}/clusters/{cluster_id}/users/1/report");
    assert_eq!(ask(installation, ORG + 1, &path).status, 403, "a user of another organisation");
    let port = installation.port(Program::Aggregator);
    assert_eq!(get(port, &format!("/api/v1/{path}"), &[]).unwrap().status, 401, "nobody");
}

/// Each service tells the payload tracker what becomes of the request, in order.
fn the_tracker_has_been_told(installation: &Installation) {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in wait_for_success_of_both(installation) {
        let status: Value = serde_json::from_str(&message.payload).unwrap();
        let text = |key: &str| status[key].as_str().unwrap().to_owned();
        told.entry(text("service")).or_default().push(text("status"));
    }
    let steps: BTreeSet<_> = told.values().map(|steps| steps.join(", ")).collect();
    assert_eq!(
        steps,
        ["received, processed, success", "received, processing, success"].map(String::from).into(),
        "{told:?}"
    );
}

fn wait_for_success_of_both(installation: &Installation) -> Vec<Message> {
    eventually("the success of both services", || {
        let messages = installation.payload_status().read();
        let successes = messages.iter().filter(|message| message.payload.contains("\"success\"")).count();
        if successes == 2 { Ok(messages) } else { Err(messages) }
    })
}

fn ask(installation: &Installation, org_id: u32, path: &str) -> Response {
    let port = installation.port(Program::Aggregator);
    get(port, &format!("/api/v1/{path}"), &[identity_header(org_id)]).expect("the aggregator answers")
}

fn error_keys(hits: &Value) -> BTreeSet<&str> {
    hits.as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap()).collect()
}

fn error_keys_of(faults: &[Fault]) -> BTreeSet<&'static str> {
    faults.iter().map(Fault::error_key).collect()
}
