use kube::core::ObjectMeta;
use serde_json::json;

use super::*;
use crate::{
    cache::{entry::ChildEntry, status::JobProgress},
    model::{names::labels, object::Object, resources::Stage},
};

fn child(kind: Kind, component: impl Into<Option<Component>>, role: &str, replicas: i32) -> Child {
    let metadata = json!({"name": format!("ccx-{role}"), "labels": labels("ccx", role)});
    let mut object = json!({"metadata": metadata});
    if matches!(kind, Kind::Deployment | Kind::StatefulSet) {
        object["spec"] = json!({"replicas": replicas, "selector": {}, "template": {}});
    }
    Child::new(component, Stage::Workloads, Object::parse(kind, object).unwrap())
}

fn deployment(component: Component, replicas: i32) -> Child {
    let uses_database = component != Component::DataPipeline;
    child(Kind::Deployment, component, component.name(), replicas).with_database(uses_database)
}

/// The database, both Jobs and all Deployments.
fn all(replicas: i32) -> Children {
    let workloads = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];
    let mut children: Vec<Child> = workloads.map(|it| deployment(it, replicas)).into();
    children.push(child(Kind::StatefulSet, Component::Database, Component::Database.name(), 1));
    children.extend([MIGRATION, TOPICS].map(|role| child(Kind::Job, None, role, 1)));
    Children::new(children)
}

fn record(objects: &mut PipelineObjects, child: &Child, status: ChildStatus) {
    let entry = ChildEntry::new(&ObjectMeta::default(), None, status);
    objects.record_child(child.kind(), child.name(), entry, 0);
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

fn job(state: JobState) -> ChildStatus {
    ChildStatus::Job(Box::new(JobProgress { state, failures: 0, failed_at: None }))
}

/// Returns the roles of the children whose gates are closed.
fn held<'a>(children: &'a Children, objects: &PipelineObjects, progress: &Progress) -> Vec<&'a str> {
    let is_held = |child: &&Child| closed(child, children, objects, progress).is_some();
    children.iter().filter(is_held).map(Child::role).collect()
}

fn find<'a>(children: &'a Children, role: &str) -> &'a Child {
    children.iter().find(|child| child.role() == role).unwrap()
}

const PIPELINE: &str = "data-pipeline";
const WRITER: &str = "insights-results-db-writer";
const AGGREGATOR: &str = "insights-results-aggregator";
const DATABASE: &str = "data-pipeline-db";

#[test]
fn each_child_waits_for_its_own_dependencies() {
    let children = all(2);
    let mut objects = PipelineObjects::default();
    let progress = Progress::default();
    assert_eq!(held(&children, &objects, &progress), [PIPELINE, WRITER, AGGREGATOR, MIGRATION]);
    record(&mut objects, find(&children, DATABASE), running(1));
    record(&mut objects, find(&children, MIGRATION), job(JobState::Succeeded));
    assert_eq!(held(&children, &objects, &progress), [PIPELINE, WRITER], "the topics do not exist");
    record(&mut objects, find(&children, TOPICS), job(JobState::Succeeded));
    record(&mut objects, find(&children, MIGRATION), job(JobState::Failed("x".into())));
    assert_eq!(held(&children, &objects, &progress), [WRITER, AGGREGATOR], "the schema is not migrated");
}

#[test]
fn generated_password_holds_back_its_users() {
    let children = all(2);
    let mut objects = PipelineObjects::default();
    record(&mut objects, find(&children, DATABASE), running(1));
    for role in [MIGRATION, TOPICS] {
        record(&mut objects, find(&children, role), job(JobState::Succeeded));
    }
    let mut progress = Progress::default();
    assert_eq!(held(&children, &objects, &progress), Vec::<&str>::new());
    progress.record_generated(find(&children, DATABASE));
    assert_eq!(held(&children, &objects, &progress), [WRITER, AGGREGATOR, DATABASE, MIGRATION]);
}

#[test]
fn refused_child_holds_back_only_the_pods_that_use_it() {
    let children = all(2);
    let mut objects = PipelineObjects::default();
    record(&mut objects, find(&children, DATABASE), running(1));
    for role in [MIGRATION, TOPICS] {
        record(&mut objects, find(&children, role), job(JobState::Succeeded));
    }
    let failed = |kind| {
        let mut progress = Progress::default();
        progress.record_failure(&child(kind, None, PIPELINE, 0), Problem::new(Reason::Rejected, "no"));
        held(&children, &objects, &progress)
    };
    assert_eq!(failed(Kind::ConfigMap), [PIPELINE]);
    for kind in [Kind::PodDisruptionBudget, Kind::NetworkPolicy, Kind::Route, Kind::PodMonitor, Kind::Service]
    {
        assert_eq!(failed(kind), Vec::<&str>::new(), "{kind:?}");
    }
}

#[test]
fn job_with_missing_reference_closes_no_gate() {
    let missing = vec![Problem::new(Reason::SecretMissing, "Secret a does not exist")];
    let topics = child(Kind::Job, None, TOPICS, 1).with_missing(missing);
    let children = Children::new(vec![topics, deployment(Component::DataPipeline, 2)]);
    assert_eq!(held(&children, &PipelineObjects::default(), &Progress::default()), [TOPICS]);
}

#[test]
fn suspension_stops_pipeline_then_writer_then_aggregator_and_passes_every_gate() {
    let children = all(0);
    let mut objects = PipelineObjects::default();
    let mut progress = Progress::default();
    progress.record_generated(find(&children, DATABASE));
    progress.record_failure(find(&children, PIPELINE), Problem::new(Reason::Rejected, "no"));
    let mut step = |stopped: &[&str]| {
        for role in [PIPELINE, WRITER, AGGREGATOR] {
            let pods = if stopped.contains(&role) { 0 } else { 2 };
            record(&mut objects, find(&children, role), running(pods));
        }
        let held = held(&children, &objects, &progress);
        held.into_iter().filter(|role| [PIPELINE, WRITER, AGGREGATOR].contains(role)).collect::<Vec<_>>()
    };
    assert_eq!(step(&[]), [WRITER, AGGREGATOR]);
    assert_eq!(step(&[PIPELINE]), [AGGREGATOR]);
    assert_eq!(step(&[PIPELINE, WRITER]), Vec::<&str>::new());
}
