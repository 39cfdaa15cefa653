use kube::core::ObjectMeta;
use serde_json::{Value, json};

use super::*;
use crate::{
    controller::{facts::JobFacts, record::Record},
    validate::{Problem, ProblemKind},
};

fn child(kind: Kind, component: Component, stage: Stage, replicas: i32) -> Child {
    let name = component.object_name("ccx");
    Child::new(kind, component, stage, &json!({"metadata": {"name": name}, "spec": {"replicas": replicas}}))
}

fn deployments(replicas: i32) -> Children {
    let workloads = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];
    Children::new(workloads.map(|it| child(Kind::Deployment, it, Stage::Workloads, replicas)).into())
}

fn see(family: &mut Family, child: &Child, facts: Facts) {
    let metadata: ObjectMeta =
        serde_json::from_value(Value::Object(serde_json::Map::new())).unwrap_or_default();
    family.child_seen(child.kind, child.name(), Record::new(&metadata, None, facts), 0);
}

fn running(pods: i32) -> Facts {
    let rollout = Rollout {
        is_observed: true,
        desired: pods,
        total: pods,
        updated: pods,
        ready: pods,
        ..Rollout::default()
    };
    Facts::Rollout(Box::new(rollout))
}

fn held(children: &Children, family: &Family) -> Vec<Component> {
    let is_held = |child: &&Child| must_wait_for_suspension(child, children, family);
    children.iter().filter(is_held).filter_map(|child| child.component).collect()
}

#[test]
fn the_database_is_awaited_until_it_has_a_ready_pod() {
    let database = child(Kind::StatefulSet, Component::Database, Stage::Database, 1);
    let children = Children::new(vec![database.clone()]);
    let mut family = Family::default();
    let waiting = closed(Stage::Database, &children, &family).map(|waiting| waiting.message);
    assert_eq!(
        waiting.as_deref(),
        Some("the database's StatefulSet ccx-data-pipeline-db has no ready pod yet")
    );
    see(&mut family, &database, running(1));
    assert_eq!(closed(Stage::Database, &children, &family), None);
}

#[test]
fn a_job_is_awaited_until_it_has_succeeded() {
    let job = child(Kind::Job, Component::Database, Stage::Migration, 0);
    let children = Children::new(vec![job.clone()]);
    let mut family = Family::default();
    for (state, is_open) in
        [(JobState::Running, false), (JobState::Failed("x".into()), false), (JobState::Succeeded, true)]
    {
        see(&mut family, &job, Facts::Job(Box::new(JobFacts { state, failures: 0 })));
        assert_eq!(closed(Stage::Migration, &children, &family).is_none(), is_open);
    }
}

#[test]
fn a_job_that_lacks_a_secret_keeps_nobody_back() {
    let problem = Problem { kind: ProblemKind::MissingSecret, message: "Secret a does not exist".into() };
    let job = child(Kind::Job, Component::Database, Stage::Migration, 0).without(vec![problem]);
    assert_eq!(closed(Stage::Migration, &Children::new(vec![job]), &Family::default()), None);
}

#[test]
fn suspension_stops_the_pipeline_then_the_writer_then_the_api() {
    let children = deployments(0);
    let mut family = Family::default();
    for child in &children {
        see(&mut family, child, running(2));
    }
    assert_eq!(held(&children, &family), [Component::DbWriter, Component::Aggregator]);
    let names: Vec<&Child> = children.iter().collect();
    see(&mut family, names[0], running(0));
    assert_eq!(held(&children, &family), [Component::Aggregator]);
    see(&mut family, names[1], running(0));
    assert_eq!(held(&children, &family), []);
}

#[test]
fn nothing_that_is_to_run_waits_for_suspension() {
    let children = deployments(2);
    let mut family = Family::default();
    for child in &children {
        see(&mut family, child, running(2));
    }
    assert_eq!(held(&children, &family), []);
}
