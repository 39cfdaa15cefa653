//! Finds the changes of a resource by dry runs on the API server.
//!
//! The plan is derived from the responses by [`crate::plan`].

use std::collections::{BTreeMap, BTreeSet};

use ccx_crds::CcxPipeline;
use kube::{Api, Client, api::Patch, core::DynamicObject};
use snafu::ResultExt as _;

use crate::{
    model::{
        job_history::{DatabaseStorage, JobHistory},
        key::Key,
        kind::Kind,
        object::role,
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
        let mut replaced = self.orphaned_configs(&orphans).await?;
        let mut taken = BTreeSet::new();
        for child in children.iter().filter(|child| child.missing.is_empty() && !is_done(child)) {
            let mut transition = self.transition(child).await?;
            if child.kind() == Kind::ConfigMap && transition.before.is_none() {
                transition.before = replaced.remove(child.role());
                taken.extend(transition.before.as_ref().and_then(|before| before.metadata.name.clone()));
            }
            transitions.push(transition);
        }
        let is_deleted = |it: &Orphan| it.kind != Kind::ConfigMap || !taken.contains(&it.name);
        let deleted = orphans.into_iter().filter(is_deleted);
        transitions.extend(deleted.map(|orphan| Transition::deletion(orphan.kind, orphan.name)));
        Ok(Plan { missing: children.missing(), ..plan(&transitions) })
    }

    /// Returns the ConfigMaps among the orphans by role. The name of a configuration changes with its content: its change
    /// is shown as one, and not as a deletion and a creation.
    async fn orphaned_configs(
        &self,
        orphans: &[Orphan],
    ) -> Result<BTreeMap<String, DynamicObject>, ApplyError> {
        let kind = Kind::ConfigMap;
        let key = Key::from_pipeline(self.pipeline);
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &key.namespace, &kind.api_resource());
        let mut found = BTreeMap::new();
        for Orphan { name, .. } in orphans.iter().filter(|orphan| orphan.kind == kind) {
            let live = api.get_opt(name).await.context(RequestSnafu { verb: "read", kind, name })?;
            found.extend(live.map(|live| (role(&live.metadata).to_owned(), live)));
        }
        Ok(found)
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
            Some(live) => try_out(&api, child, &prepared.against(live).object).await?,
            None => try_out(&api, child, &prepared.to_create().object).await?,
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
    if has_succeeded(live) { live.clone() } else { laid_over(live, &prepared.to_create().object) }
}
