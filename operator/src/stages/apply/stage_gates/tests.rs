use kube::core::ObjectMeta;
use serde_json::{Value, json};

use super::*;
use crate::{
    cache::{entry::ChildEntry, status::JobProgress},
    model::{problem::Problem, reason::Reason},
};

fn child(kind: Kind, component: Component, stage: Stage, replicas: i32) -> Child {
    let name = component.object_name("ccx");
    Child::new(kind, component, stage, &json!({"metadata": {"name": name}})).with_pods(Some(replicas), "i")
}

fn deployments(replicas: i32) -> Children {
    let workloads = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];
    Children::new(workloads.map(|it| child(Kind::Deployment, it, Stage::Workloads, replicas)).into())
}

fn see(objects: &mut PipelineObjects, child: &Child, status: ChildStatus) {
    let metadata: ObjectMeta =
        serde_json::from_value(Value::Object(serde_json::Map::new())).unwrap_or_default();
    objects.record_child(child.kind, child.name(), ChildEntry::new(&metadata, None, status), 0);
}

fn running(pods: i32) -> ChildStatus {
    let rollout = Rollout {
        is_observed: true,
        desired: pods,
        total: pods,
        updated: pods,
        ready: pods,
        ..Rollout::default()
    };
    ChildStatus::Rollout(Box::new(rollout))
}

fn held(children: &Children, objects: &PipelineObjects) -> Vec<Component> {
    let is_held = |child: &&Child| must_wait_for_suspension(child, children, objects);
    children.iter().filter(is_held).filter_map(|child| child.component).collect()
}

#[test]
fn database_is_awaited_until_it_has_a_ready_pod() {
    let database = child(Kind::StatefulSet, Component::Database, Stage::Database, 1);
    let children = Children::new(vec![database.clone()]);
    let mut objects = PipelineObjects::default();
    let waiting = closed(Stage::Database, &children, &objects).map(|waiting| waiting.message);
    assert_eq!(waiting.as_deref(), Some("StatefulSet ccx-data-pipeline-db has no ready pod yet"));
    see(&mut objects, &database, running(1));
    assert_eq!(closed(Stage::Database, &children, &objects), None);
}

#[test]
fn job_is_awaited_until_it_has_succeeded() {
    let job = child(Kind::Job, Component::Database, Stage::Migration, 0);
    let children = Children::new(vec![job.clone()]);
    let mut objects = PipelineObjects::default();
    for (state, is_open) in
        [(JobState::Running, false), (JobState::Failed("x".into()), false), (JobState::Succeeded, true)]
    {
        see(&mut objects, &job, ChildStatus::Job(Box::new(JobProgress { state, failures: 0 })));
        assert_eq!(closed(Stage::Migration, &children, &objects).is_none(), is_open);
    }
}

#[test]
fn job_that_lacks_a_secret_keeps_nobody_back() {
    let problem = Problem::new(Reason::SecretMissing, "Secret a does not exist");
    let job = child(Kind::Job, Component::Database, Stage::Migration, 0).with_missing(vec![problem]);
    assert_eq!(closed(Stage::Migration, &Children::new(vec![job]), &PipelineObjects::default()), None);
}

#[test]
fn suspension_stops_the_pipeline_then_the_writer_then_the_api() {
    let children = deployments(0);
    let mut objects = PipelineObjects::default();
    for child in &children {
        see(&mut objects, child, running(2));
    }
    assert_eq!(held(&children, &objects), [Component::DbWriter, Component::Aggregator]);
    let names: Vec<&Child> = children.iter().collect();
    see(&mut objects, names[0], running(0));
    assert_eq!(held(&children, &objects), [Component::Aggregator]);
    see(&mut objects, names[1], running(0));
    assert_eq!(held(&children, &objects), []);
}

#[test]
fn nothing_that_is_to_run_waits_for_suspension() {
    let children = deployments(2);
    let mut objects = PipelineObjects::default();
    for child in &children {
        see(&mut objects, child, running(2));
    }
    assert_eq!(held(&children, &objects), []);
}
