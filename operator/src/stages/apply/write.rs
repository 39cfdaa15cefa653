//! Writes of children: what is written is recorded, so that its own change causes no reconcile.

use k8s_openapi::{api::core::v1::Secret, jiff::Timestamp};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::json;
use snafu::ResultExt as _;

use super::{
    Applier, ApplyError, Change, Desired, Prepared, RequestSnafu, certificate,
    error::CertificateSnafu,
    generated_secret::{GENERATOR, with_certificates, with_generated},
    live,
};
use crate::{
    cache::{ChildState, entry::ChildEntry},
    model::{
        annotations::{APPLIED_HASH, renewals},
        hash64::Hash64,
        kind::Kind,
        names::MANAGER,
        object::Object,
        reason::Reason,
        resources::{ApplyMode, Child, Generate},
    },
};

/// Returns the parameters of server-side apply: fields that the operator sets are taken from other managers.
pub(crate) fn force() -> PatchParams {
    PatchParams::apply(MANAGER).force()
}

impl Applier<'_> {
    pub(super) async fn create(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        knowledge: ChildState,
    ) -> Result<Change, ApplyError> {
        let child = prepared.child;
        if let (ApplyMode::CreateOnce { generate }, Object::Secret(secret)) = (&child.apply, &child.object) {
            let secret = with_generated((**secret).clone(), generate, Timestamp::now())
                .context(CertificateSnafu { name: child.name() })?;
            return self.create_generated_secret(api, prepared, secret).await;
        }
        self.write(child, &prepared.to_create(), "create").await?;
        tracing::info!(pipeline = %self.key, kind = child.kind().name(), name = child.name(), "created");
        if knowledge == ChildState::Deleted {
            let note = format!(
                "recreated {} {}, which was deleted by another client",
                child.kind().name(),
                child.name()
            );
            self.context.events.normal(self.pipeline, Reason::DriftCorrected.name(), &note).await;
        }
        Ok(Change::Written)
    }

    /// The data has a field manager of its own, since later applies omit it and would remove it. Everything
    /// else is applied, so that it can be changed later, above all the owner.
    async fn create_generated_secret(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        secret: Secret,
    ) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let parameters = PostParams { field_manager: Some(GENERATOR.into()), ..PostParams::default() };
        let made = api.create(&parameters, &Object::from(secret).to_dynamic()).await;
        let made = made.context(RequestSnafu::for_child(child, "create"))?;
        self.write(child, &prepared.against(&made), "apply").await?;
        tracing::info!(pipeline = %self.key, kind = child.kind().name(), name = child.name(), "secret generated");
        // Other children are built from its data.
        self.context.queue.push(self.key.clone());
        Ok(Change::SecretGenerated)
    }

    /// Renews a certificate in place: the server reads it again, and clients trust its authority already.
    pub(super) async fn renew_certificate(&self, prepared: &Prepared<'_>) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let (ApplyMode::CreateOnce { generate: Generate::Certificates { hosts } }, Object::Secret(secret)) =
            (&child.apply, &child.object)
        else {
            return Ok(Change::Nothing);
        };
        let api = self.api(child.kind());
        let live = api.get_opt(child.name()).await.context(RequestSnafu::for_child(child, "read"))?;
        let Some(live) = live.filter(|live| live::is_ours(live, self.pipeline)) else {
            return Ok(Change::Nothing);
        };
        let before = match Object::from_live(child.kind(), &live) {
            Some(Object::Secret(live)) => {
                let times = renewals(live.metadata.annotations.as_ref());
                live.data.and_then(|data| certificate::parse(&data, times))
            }
            _ => None,
        };
        let next = certificate::next(before.as_ref(), hosts, Timestamp::now())
            .context(CertificateSnafu { name: child.name() })?;
        let mut secret = with_certificates((**secret).clone(), &next);
        // The operator applies them under its own name.
        secret.metadata.labels = None;
        let parameters = PatchParams::apply(GENERATOR).force();
        let patch = Patch::Apply(Object::from(secret).to_dynamic());
        api.patch(child.name(), &parameters, &patch)
            .await
            .context(RequestSnafu::for_child(child, "renew"))?;
        let note =
            format!("renewed the certificate in Secret {}, next after {:.0}", child.name(), next.renewal);
        tracing::info!(pipeline = %self.key, name = child.name(), "certificate renewed");
        self.context.events.normal(self.pipeline, Reason::CertificateRenewed.name(), &note).await;
        Ok(Change::Written)
    }

    /// Becomes the manager of the fields of an object that another client restored; other objects are left unchanged.
    pub(super) async fn claim_fields(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        mut live: DynamicObject,
    ) -> Result<DynamicObject, ApplyError> {
        let child = prepared.child;
        let failed = || RequestSnafu::for_child(child, "claim the fields of");
        if live::has_lost_managers(&live) {
            // The API server makes up a manager of all fields when the first one applies some.
            let metadata =
                json!({"name": child.name(), "annotations": {APPLIED_HASH: live::applied_hash(&live)}});
            let types = (child.kind().api_version(), child.kind().name());
            let patch = json!({"apiVersion": types.0, "kind": types.1, "metadata": metadata});
            live = api.patch(child.name(), &force(), &Patch::Apply(patch)).await.context(failed())?;
        }
        let Some(fields) = live::restored_fields(&live) else { return Ok(live) };
        let metadata = json!({"managedFields": fields, "resourceVersion": live.metadata.resource_version});
        let patch = Patch::Merge(json!({"metadata": metadata}));
        api.patch(child.name(), &PatchParams::default(), &patch).await.context(failed())
    }

    /// Applies a child, whose change the cache does not report.
    pub(super) async fn write(
        &self,
        child: &Child,
        desired: &Desired,
        verb: &'static str,
    ) -> Result<DynamicObject, ApplyError> {
        let (kind, name) = (child.kind(), child.name());
        self.context.cache.with(self.key, |objects| objects.begin_write(kind, name));
        match self.api(kind).patch(name, &force(), &Patch::Apply(&desired.object)).await {
            Ok(object) => {
                self.verified(child, &desired.hash, &object);
                Ok(object)
            }
            Err(error) => {
                self.context.cache.with(self.key, |objects| objects.clear_verified(kind, name));
                Err(error).context(RequestSnafu::for_child(child, verb))
            }
        }
    }

    /// Records that the object is as desired, in the form with this hash.
    pub(super) fn verified(&self, child: &Child, hash: &str, object: &DynamicObject) {
        let (entry, desired) = (ChildEntry::from(object), Hash64::new(hash));
        let is_changed = self
            .context
            .cache
            .with(self.key, |objects| objects.set_verified(child.kind(), child.name(), entry, desired));
        if is_changed {
            self.context.queue.push(self.key.clone());
        }
    }

    pub(super) fn api(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.context.client.clone(), &self.key.namespace, &kind.api_resource())
    }
}
