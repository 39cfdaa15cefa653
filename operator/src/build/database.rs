//! The managed database: one pod of PostgreSQL, its storage, its password and its certificate.
//!
//! Claim and Secret can be retained, since they hold data; everything else is deleted with the resource.
//!
//! The claim is an object of its own, because claim templates of a StatefulSet are immutable, and the volume
//! must be expandable.

mod access;
mod pod;

use std::collections::BTreeMap;

use ccx_crds::StorageVolume;
use k8s_openapi::{
    api::{
        apps::v1::{StatefulSet, StatefulSetSpec},
        core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, Secret, VolumeResourceRequirements},
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::LabelSelector},
};
use kube::core::ObjectMeta;

use crate::{
    build::{metadata::metadata, service::service, service_account::service_account},
    model::{
        component::Component,
        mount_paths::file,
        names,
        resources::{Child, Generate, Stage},
        validated::{Managed, ValidatedPipeline},
    },
};

const COMPONENT: Component = Component::Database;

/// The replicas of the server.
const REPLICAS: i32 = 1;

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let Some(managed) = &pipeline.managed_database else { return Vec::new() };
    let account = service_account(pipeline, COMPONENT.name());
    let service = service(pipeline, COMPONENT, &[(pod::PORT_NAME, COMPONENT.port())]);
    let password = Generate::Passwords(vec![file::PASSWORD.into()]);
    let mut children = vec![
        Child::new(COMPONENT, Stage::Foundation, account),
        Child::new(COMPONENT, Stage::Foundation, service),
        Child::generated_secret(COMPONENT, Stage::Database, secret(pipeline), password)
            .with_ownership(managed.ownership)
            .with_missing(pipeline.database.missing.clone()),
    ];
    children.extend(managed.is_encrypted.then(|| access::child(pipeline)));
    children.extend(managed.is_encrypted.then(|| certificate(pipeline)));
    if managed.spec.storage.volume == StorageVolume::Persistent {
        let claim = Child::new(COMPONENT, Stage::Database, claim(pipeline, managed));
        children.push(claim.with_ownership(managed.ownership));
    }
    let server = Child::new(COMPONENT, Stage::Database, stateful_set(pipeline, managed));
    children.push(server.with_missing([pipeline.database.missing.clone(), managed.missing.clone()].concat()));
    children
}

/// Returns the metadata of an object that holds data: Argo CD neither prunes nor deletes it.
fn retained_metadata(pipeline: &ValidatedPipeline) -> ObjectMeta {
    let annotations = [
        ("argocd.argoproj.io/sync-options", "Prune=false,Delete=false"),
        ("argocd.argoproj.io/compare-options", "IgnoreExtraneous"),
    ];
    ObjectMeta {
        labels: Some(names::retained_labels(pipeline.name.as_str(), COMPONENT.name())),
        annotations: Some(annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
        ..metadata(pipeline, COMPONENT.name())
    }
}

/// Returns the Secret without the password, which is generated when it is created.
fn secret(pipeline: &ValidatedPipeline) -> Secret {
    Secret { metadata: retained_metadata(pipeline), type_: Some("Opaque".into()), ..Secret::default() }
}

/// Returns the Secret with the certificate, which is generated when it is created.
fn certificate(pipeline: &ValidatedPipeline) -> Child {
    let name = names::certificate_secret(pipeline.name.as_str());
    let metadata = ObjectMeta { name: Some(name), ..metadata(pipeline, COMPONENT.name()) };
    let secret = Secret { metadata, type_: Some("Opaque".into()), ..Secret::default() };
    let service = COMPONENT.object_name(pipeline.name.as_str());
    let in_namespace = format!("{service}.{}", pipeline.namespace);
    let hosts = vec![
        service,
        in_namespace.clone(),
        format!("{in_namespace}.svc"),
        format!("{in_namespace}.svc.cluster.local"),
    ];
    Child::generated_secret(COMPONENT, Stage::Database, secret, Generate::Certificates { hosts })
}

fn claim(pipeline: &ValidatedPipeline, managed: &Managed) -> PersistentVolumeClaim {
    let storage = &managed.spec.storage;
    let size = BTreeMap::from([("storage".to_owned(), Quantity(storage.size.as_str().to_owned()))]);
    let spec = PersistentVolumeClaimSpec {
        access_modes: Some(vec!["ReadWriteOnce".into()]),
        storage_class_name: storage.storage_class_name.clone(),
        resources: Some(VolumeResourceRequirements { requests: Some(size), limits: None }),
        ..PersistentVolumeClaimSpec::default()
    };
    let metadata = retained_metadata(pipeline);
    PersistentVolumeClaim { metadata, spec: Some(spec), ..PersistentVolumeClaim::default() }
}

fn stateful_set(pipeline: &ValidatedPipeline, managed: &Managed) -> StatefulSet {
    let metadata: ObjectMeta = metadata(pipeline, COMPONENT.name());
    let spec = StatefulSetSpec {
        replicas: Some(REPLICAS),
        service_name: metadata.name.clone(),
        // A rollout does not wait for a broken pod, so that a corrected image replaces it.
        pod_management_policy: Some("Parallel".into()),
        selector: LabelSelector {
            match_labels: Some(COMPONENT.selector(pipeline.name.as_str())),
            ..LabelSelector::default()
        },
        template: pod::template(pipeline, managed),
        ..StatefulSetSpec::default()
    };
    StatefulSet { metadata, spec: Some(spec), ..StatefulSet::default() }
}
