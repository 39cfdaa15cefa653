//! Finds the changes of a resource by dry runs on the API server.
//!
//! The plan is derived from the responses by [`crate::plan`].

use ccx_crds::CcxPipeline;
use kube::{Api, Client, api::Patch, core::DynamicObject};
use snafu::ResultExt as _;

use crate::{
    model::{
        job_history::{DatabaseStorage, JobHistory},
        key::Key,
        kind::Kind,
        resources::{Child, Children},
    },
    plan::{Plan, Transition, laid_over, plan},
    stages::apply::{
        ApplyError, ForeignSnafu, Orphan, Prepared, RequestSnafu, force, has_succeeded, is_ours,
    },
};

/// Plans the children of one resource, which must be the one in the cluster if it exists.
pub(crate) struct Planner<'a> {
    pub(crate) client: &'a Client,
    pub(crate) pipeline: &'a CcxPipeline,
}

impl Planner<'_> {
    /// Returns the changes, and the pods that would restart and why. Writes nothing. Children with missing
    /// references are left out.
    pub(crate) async fn plan(&self, children: &Children, orphans: Vec<Orphan>) -> Result<Plan, ApplyError> {
        let mut transitions = Vec::new();
        let history = JobHistory::new(self.pipeline.status.as_ref(), DatabaseStorage::External, None);
        let is_done =
            |child: &Child| child.kind() == Kind::Job && history.is_recorded(child.role(), child.name());
        for child in children.iter().filter(|child| child.missing.is_empty() && !is_done(child)) {
            transitions.push(self.transition(child).await?);
        }
        transitions.extend(orphans.into_iter().map(|orphan| Transition::deletion(orphan.kind, orphan.name)));
        Ok(Plan { missing: children.missing(), ..plan(&transitions) })
    }

    async fn transition(&self, child: &Child) -> Result<Transition, ApplyError> {
        let key = Key::from_pipeline(self.pipeline);
        let api = Api::namespaced_with(self.client.clone(), &key.namespace, &child.kind().api_resource());
        let before = api.get_opt(child.name()).await.context(RequestSnafu::for_child(child, "read"))?;
        if before.as_ref().is_some_and(|live| !is_ours(live, self.pipeline)) {
            return ForeignSnafu::for_child(child).fail();
        }
        let prepared = Prepared::new(child, self.pipeline);
        let after = match &before {
            Some(live) if child.kind() == Kind::Job => job_after(live, &prepared),
            Some(live) => try_out(&api, child, &prepared.against(live)).await?,
            None => try_out(&api, child, &prepared.to_create()).await?,
        };
        Ok(Transition::from_child(child, before, after))
    }
}

async fn try_out(
    api: &Api<DynamicObject>,
    child: &Child,
    desired: &DynamicObject,
) -> Result<DynamicObject, ApplyError> {
    let tried = api.patch(child.name(), &force().dry_run(), &Patch::Apply(desired)).await;
    tried.context(RequestSnafu::for_child(child, "try to apply"))
}

/// Returns a Job after it is replaced: the API server would refuse to change it. One that has succeeded is
/// kept.
fn job_after(live: &DynamicObject, prepared: &Prepared<'_>) -> DynamicObject {
    if has_succeeded(live) { live.clone() } else { laid_over(live, &prepared.to_create()) }
}
