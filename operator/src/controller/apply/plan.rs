//! What would be applied, found by trying it on the API server, which then keeps nothing.

use kube::{api::Patch, core::DynamicObject};
use snafu::ResultExt as _;

use super::{
    Applier, ApplyError,
    error::{ForeignSnafu, RequestSnafu},
    force,
    object::{self, Prepared},
};
use crate::{
    child::{Child, Children},
    kind::Kind,
    plan::{Plan, Transition, plan},
};

impl Applier<'_> {
    /// What would change, and which pods would restart and why. Writes nothing.
    pub(crate) async fn plan(&self, children: &Children) -> Result<Plan, ApplyError> {
        let mut transitions = Vec::new();
        for child in children {
            transitions.extend(self.transition(child).await?);
        }
        for orphan in self.orphans(children) {
            let before = DynamicObject::new(&orphan.name, &orphan.kind.api_resource());
            transitions.push(Transition {
                kind: orphan.kind,
                name: orphan.name,
                component: None,
                before: Some(before),
                after: None,
            });
        }
        Ok(plan(&transitions))
    }

    /// None for what is never changed: a Job that exists.
    async fn transition(&self, child: &Child) -> Result<Option<Transition>, ApplyError> {
        let prepared = Prepared::new(child, self.pipeline);
        let api = self.api(child.kind);
        let live = api.get_opt(child.name()).await.context(RequestSnafu::of(child, "read"))?;
        let Some(live) = live else { return Ok(Some(Transition::of_child(child, None, prepared.object))) };
        if !object::is_ours(&live, self.pipeline) {
            return ForeignSnafu::of(child).fail();
        }
        if child.kind == Kind::Job {
            return Ok(None);
        }
        let tried = api.patch(child.name(), &force().dry_run(), &Patch::Apply(&prepared.against(&live))).await;
        let after = tried.context(RequestSnafu::of(child, "compare"))?;
        Ok(Some(Transition::of_child(child, Some(live), after)))
    }
}
