//! Reports a stored resource that can't be read, as one from before the definition was tightened.

use ccx_crds::{CcxPipeline, CcxPipelineSpec, CcxPipelineStatus};
use ccx_service::error_chain;
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Condition, jiff::Timestamp};
use kube::core::DynamicObject;

use super::update_status::{ConditionStatus, write};
use crate::{
    model::{condition_type::ConditionType, key::Key, problem::Problem, reason::Reason},
    runtime::{context::Context, reconcile_if_changed::Reconciled},
};

/// Parses a stored resource. One that is not valid any more has an empty spec, and a problem that names its fields.
pub(crate) fn parse(object: &DynamicObject) -> (CcxPipeline, Option<Problem>) {
    let document = serde_json::to_value(object).unwrap_or_default();
    let error = match serde_json::from_value(document.clone()) {
        Ok(pipeline) => return (pipeline, None),
        Err(error) => error,
    };
    let cause = match ccx_crds::accept(&document, None) {
        Ok(_) => error.to_string(),
        Err(refused) => refused.to_string().replace('\n', "; "),
    };
    let message = format!("the stored resource is not valid, so that nothing is changed: {cause}");
    let mut pipeline = CcxPipeline::new("", CcxPipelineSpec::default());
    pipeline.metadata = object.metadata.clone();
    pipeline.status = serde_json::from_value(object.data["status"].clone()).unwrap_or_default();
    (pipeline, Some(Problem::new(Reason::InvalidSpec, message)))
}

/// Reports the problem of a resource that can't be read. The rest of its status is kept.
pub(crate) async fn report(
    pipeline: &CcxPipeline,
    key: &Key,
    context: &Context,
    problem: Problem,
) -> Reconciled {
    let before = pipeline.status.clone().unwrap_or_default();
    let status = with_problem(&before, pipeline.metadata.generation, &problem, Timestamp::now());
    let is_status_changed = status != before;
    if is_status_changed && let Err(error) = write::write(&context.client, key, &status).await {
        // The API server evaluates rules of the definition with the whole resource. The Event has the problem.
        tracing::warn!(pipeline = %key, error = %error_chain(&error), "failed to write the status of a resource that is not valid");
    }
    Reconciled { problems: vec![problem], is_status_changed, ..Reconciled::default() }
}

fn with_problem(
    before: &CcxPipelineStatus,
    generation: Option<i64>,
    problem: &Problem,
    now: Timestamp,
) -> CcxPipelineStatus {
    let conditions = [
        (ConditionType::Ready, ConditionStatus::not_met_by(problem)),
        (ConditionType::Degraded, ConditionStatus::met_by(problem)),
    ];
    let mut new: Vec<Condition> = conditions
        .iter()
        .map(|(kind, status)| status.condition(*kind, generation, &before.conditions, now))
        .collect();
    let others = before.conditions.iter().filter(|it| new.iter().all(|new| new.type_ != it.type_));
    let others: Vec<Condition> = others.cloned().collect();
    new.extend(others);
    CcxPipelineStatus { observed_generation: generation, conditions: new, ..before.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn stored(change: &Value) -> (CcxPipeline, Option<Problem>) {
        let mut object = json!({
            "apiVersion": "ccx.openshift.io/v1alpha1", "kind": "CcxPipeline",
            "metadata": {"name": "ccx", "namespace": "ns", "uid": "1", "generation": 2},
            "spec": {"kafka": {"bootstrapServers": ["kafka:9092"]}, "objectStorage": {"bucket": "uploads"}},
            "status": {"controller": "operators/ccx-operator", "databaseSecret": "ccx-data-pipeline-db"},
        });
        ccx_test_support::merge_patch(&mut object["spec"], change.clone());
        parse(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn valid_resource_has_no_problem() {
        let (pipeline, problem) = stored(&json!({}));
        assert_eq!((pipeline.spec.object_storage.bucket.as_str(), problem), ("uploads", None));
    }

    #[test]
    fn stored_resource_that_is_not_valid_has_a_problem_with_the_field() {
        for (change, field) in [
            (json!({"mode": "Frobnicate"}), "spec.mode"),
            (json!({"dataPipeline": {"replicas": "eight"}}), "spec.dataPipeline.replicas"),
            (json!({"kafka": null}), "spec.kafka"),
        ] {
            let (pipeline, problem) = stored(&change);
            let problem = problem.unwrap();
            assert_eq!(problem.reason, Reason::InvalidSpec);
            assert!(problem.message.contains(field), "{}", problem.message);
            assert_eq!(pipeline.metadata.name.as_deref(), Some("ccx"));
            assert_eq!(pipeline.status.unwrap().controller.as_deref(), Some("operators/ccx-operator"));
        }
    }

    #[test]
    fn problem_is_in_two_conditions_and_the_rest_of_the_status_is_kept() {
        let (pipeline, problem) = stored(&json!({"mode": "Frobnicate"}));
        let now = Timestamp::from_second(1).unwrap();
        let status = with_problem(&pipeline.status.unwrap(), Some(2), &problem.unwrap(), now);
        let conditions = status.conditions.iter().map(|it| (it.type_.as_str(), it.status.as_str()));
        assert_eq!(conditions.collect::<Vec<_>>(), [("Ready", "False"), ("Degraded", "True")]);
        assert_eq!(status.database_secret.as_deref(), Some("ccx-data-pipeline-db"));
        assert_eq!(status.observed_generation, Some(2));
    }
}
