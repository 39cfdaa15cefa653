//! What the cluster serves, beyond what every cluster does.

use std::{collections::BTreeSet, time::Duration};

use kube::{Client, core::ApiResource};

use crate::model::{
    kind::{Availability, Kind},
    references::{Capabilities, Platform, Served},
};

/// How often extensions are looked for. Installing one is rare, and the answer is small.
pub(crate) const INTERVAL: Duration = Duration::from_mins(1);

/// The group of the constraints by which OpenShift chooses the users of pods.
const OPENSHIFT_SECURITY: &str = "security.openshift.io";

/// The versions of Strimzi's Kafka, the preferred one first: `v1` since 0.49, and nothing else since 1.0. What we read of it is the
/// same in both.
const STRIMZI_VERSIONS: [&str; 2] = ["v1", "v1beta2"];

/// Asks the cluster.
pub(crate) async fn discover(client: &Client) -> kube::Result<Served> {
    let groups = client.list_api_groups().await?;
    let is_openshift = groups.groups.iter().any(|group| group.name == OPENSHIFT_SECURITY);
    let platform = if is_openshift { Platform::OpenShift } else { Platform::Kubernetes };
    let versions: BTreeSet<String> = groups
        .groups
        .into_iter()
        .flat_map(|group| group.versions)
        .map(|version| version.group_version)
        .collect();
    let mut plurals = BTreeSet::new();
    for version in interesting(&versions) {
        let resources = client.list_api_group_resources(&version).await?;
        plurals.extend(resources.resources.into_iter().map(|resource| (version.clone(), resource.name)));
    }
    let serves =
        |resource: &ApiResource| plurals.contains(&(resource.api_version.clone(), resource.plural.clone()));
    let kinds = optional().filter(|kind| serves(&kind.api_resource()));
    let strimzi_kafka = STRIMZI_VERSIONS.map(strimzi_kafka).into_iter().find(serves);
    Ok(Served { capabilities: Capabilities::new(kinds).on(platform), strimzi_kafka })
}

/// The groups that may have what we can use, of those that are there.
fn interesting(served: &BTreeSet<String>) -> BTreeSet<String> {
    let kafkas = STRIMZI_VERSIONS.map(|version| strimzi_kafka(version).api_version);
    let wanted = optional().map(Kind::api_version).chain(kafkas);
    wanted.filter(|version| served.contains(version)).collect()
}

fn strimzi_kafka(version: &str) -> ApiResource {
    let group = "kafka.strimzi.io";
    ApiResource {
        group: group.into(),
        version: version.into(),
        api_version: format!("{group}/{version}"),
        kind: "Kafka".into(),
        plural: "kafkas".into(),
    }
}

fn optional() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.availability() == Availability::Optional)
}

/// Waits until the cluster serves something else than `before`, asking every `interval`. A server that does not answer is asked
/// again later.
pub(crate) async fn changed(client: &Client, before: &Served, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        match discover(client).await {
            Ok(now) if now != *before => return,
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "failed to ask what the cluster serves"),
        }
    }
}
