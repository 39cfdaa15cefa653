//! Rules of insights-core beside the built-in ones, in whole processes.

use std::{fs, path::Path, process::Command};

use ccx_e2e::{BACKLOG, Program, Servers, TestEnv, cluster_with, get, identity_header, upload};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually_within, needs};
use serde_json::Value;

const ORG: u32 = 1;

const RULES: &str = include_str!("../cluster/images/house-rules/house_rules/channel.py");

const CRASHING_RULES: &str = "
import os

from house_rules.channel import Version
from insights.core.plugins import rule


@rule(Version)
def report(version):
    os._exit(1)
";

#[test]
#[ignore = "needs servers, insights-core"]
fn findings_of_python_rules_are_served_with_the_built_in_ones() {
    let servers = Servers::start();
    let env = with_packages(TestEnv::new(servers, "python"), "house_rules.channel");
    let report = report_on_a_cluster(&env);

    let mut keys: Vec<_> =
        report["reports"].as_array().into_iter().flatten().map(|hit| hit["key"].as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, [Some("CHANNEL"), Some("NODE_NOT_READY")]);
}

#[test]
#[ignore = "needs servers, insights-core"]
fn crash_of_python_loses_only_the_findings_of_python_rules() {
    let servers = Servers::start();
    let env = with_packages(TestEnv::new(servers, "python-crash"), "house_rules");
    let report = report_on_a_cluster(&env);

    assert_eq!(report["reports"][0]["key"], "NODE_NOT_READY");
    assert_eq!(report["reports"].as_array().map(Vec::len), Some(1));
    let results = env.results().read();
    let result: Value = serde_json::from_str(&results[0].payload).expect("a result is JSON");
    assert_eq!(
        result["Report"]["analysis_metadata"]["incomplete"],
        "the rules of insights-core gave no results"
    );
    assert!(env.announce_dead_letters().is_empty());
}

/// The test environment with Python rules in its pipeline.
fn with_packages(env: TestEnv, packages: &str) -> TestEnv {
    let python = needs::python();
    let folder = env.folder();
    let package = folder.join("house_rules");
    fs::create_dir_all(&package).expect("a folder in our own");
    for (name, text) in [("__init__.py", ""), ("channel.py", RULES), ("crash.py", CRASHING_RULES)] {
        fs::write(package.join(name), text).expect("a file in our own folder");
    }
    let script = folder.join("python");
    write_program(&script, &format!("PYTHONPATH='{}' exec '{}' \"$@\"", folder.display(), python.display()));
    let python = script.display().to_string();
    env.with("insights_core.python", &python).with("insights_core.packages", packages)
}

fn write_program(path: &Path, line: &str) {
    fs::write(path, format!("#!/bin/sh\n{line}\n")).expect("a file in our own folder");
    let status = Command::new("chmod").arg("755").arg(path).status().expect("chmod is there");
    assert!(status.success());
}

fn report_on_a_cluster(env: &TestEnv) -> Value {
    let mut workloads = Program::ALL.map(|program| env.start(program));
    for workload in &mut workloads {
        workload.wait_until_ready();
    }
    let cluster_id = ClusterId::random();
    upload(env, ORG, &[cluster_with(cluster_id, &[Fault::NodeNotReady])]);
    let path = format!("/api/v1/organizations/{ORG}/clusters/{cluster_id}/users/1/report");
    let port = env.port(Program::Aggregator);
    eventually_within(BACKLOG, "the report", || match get(port, &path, &[identity_header(ORG)]) {
        Some(answer) if answer.status == 200 => Ok(answer.json()["report"].clone()),
        other => Err(other),
    })
}
