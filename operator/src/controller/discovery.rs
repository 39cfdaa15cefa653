//! What the cluster serves, beyond what every cluster does.

use std::{collections::BTreeSet, time::Duration};

use kube::{Client, core::ApiResource};

use crate::{
    kind::{Availability, Kind},
    references::{Capabilities, Platform},
};

/// How often extensions are looked for. Installing one is rare, and the answer is small.
pub(crate) const INTERVAL: Duration = Duration::from_mins(1);

/// The group of the constraints by which OpenShift chooses the users of pods.
const OPENSHIFT_SECURITY: &str = "security.openshift.io";

/// The Kafka of Strimzi, which resources refer to.
pub(crate) fn strimzi_kafka() -> ApiResource {
    ApiResource {
        group: "kafka.strimzi.io".into(),
        version: "v1beta2".into(),
        api_version: "kafka.strimzi.io/v1beta2".into(),
        kind: "Kafka".into(),
        plural: "kafkas".into(),
    }
}

/// What a cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// The optional kinds of children.
    pub(crate) capabilities: Capabilities,
    /// Whether Strimzi is installed.
    pub(crate) strimzi: bool,
}

/// Asks the cluster.
pub(crate) async fn discover(client: &Client) -> kube::Result<Served> {
    let groups = client.list_api_groups().await?;
    let is_openshift = groups.groups.iter().any(|group| group.name == OPENSHIFT_SECURITY);
    let platform = if is_openshift { Platform::OpenShift } else { Platform::Kubernetes };
    let versions: BTreeSet<String> =
        groups.groups.into_iter().flat_map(|group| group.versions).map(|version| version.group_version).collect();
    let mut plurals = BTreeSet::new();
    for version in interesting(&versions) {
        let resources = client.list_api_group_resources(&version).await?;
        plurals.extend(resources.resources.into_iter().map(|resource| (version.clone(), resource.name)));
    }
    let serves = |resource: &ApiResource| plurals.contains(&(resource.api_version.clone(), resource.plural.clone()));
    let kinds = optional().filter(|kind| serves(&kind.api_resource()));
    Ok(Served { capabilities: Capabilities::new(kinds).on(platform), strimzi: serves(&strimzi_kafka()) })
}

/// The groups that may have what we can use, of those that are there.
fn interesting(served: &BTreeSet<String>) -> BTreeSet<String> {
    let wanted = optional().map(Kind::api_version).chain([strimzi_kafka().api_version]);
    wanted.filter(|version| served.contains(version)).collect()
}

fn optional() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.availability() == Availability::Optional)
}

/// Waits until the cluster serves something else than `before`. A server that does not answer is asked again later.
pub(crate) async fn changed(client: &Client, before: &Served) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        match discover(client).await {
            Ok(now) if now != *before => return,
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "failed to ask what the cluster serves"),
        }
    }
}
