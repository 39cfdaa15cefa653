//! Jobs run again when one of their inputs changes.

use ccx_operator::model::{
    kind::Kind,
    references::References,
    resources::{Children, Stage},
};
use serde_json::{Value, json};

use crate::sample::{self, children, json_of, names, secret};

fn job_names(spec: &Value) -> Vec<String> {
    names(&children(spec), Kind::Job)
}

fn migration(names: &[String]) -> &String {
    names.iter().find(|name| name.starts_with("ccx-migration-")).unwrap()
}

fn jobs(children: &Children) -> Vec<Value> {
    children.iter().filter(|child| child.kind() == Kind::Job).map(json_of).collect()
}

#[test]
fn topics_and_tables_are_prepared_before_the_workloads() {
    let children =
        children(&json!({"kafka": {"topicManagement": {"partitions": 7, "replicationFactor": 2}}}));
    let arguments: Vec<Value> = jobs(&children)
        .iter()
        .map(|job| job["spec"]["template"]["spec"]["containers"][0]["args"].clone())
        .collect();
    let topics = json!(["topics", "ensure", "--partitions=7", "--replication-factor=2"]);
    assert_eq!(arguments, [topics, json!(["migrate", "--result-file", "/dev/termination-log"])]);
    assert!(children.stage(Stage::Migration).all(|child| child.kind() == Kind::Job));
}

#[test]
fn only_owned_topics_may_grow() {
    let arguments = |management: Value| {
        let children = children(&json!({"kafka": {"topicManagement": management}}));
        jobs(&children)[0]["spec"]["template"]["spec"]["containers"][0]["args"].clone()
    };
    let base = json!(["topics", "ensure", "--partitions=32", "--replication-factor=3"]);
    assert_eq!(arguments(json!({})), base, "shared topics of the platform are only created");
    let owned = arguments(json!({"ownedTopics": ["Results", "ResultsDeadLetters"]}));
    assert_eq!(owned[4], "--grow=ccx.ocp.results");
    assert_eq!(owned[5], "--grow=ccx.aggregator.dead.letter.queue");
}

#[test]
fn job_pods_have_the_pod_template_of_the_writer() {
    let template = json!({
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "nodeSelector": {"pool": "insights"},
        "annotations": {"sidecar.istio.io/inject": "false"},
        "labels": {"team": "insights"},
        "priorityClassName": "insights",
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    });
    for job in jobs(&children(&json!({"dbWriter": {"podTemplate": template}}))) {
        let pod = &job["spec"]["template"];
        assert_eq!(pod["spec"]["tolerations"], template["tolerations"]);
        assert_eq!(pod["spec"]["nodeSelector"], template["nodeSelector"]);
        assert_eq!(pod["spec"]["priorityClassName"], "insights");
        assert_eq!(pod["metadata"]["annotations"], template["annotations"]);
        assert_eq!(pod["metadata"]["labels"]["team"], "insights");
        let variables = pod["spec"]["containers"][0]["env"].as_array().unwrap();
        assert!(variables.contains(&template["extraEnv"][0]), "{variables:?}");
    }
}

#[test]
fn unmanaged_topics_have_no_job() {
    let names = job_names(&json!({"kafka": {"topicManagement": {"policy": "External"}}}));
    assert_eq!(names.len(), 1);
    assert!(names[0].starts_with("ccx-migration-"));
}

#[test]
fn changed_image_or_database_creates_a_new_migration() {
    let default = job_names(&json!({}));
    for spec in [json!({"image": "ccx:2"}), json!({"database": {"connection": {"statementTimeout": "5m"}}})] {
        assert_ne!(migration(&job_names(&spec)), migration(&default), "{spec}");
    }
}

#[test]
fn unrelated_change_does_not_repeat_the_migration() {
    let default = job_names(&json!({}));
    for spec in [
        json!({"aggregator": {"orgOverviewLimit": "1h"}}),
        json!({"dataPipeline": {"replicas": 1}}),
        json!({"kafka": {"clientId": "x"}}),
        json!({"suspend": true}),
    ] {
        assert_eq!(migration(&job_names(&spec)), migration(&default), "{spec}");
    }
}

#[test]
fn changed_log_level_repeats_no_job() {
    assert_eq!(job_names(&json!({"logging": {"level": "Debug"}})), job_names(&json!({})));
}

#[test]
fn changed_partitions_or_brokers_create_a_new_topics_job() {
    let topics =
        |spec: &Value| job_names(spec).into_iter().find(|name| name.starts_with("ccx-topics-")).unwrap();
    let default = topics(&json!({}));
    for spec in [
        json!({"kafka": {"topicManagement": {"partitions": 7}}}),
        json!({"kafka": {"bootstrapServers": ["other:9092"]}}),
    ] {
        assert_ne!(topics(&spec), default, "{spec}");
    }
}

#[test]
fn changed_password_creates_a_new_migration() {
    let pipeline = sample::pipeline(&json!({}));
    let mut references = sample::references(&pipeline);
    let name = |references: &References| {
        migration(&names(&sample::children_with(&pipeline, references), Kind::Job)).clone()
    };
    let before = name(&references);
    references.secrets.insert("ccx-data-pipeline-db".into(), Some(secret("ccx-data-pipeline-db", "2")));
    assert_ne!(before, name(&references));
}

#[test]
fn job_is_bounded_and_retained_after_it_finishes() {
    for job in jobs(&children(&json!({}))) {
        let spec = &job["spec"];
        assert_eq!((&spec["backoffLimit"], &spec["activeDeadlineSeconds"]), (&json!(6), &json!(3600)));
        assert_eq!(spec["ttlSecondsAfterFinished"], Value::Null);
        assert_eq!(spec["template"]["spec"]["restartPolicy"], "Never");
    }
}
